/**
 * The sessions of a group as this account sees them. The twin of `sync/desk/sessions.py`: times on
 * the wall of the group, what has changed since one looked, and what concerns oneself.
 */

import { byBytes } from '../protocol/encoding.ts'
import type { Id, World } from '../protocol/local.ts'
import type { Standing } from '../protocol/merge.ts'
import type { Change } from './fields.ts'
import {
  comes, isAway, isListed, leads, me, people, readersOf, settingsOf, type Person,
} from './people.ts'
import { records, spaceIn, spaceOf, type Item } from './project.ts'
import { isNew } from './settings.ts'
import { statementsOfMe } from './sheets.ts'
import { HOUR, LONDON, mondayOf, msOf, whenOf } from './time.ts'
import type { ChangeView, MyApology, MyMark, PersonView, SessionView, When } from './views.ts'

/** Before its start a session counts as going on for this long, so that a register can be opened. */
const EARLY = HOUR / 2

/** A session with its moments and its place in its series. */
interface Meeting extends Sitting {
  readonly item: Item<'session'>
  readonly number: number
}

/** All that the sessions of one group are made from, read once. */
interface Desk {
  readonly world: World
  readonly circle: Id
  readonly now: number
  readonly meetings: readonly Meeting[]
  readonly groupName: string
  readonly people: readonly Person[]
  readonly mine: Person | null
  readonly iLead: boolean
  readonly iCome: boolean
  readonly told: ReadonlyMap<Id, Standing>
  readonly apologies: ReadonlyMap<Id, Item<'apology'>>
  readonly readers: readonly string[]
  readonly groupSees: boolean
  readonly checkedAt: number | null
}

/** A group's sessions in the order of time. */
export function sessions(world: World, circle: Id, now: number, zone: string): SessionView[] {
  const desk = deskOf(world, circle, now, zone)
  return desk.meetings.map((meeting) => viewOf(desk, meeting))
}

/** One session; `null` when this phone does not know it. */
export function session(
  world: World, circle: Id, rec: Id, now: number, zone: string,
): SessionView | null {
  const desk = deskOf(world, circle, now, zone)
  const meeting = desk.meetings.find((one) => one.rec === rec)
  return meeting ? viewOf(desk, meeting) : null
}

/** What a group is called; `null` while its name has not arrived. */
export function groupName(world: World, circle: Id): string | null {
  return records(world, spaceIn(circle, 'frame'), 'group')[0]?.fields.name ?? null
}

// -- sittings (E-27) ------------------------------------------------------------------

/** Who comes to which session in the week of a day, by person; `null` means to neither. */
export function sittings(world: World, circle: Id, on: string): ReadonlyMap<Id, Id | null> {
  const week = mondayOf(on)
  const said = records(world, spaceIn(circle, 'room'), 'sitting')
  const seats = world.circles.get(circle)?.seats ?? []
  return new Map(said.flatMap(({ account, fields }) => {
    const own = seats.some((seat) => seat.account === account && seat.person === fields.person)
    return own && fields.week === week ? [[fields.person, fields.session ?? null] as const] : []
  }))
}

/** Sessions that stand, in the same week as one, when the group has more than one sitting in it. */
export function linked<S extends Sitting>(all: readonly S[], one: Sitting): S[] {
  const week = mondayOf(one.when.on)
  const found = all.filter((other) => !other.cancelled && mondayOf(other.when.on) === week)
  return new Set(found.map((other) => other.series)).size > 1 ? found : []
}

/** What is needed of a session to tell sittings apart. */
export interface Sitting {
  readonly rec: Id
  readonly series: string | null
  readonly cancelled: boolean
  readonly when: When
}

/** The sittings of a session's week, when its group has more than one (E-27). */
export function sittingsBeside(world: World, one: Sitting & { readonly circle: Id }): Sitting[] {
  return linked(meetings(world, one.circle, LONDON), one)
}

/** Whether somebody is expected at this session, and not at another sitting of its week. */
export function expectedAt(
  one: Sitting, week: readonly Sitting[], choice: Id | null | undefined, usual: string | undefined,
): boolean {
  if (week.length < 2) return true
  if (choice !== undefined) return choice === one.rec
  const usually = week.some((other) => other.series === usual)
  return !usually || one.series === usual
}

// -- making views ---------------------------------------------------------------------

const made = new WeakMap<readonly Item<'session'>[], Map<string, readonly Meeting[]>>()

function meetings(world: World, circle: Id, zone: string): readonly Meeting[] {
  const items = records(world, spaceIn(circle, 'frame'), 'session')
  let byZone = made.get(items)
  if (!byZone) made.set(items, (byZone = new Map()))
  let found = byZone.get(zone)
  if (!found) byZone.set(zone, (found = inOrder(items, zone)))
  return found
}

