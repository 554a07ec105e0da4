/** What of a group Today asks for: the next session, the rules and who agreed, notices. */

import { byBytes } from '../protocol/encoding.ts'
import type { Id, World } from '../protocol/local.ts'
import { personOf } from './people.ts'
import { records, spaceIn, type Item } from './project.ts'
import { msOf } from './time.ts'
import type { SessionView } from './views.ts'

/** The next session that is not over and not cancelled: one that expects me, if I attend any. */
export function nextOf(all: readonly SessionView[], now: number): SessionView | null {
  const ahead = all.filter((one) => one.when.ends > now && !one.cancelled)
  return ahead.find((one) => one.iLead || one.expectsMe) ?? ahead[0] ?? null
}

/** The rules of a group, newest version; `null` before the first. */
export function newestRules(world: World, circle: Id): Item<'rules'> | null {
  const found = records(world, spaceIn(circle, 'frame'), 'rules')
  return found.reduce<Item<'rules'> | null>((newest, item) =>
    (newest && newest.fields.version >= item.fields.version ? newest : item), null)
}

/** What a person agreed to last, by their own account. */
export function agreementOf(world: World, circle: Id, person: Id): Item<'agreement'> | null {
  const found = records(world, spaceIn(circle, 'thread', person), 'agreement')
    .filter((item) => personOf(world, circle, item.account) === person)
  return found.reduce<Item<'agreement'> | null>((newest, item) =>
    (newest && newest.fields.rules_version >= item.fields.rules_version ? newest : item), null)
}

/** Notices to the group, newest first. */
export function noticeItems(world: World, circle: Id): Item<'notice'>[] {
  const found = [...records(world, spaceIn(circle, 'frame'), 'notice'),
    ...records(world, spaceIn(circle, 'room'), 'notice')]
  return found.sort((a, b) => msOf(b.fields.at) - msOf(a.fields.at) || byBytes(b.rec, a.rec))
}
