/**
 * Who sits in a circle and who stands on its roster, with or without an account. The twin of
 * `sync/desk/groups.py` and of the settings in `programmes.py`. Only circles that are this
 * account's by its own act are in a World (PROTOCOL 14.6).
 */

import { byBytes, unb64 } from '../protocol/encoding.ts'
import { rolesOf, SPACES, spaceKind } from '../protocol/kinds.ts'
import type { CircleName, CircleState, Id, RoleName, Seat, SpaceName, World } from '../protocol/local.ts'
import type { Fields } from './fields.ts'
import { records, spaceIn, type Item } from './project.ts'
import { isWithin } from './time.ts'
import type { PersonView } from './views.ts'

/** Roles that may take and read a register. */
const LEADS: readonly RoleName[] = ['leader', 'coordinator']
/** Roles whose people are marked in a register. */
const MARKED: readonly RoleName[] = ['member', 'observer']

/** Somebody on a roster, with the record that says so. */
export interface Person extends PersonView {
  readonly item: Item<'person'>
}

// -- seats ----------------------------------------------------------------------------

/** Circles of a kind in which this account sits, or sat. */
export function circlesOf(world: World, kind: CircleName): CircleState[] {
  return [...world.circles.values()].filter((circle) => circle.kind === kind && mySeat(world, circle.id))
}

/** This account's seat in a circle. */
export function mySeat(world: World, circle: Id): Seat | null {
  return world.circles.get(circle)?.seats.find((seat) => seat.account === world.account) ?? null
}

/** What this account is in a circle now; empty once removed. */
export function myRoles(world: World, circle: Id): readonly RoleName[] {
  return mySeat(world, circle)?.roles ?? []
}

/** Who this account is in a circle. */
export function me(world: World, circle: Id): Id | null {
  return mySeat(world, circle)?.person ?? null
}

/** Whether this account leads a group: marks people, and is their leader. */
export function leads(world: World, circle: Id): boolean {
  return myRoles(world, circle).includes('leader')
}

/** Whether this account may see the registers of a group. */
export function seesRegister(world: World, circle: Id): boolean {
  return myRoles(world, circle).some((role) => LEADS.includes(role))
}

/** Whether this account comes to a group as one of its people. */
export function comes(world: World, circle: Id): boolean {
  return myRoles(world, circle).some((role) => MARKED.includes(role))
}

/** The account that now acts for a person: the last that joined. */
export function acting(world: World, circle: Id, person: Id): Id | null {
  const seats = world.circles.get(circle)?.seats ?? []
  return seats.findLast((seat) => seat.person === person && seat.roles.length > 0)?.account ?? null
}

/** The person whom an account of a circle stands for. */
export function personOf(world: World, circle: Id, account: Id): Id | null {
  return world.circles.get(circle)?.seats.find((seat) => seat.account === account)?.person ?? null
}

// -- the roster -----------------------------------------------------------------------

const rosters = new WeakMap<readonly Item<'person'>[], WeakMap<CircleState, readonly Person[]>>()
let collator: Intl.Collator | undefined

/** Orders names as people look for them: by letters, whatever their accents and case, and by numbers. */
export function byName(a: string, b: string): number {
  // Made when it is first needed: that costs as much as a whole roster.
  collator ??= new Intl.Collator('en-GB', { numeric: true })
  return collator.compare(a, b)
}

/** The roster of a group, in the order of its labels. */
export function people(world: World, circle: Id): readonly Person[] {
  const found = records(world, spaceIn(circle, 'frame'), 'person')
  const state = world.circles.get(circle)
  if (!state) return []
  let byState = rosters.get(found)
  if (!byState) rosters.set(found, (byState = new WeakMap()))
  let made = byState.get(state)
  if (!made) byState.set(state, (made = rosterOf(world, state, found)))
  return made
}

function rosterOf(world: World, circle: CircleState, found: readonly Item<'person'>[]): Person[] {
  const names = found.map((item) => item.fields.name)
  const mine = me(world, circle.id)
  return found.map((item): Person => {
    const { person, name, second, roles } = item.fields
    const twice = names.filter((other) => other === name).length > 1
    return {
      person, name, second: second ?? null, label: twice ? `${name} (${second ?? tail(person)})` : name,
      roles: roles?.length ? (roles as readonly RoleName[]) : ['member'], item,
      hasApp: acting(world, circle.id, person) !== null, isMe: person === mine,
    }
  }).sort((a, b) => byName(a.label, b.label) || byBytes(a.person, b.person))
}

/** What still tells two of one name apart when nobody wrote it (E-23). */
function tail(person: Id): string {
  return [...unb64(person).subarray(0, 2)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Whether somebody belongs to the group on a day (E-26, E-29). */
export function isListed(fields: Fields['person'], on: string): boolean {
  return (!fields.from_on || fields.from_on <= on) && (!fields.until_on || on <= fields.until_on)
}

/** Whether somebody is on leave on a day: nobody expects them (E-32). */
export function isAway(fields: Fields['person'], on: string): boolean {
  return isWithin(on, fields.leave)
}

/** Whether the roster lists somebody as one who is marked. */
export function isMarked(person: PersonView): boolean {
  return person.roles.some((role) => MARKED.includes(role))
}

/** What a group calls a person; '?' for somebody whom it does not list. */
export function labelOf(world: World, circle: Id, person: Id): string {
  return people(world, circle).find((one) => one.person === person)?.label ?? '?'
}

/** What a group calls an account, a removed one too. */
export function accountLabel(world: World, circle: Id, account: Id): string {
  const person = personOf(world, circle, account)
  return person === null ? '?' : labelOf(world, circle, person)
}

/** Labels of everybody who reads a space of a group now, by the table of PROTOCOL 2.3. */
export function readersOf(world: World, circle: Id, kind: SpaceName, subject?: Id): string[] {
  const audience = SPACES.get(spaceKind(kind))
  if (!audience) return []
  const seats = world.circles.get(circle)?.seats ?? []
  const readers = seats.filter((seat) => seat.roles.length > 0
    && (rolesOf(seat.roles) & audience.readers || (audience.byPerson && seat.person === subject)))
  const found = new Set(readers.map((seat) => seat.person))
  return people(world, circle).filter((one) => found.has(one.person)).map((one) => one.label)
}

// -- the programme --------------------------------------------------------------------

/**
 * The programme of a group: one that the group's leaders name, and that lists the group. A server
 * may hold others that list it; nobody in the group named those (PROTOCOL 6.6, 14.6).
 */
export function programmeOf(world: World, group: Id): Id | null {
  const named = records(world, spaceIn(group, 'frame'), 'programme_key').map((item) => item.fields.circle)
  return named.find((circle) => world.circles.get(circle)?.groups.includes(group)) ?? null
}

/** A programme's words and limits; empty while they have not arrived, or there is none. */
export function programmeFields(world: World, circle: Id | null): Partial<Fields['programme']> {
  if (circle === null) return {}
  return records(world, spaceIn(circle, 'programme'), 'programme')[0]?.fields ?? {}
}

/** The settings that a group has from its programme. */
export function settingsOf(world: World, group: Id): Partial<Fields['programme']> {
  return programmeFields(world, programmeOf(world, group))
}
