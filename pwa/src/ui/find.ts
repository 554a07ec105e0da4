/** Finding a thing by the one id that an address has. */

import { groups, session } from '../domain/schedule.ts'
import type { GroupView, SessionView } from '../domain/views.ts'
import type { Id } from '../protocol/local.ts'
import { now, world, zone } from './truth.ts'

/** A session by its record, in whichever group it stands; `null` when this phone does not know it. */
export function findSession(rec: Id): SessionView | null {
  for (const circle of world.value.circles.keys()) {
    const found = session(world.value, circle, rec, now.value, zone)
    if (found) return found
  }
  return null
}

/** My groups, in the order of their names. */
export function myGroups(): readonly GroupView[] {
  return groups(world.value, now.value, zone)
}