function inOrder(items: readonly Item<'session'>[], zone: string): Meeting[] {
  const timed = items.map((item) => ({ item, when: whenOf(item.fields, zone) }))
  timed.sort((a, b) => a.when.starts - b.when.starts || byBytes(a.item.rec, b.item.rec))
  const held = new Map<string, number>()
  return timed.map(({ item, when }) => {
    const series = item.fields.series ?? ''
    const number = item.fields.state === 'cancelled' ? 0 : (held.get(series) ?? 0) + 1
    if (number) held.set(series, number)
    return { item, rec: item.rec, series: item.fields.series ?? null, cancelled: !number, when, number }
  })
}

function deskOf(world: World, circle: Id, now: number, zone: string): Desk {
  const roster = people(world, circle)
  const mine = me(world, circle)
  return {
    world, circle, now, meetings: meetings(world, circle, zone),
    groupName: groupName(world, circle) ?? '', people: roster,
    mine: roster.find((person) => person.person === mine) ?? null,
    iLead: leads(world, circle), iCome: comes(world, circle),
    told: statementsOfMe(world, circle), apologies: apologiesOf(world, circle, mine),
    readers: readersOf(world, circle, 'leaders'),
    groupSees: settingsOf(world, circle).apologies_shown === 'group',
    checkedAt: spaceOf(world, spaceIn(circle, 'frame'))?.checkedAt ?? null,
  }
}

function viewOf(desk: Desk, meeting: Meeting): SessionView {
  const { item, rec, series, cancelled, when, number } = meeting
  const { fields } = item
  const changes = fields.changes ?? []
  const iAttend = desk.iCome && (!desk.mine
    || (isListed(desk.mine.item.fields, when.on) && !isAway(desk.mine.item.fields, when.on)))
  const expected = iAttend && expectsMe(desk, meeting)
  const unseen = changes.filter((row) => row.by !== desk.mine?.person && isNew(desk.world, rec, row.at))
  return {
    circle: desk.circle, rec, groupName: desk.groupName, series, number, when,
    place: fields.place ?? null, link: fields.link ?? null, passcode: fields.passcode ?? null,
    ledBy: fields.led_by.map((person) => personIn(desk.people, person)),
    cancelled, reason: fields.reason ?? null, replacedBy: fields.replaced_by ?? null,
    changes: changes.map((row) => changeOf(desk, row)),
    news: unseen.map((row) => changeOf(desk, row)),
    phase: desk.now >= when.ends ? 'past' : desk.now >= when.starts - EARLY ? 'now' : 'future',
    iLead: desk.iLead, iAttend, expectsMe: expected,
    mine: iAttend && !cancelled && desk.now >= when.starts ? markOf(desk.told.get(rec), expected) : 'none',
    apology: apologyOf(desk, rec), pending: item.pending,
    differ: Object.fromEntries(Object.entries(item.differ).map(([name, values]) =>
      [name, values.map((value) => said(desk, name, value))])),
    checkedAt: desk.checkedAt,
  }
}

function expectsMe(desk: Desk, meeting: Meeting): boolean {
  const week = linked(desk.meetings, meeting)
  if (!week.length || !desk.mine) return true
  const choice = sittings(desk.world, desk.circle, meeting.when.on).get(desk.mine.person)
  return expectedAt(meeting, week, choice, desk.mine.item.fields.usual)
}

/** Nothing is missing of somebody who was expected at the other sitting. */
function markOf(standing: Standing | undefined, expected: boolean): MyMark {
  if (!standing || standing.state === 'not_marked') return expected ? 'not_recorded' : 'none'
  return standing.state === 'differ' ? 'still_agreeing' : (standing.value as MyMark)
}

function changeOf(desk: Desk, row: Change): ChangeView {
  return {
    what: row.what, before: row.before ?? null, after: row.after ?? null,
    by: personIn(desk.people, row.by).label, at: msOf(row.at),
  }
}

/** What one side says of a field, for people to compare. */
function said(desk: Desk, name: string, value: unknown): string {
  if (name !== 'led_by') return value === undefined ? '' : String(value)
  return (value as Id[]).map((person) => personIn(desk.people, person).label).join(', ')
}

function personIn(roster: readonly Person[], person: Id): PersonView {
  return roster.find((one) => one.person === person) ?? {
    person, name: '?', second: null, label: '?', roles: [], hasApp: false, isMe: false,
  }
}

// -- apologies ------------------------------------------------------------------------

/** A person's own apologies, by session: written in their thread by their own account. */
export function apologiesOf(
  world: World, circle: Id, person: Id | null,
): ReadonlyMap<Id, Item<'apology'>> {
  if (person === null) return new Map()
  const seats = world.circles.get(circle)?.seats ?? []
  const own = new Set(seats.filter((seat) => seat.person === person).map((seat) => seat.account))
  return new Map(records(world, spaceIn(circle, 'thread', person), 'apology')
    .filter((item) => own.has(item.account))
    .map((item) => [item.fields.session, item]))
}

function apologyOf(desk: Desk, rec: Id): MyApology {
  const item = desk.apologies.get(rec)
  return {
    state: !item ? 'none' : item.fields.withdrawn ? 'withdrawn' : 'sent',
    reason: item?.fields.reason ?? null, writtenAt: item ? msOf(item.fields.written_at) : null,
    pending: item?.pending ?? false, readers: desk.readers, groupSees: desk.groupSees,
  }
}
