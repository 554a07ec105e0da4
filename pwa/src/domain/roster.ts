/** Who stands in a session's register: the roster of that day, visitors, and whoever was marked. */

import type { Id, World } from '../protocol/local.ts'
import type { Standing } from '../protocol/merge.ts'
import { expectedAt, sittings, sittingsBeside } from './meetings.ts'
import { acting, isAway, isListed, isMarked, people } from './people.ts'
import { sheetsFor, standingOf, type Sheet } from './sheets.ts'
import type { SessionView } from './views.ts'

/** Somebody who stands in a register. */
export interface Listed {
  readonly person: Id
  readonly label: string
  readonly second: string | null
  readonly expected: boolean
  readonly visitor: boolean
  readonly hasApp: boolean
}

/** The roster of that day, then visitors and whoever was marked and is no longer on the roster. */
export function listed(
  world: World, session: SessionView, sheets: readonly Sheet[], standing: ReadonlyMap<Id, Standing>,
): Listed[] {
  const { circle, when } = session
  const beside = sittingsBeside(world, session)
  const choices = beside.length ? sittings(world, circle, when.on) : new Map<Id, Id | null>()
  const roster = people(world, circle)
    .filter((one) => isListed(one.item.fields, when.on) && isMarked(one))
    .map((one): Listed => ({
      person: one.person, label: one.label, second: one.second, visitor: false, hasApp: one.hasApp,
      expected: !isAway(one.item.fields, when.on)
        && expectedAt(session, beside, choices.get(one.person), one.item.fields.usual),
    }))
  const known = new Set(roster.map((one) => one.person))
  const names = new Map<Id, string | null>([...standing.keys()].map((person) => [person, null]))
  for (const sheet of sheets) for (const [person, name] of sheet.visitors) names.set(person, name)
  const guests = [...names].filter(([person]) => !known.has(person)).map(([person, name]): Listed => ({
    person, label: name ?? nameOnce(world, circle, person), second: null, visitor: true,
    hasApp: acting(world, circle, person) !== null, expected: true,
  }))
  // Whoever comes to the other sitting, or is on leave, stands below those who are expected.
  return [...roster.filter((one) => one.expected), ...roster.filter((one) => !one.expected), ...guests]
}

/** Somebody who was marked and is not listed on that day; a removed name is still known. */
function nameOnce(world: World, circle: Id, person: Id): string {
  return people(world, circle).find((one) => one.person === person)?.label ?? '?'
}

/** How far a register is: how many are marked, of how many who are expected. */
export function progress(world: World, session: SessionView): { marked: number; of: number } {
  const sheets = sheetsFor(world, session.circle, session.rec)
  const standing = standingOf(sheets)
  return {
    marked: [...standing.values()].filter((one) => one.state !== 'not_marked').length,
    of: listed(world, session, sheets, standing).filter((one) => one.expected).length,
  }
}
