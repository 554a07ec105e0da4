/** What an invitation brought, until a phone of the group has given the key (PROTOCOL 7.3). */

import type { Id, World } from '../protocol/local.ts'
import { groupName } from './meetings.ts'
import { circlesOf, mySeat } from './people.ts'

export interface WelcomeView {
  readonly circle: Id
  readonly group: string
  readonly name: string | null
  /** The next dates, in the inviter's words. */
  readonly next: readonly string[]
  readonly rules: readonly string[]
  readonly help: readonly string[]
  /** The day when all this was so. */
  readonly asOf: string | null
}

/** Groups that this account has joined and cannot read yet; a server may have made up no word of this. */
export function welcomes(world: World): WelcomeView[] {
  return circlesOf(world, 'group').flatMap((circle) => {
    const pack = world.packs?.get(circle.id)
    if (!pack || !mySeat(world, circle.id) || groupName(world, circle.id) !== null) return []
    return [{
      circle: circle.id, group: text(pack.group) ?? '', name: text(pack.name), next: texts(pack.next),
      rules: texts(pack.rules), help: texts(pack.help), asOf: text(pack.as_of),
    }]
  })
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
