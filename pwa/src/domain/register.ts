/**
 * Taking and reading registers (PROTOCOL 9.2, 9.3). The twin of `sync/desk/registers.py`: a register
 * is the union of all leaders' sheets for one session; nobody's mark is dropped, and two leaders who
 * differ are both shown until one of them marks again (E-21). The rules of merging are those of
 * `protocol/merge.ts`. Acts are pure: they give intents, and what stood before.
 */

import { byBytes } from '../protocol/encoding.ts'
import type { Content, Id, Pen, Pending, World } from '../protocol/local.ts'
import { fill, mark as markCell, statementCells } from '../protocol/marks.ts'
import { NOT_MARKED, register as merged, type Cell, type Standing } from '../protocol/merge.ts'
import type { ContentOf } from '../protocol/records.ts'
import { apologiesOf } from './meetings.ts'
import { accountLabel, acting, leads, personOf, settingsOf } from './people.ts'
import { records, rowsOf, same, spaceIn, spaceOf, type Item } from './project.ts'
import { listed, type Listed } from './roster.ts'
import {
  allSheets, inOrder, mySheet, myStatements, sheetsFor, standingOf, type Sheet,
} from './sheets.ts'
import { MINUTE, msOf } from './time.ts'
import type { Act, MarkValue, RegisterRow, RegisterView, SessionView } from './views.ts'
import { intent } from './write.ts'

/** Minutes after which *Late* asks, where the programme says nothing (E-18, E-19). */
const LATE_MINUTES = 10

/** What stood about a person before an act; `null` when leaders differed. */
export interface Stood {
  readonly person: Id
  readonly value: MarkValue | 'none' | null
  /** The mark that the act made. */
  readonly dot: Id
}

/** What marking gives: the intents, and what `undo` needs. */
export interface Marked {
  readonly act: Act
  readonly stood: readonly Stood[]
}

type Apology = NonNullable<RegisterRow['apology']>

// -- reading --------------------------------------------------------------------------

/** A session's register: all leaders' sheets joined, with the apologies that stand. */
export function register(world: World, session: SessionView, _now: number): RegisterView {
  const { circle } = session
  const sheets = sheetsFor(world, circle, session.rec)
  const standing = standingOf(sheets)
  const apologies = standingApologies(world, session)
  const by = authorsOf(world, circle, sheets)
  const mine = mySheet(world, circle, session.rec)
  const places = placesOf(world, session)
  const rows = listed(world, session, sheets, standing)
    .map((one) => rowOf(one, standing.get(one.person) ?? NOT_MARKED, apologies.get(one.person) ?? null, by,
      savingOf(mine, places, one.person)))
  const settings = settingsOf(world, circle)
  const unsent = rows.filter((row) => row.saving !== 'idle' && row.saving !== 'sent').length
  return {
    session, rows, marked: rows.filter((row) => row.state !== 'not_marked').length,
    fillable: rows.filter(isFillable).map((row) => row.person),
    differing: rows.filter((row) => row.state === 'differ').length,
    finishedByMe: mine.finished,
    finishedBy: sheets.filter((sheet) => sheet.finished).map((sheet) => accountLabel(world, circle, sheet.account)),
    others: othersOf(world, circle, sheets),
    lateMinutes: settings.late_minutes ?? LATE_MINUTES, minPresent: settings.min_present ?? null,
    pending: unsent || (mine.heads.some((head) => head.pending) ? 1 : 0),
    rosterCheckedAt: spaceOf(world, spaceIn(circle, 'frame'))?.checkedAt ?? null,
  }
}

/** How late somebody is who comes in now: whole minutes while it runs, and whether that is past the limit. */
export function late(
  world: World, now: number, session: SessionView,
): { minutes: number | null; after: boolean } {
  const { starts, ends } = session.when
  if (now < starts || now >= ends) return { minutes: null, after: false }
  const minutes = Math.floor((now - starts) / MINUTE)
  return { minutes, after: minutes > (settingsOf(world, session.circle).late_minutes ?? LATE_MINUTES) }
}

/** Apologies for a session that stand and that this account may know of, by person (E-08 to E-10). */
export function standingApologies(world: World, session: SessionView): ReadonlyMap<Id, Apology> {
  const { circle, rec } = session
  const found = new Map<Id, Apology>()
  for (const { account, fields } of records(world, spaceIn(circle, 'room'), 'apology_flag')) {
    const own = personOf(world, circle, account) === fields.person
    if (own && fields.session === rec && !fields.withdrawn) {
      found.set(fields.person, { inTime: true, reason: null, writtenAt: null })
    }
  }
  for (const { person } of world.circles.get(circle)?.seats ?? []) {
    const item = apologiesOf(world, circle, person).get(rec)
    if (item?.fields.withdrawn) found.delete(person)
    else if (item) found.set(person, readable(item, session))
  }
  return found
}

function readable({ fields }: Item<'apology'>, session: SessionView): Apology {
  const writtenAt = msOf(fields.written_at)
  return { inTime: writtenAt <= session.when.starts, reason: fields.reason ?? null, writtenAt }
}

function rowOf(
  one: Listed, standing: Standing, apology: Apology | null, by: Authors, saving: Where,
): RegisterRow {
  const sides = new Map<string, { value: MarkValue; by: string; mine: boolean }>()
  for (const cell of standing.state === 'differ' ? standing.cells : []) {
    const side = { value: cell[1] as MarkValue, ...by(cell) }
    sides.set(`${side.by} ${side.value}`, side)
  }
  return {
    person: one.person, label: one.label, second: one.second, state: standing.state,
    value: standing.value as MarkValue | null,
    sides: [...sides.values()].sort((a, b) => Number(b.mine) - Number(a.mine)),
    apology, visitor: one.visitor, expected: one.expected, hasApp: one.hasApp,
    saving, history: by.history(one.person),
  }
}

function isFillable(row: RegisterRow): boolean {
  return row.state === 'not_marked' && row.expected && !row.apology
}

interface Authors {
  (cell: Cell): { by: string; mine: boolean }
  /** All marks about a person, each after those that it is over. */
  history(person: Id): RegisterRow['history']
}

function authorsOf(world: World, circle: Id, sheets: readonly Sheet[]): Authors {
  const authors = new Map<Id, { by: string; mine: boolean }>()
  for (const sheet of sheets) {
    const author = {
      by: accountLabel(world, circle, sheet.account), mine: sheet.account === world.account,
    }
    for (const cell of sheet.cells) authors.set(cell[2], author)
  }
  const by = (cell: Cell) => authors.get(cell[2]) ?? { by: '?', mine: false }
  const cells = Map.groupBy(inOrder(sheets.flatMap((sheet) => sheet.cells)), ([person]) => person)
  const history = (person: Id): RegisterRow['history'] => (cells.get(person) ?? [])
    // What a mark is over grows with every mark: the shorter list is the older mark.
    .toSorted((a, b) => a[3].length - b[3].length || byBytes(a[2], b[2]))
    .map((cell) => ({ value: cell[1], ...by(cell) }))
  return Object.assign(by, { history })
}

type Where = RegisterRow['saving']
const BEST: readonly Where[] = ['idle', 'unsaved', 'writing', 'saved', 'sent']

/** Of my own newest mark about a person: in the log, on this phone, or nowhere yet. */
function savingOf(mine: Sheet, places: ReadonlyMap<Id, Where>, person: Id): Where {
  const about = mine.cells.filter((cell) => cell[0] === person)
  const newest = about.toSorted((a, b) => b[3].length - a[3].length)[0]
  return newest ? places.get(newest[2]) ?? 'idle' : 'idle'
}

/** Where each of my marks is, by its dot: one that was sent stays so, whatever is written on it and fails. */
function placesOf(world: World, { circle, rec }: SessionView): ReadonlyMap<Id, Where> {
  const places = new Map<Id, Where>()
  const note = (content: Content | null, where: Where): void => {
    if (content?.t !== 'sheet' || content['session'] !== rec) return
    for (const [, , dot] of (content as unknown as ContentOf<'sheet'>).cells) {
      if (BEST.indexOf(places.get(dot) ?? 'idle') < BEST.indexOf(where)) places.set(dot, where)
    }
  }
  const space = spaceOf(world, spaceIn(circle, 'register'))
  if (!space) return places
  for (const row of rowsOf(world, space.id)) note(row.content, isKept(row.state) ? 'saved' : row.state)
  for (const version of space.versions) if (version.account === world.account) note(version.content, 'sent')
  return places
}

function isKept(state: Pending['state']): state is 'saved' | 'batched' | 'refused' {
  return state === 'saved' || state === 'batched' || state === 'refused'
}

function othersOf(world: World, circle: Id, sheets: readonly Sheet[]): RegisterView['others'] {
  const seats = world.circles.get(circle)?.seats ?? []
  const leaders = seats.filter((seat) => seat.roles.includes('leader')).map((seat) => seat.account)
  const accounts = new Set([...leaders, ...sheets.map((sheet) => sheet.account)])
  accounts.delete(world.account)
  return [...accounts].map((account) => {
    const sheet = sheets.find((one) => one.account === account)
    const marks = [...merged(sheet?.cells ?? []).values()].filter((one) => one.state !== 'not_marked')
    return {
      name: accountLabel(world, circle, account), marked: marks.length, finished: sheet?.finished ?? false,
    }
  })
}

// -- marking --------------------------------------------------------------------------

/** Mark one person; it settles every mark that is on the screen for them. 'none' takes a mark back. */
export function mark(
  world: World, pen: Pen, session: SessionView, person: Id, value: MarkValue | 'none',
): Marked {
  const known = cellsOn(world, session)
  return add(world, pen, session, [markCell(known, person, value, pen.random(8))])
}

/** Mark everybody else who is expected, except who sent apologies. */
export function fillBlanks(
  world: World, pen: Pen, session: SessionView, value: MarkValue = 'here',
): Marked {
  const { fillable } = register(world, session, pen.now)
  const dots = fillable.map(() => pen.random(8))
  return add(world, pen, session, fill(cellsOn(world, session), fillable, value, dots))
}

/**
 * Put back what stood before an act, for the people in it.
 *
 * It is a mark like any other. Only where leaders differed the mark itself is taken out of the
 * sheet, so that both of them are shown again.
 */
export function undo(world: World, pen: Pen, session: SessionView, stood: readonly Stood[]): Act {
  const known = cellsOn(world, session)
  const again = stood.flatMap(({ person, value }) =>
    (value === null ? [] : [markCell(known, person, value, pen.random(8))]))
  const gone = new Set(stood.flatMap(({ value, dot }) => (value === null ? [dot] : [])))
  const sheet = mySheet(world, session.circle, session.rec)
  const kept = sheet.cells.filter((cell) => !gone.has(cell[2]))
  return put(world, pen, session, { ...sheet, cells: inOrder([...kept, ...again]) })
}

/** Somebody present who is not on the list; `person` is their id where they usually come (E-27). */
export function addVisitor(
  world: World, pen: Pen, session: SessionView, name: string, person: Id = pen.random(16),
): Marked {
  const cell = markCell(cellsOn(world, session), person, 'here', pen.random(8))
  return add(world, pen, session, [cell], new Map([[person, name]]))
}

/**
 * Close one's own sheet, and tell each person what it says about them.
 *
 * Apologies that stand on the screen and that nobody marked otherwise go into the sheet with it.
 */
export function finish(world: World, pen: Pen, session: SessionView): Act {
  const { rows } = register(world, session, pen.now)
  const known = cellsOn(world, session)
  const apologies = rows.filter((row) => row.state === 'not_marked' && row.apology).map((row) =>
    markCell(known, row.person, row.apology!.inTime ? 'apology_before' : 'apology_after', pen.random(8)))
  const sheet = mySheet(world, session.circle, session.rec)
  return put(world, pen, session, {
    ...sheet, finished: true, cells: inOrder([...sheet.cells, ...apologies]),
  })
}

function cellsOn(world: World, session: SessionView): Cell[] {
  return inOrder(sheetsFor(world, session.circle, session.rec).flatMap((sheet) => sheet.cells))
}

function add(
  world: World, pen: Pen, session: SessionView, cells: readonly Cell[], visitors?: ReadonlyMap<Id, string>,
): Marked {
  if (!cells.length) return { act: [], stood: [] }
  const standing = standingOf(sheetsFor(world, session.circle, session.rec))
  const sheet = mySheet(world, session.circle, session.rec)
  const next: Sheet = {
    ...sheet, cells: inOrder([...sheet.cells, ...cells]),
    visitors: new Map([...sheet.visitors, ...(visitors ?? [])]),
  }
  const stood = cells.map(([person, , dot]): Stood => {
    const before = standing.get(person) ?? NOT_MARKED
    const value = before.state === 'not_marked' ? 'none' : (before.value as MarkValue | null)
    return { person, value, dot }
  })
  return { act: put(world, pen, session, next), stood }
}

/** A sheet as it now stands; one that was finished tells its people in the same act (E-22). */
function put(world: World, pen: Pen, session: SessionView, sheet: Sheet): Act {
  const content: ContentOf<'sheet'> = {
    t: 'sheet', v: 1, session: sheet.session, cells: sheet.cells, finished: sheet.finished,
    ...(sheet.visitors.size ? { visitors: Object.fromEntries(sheet.visitors) } : {}),
  }
  const rec = pen.ownRec('sheet', { id: sheet.session })
  const written = intent(
    pen, spaceIn(session.circle, 'register'), 'own', rec, content, sheet.heads.map((head) => head.id),
  )
  return [written, ...(sheet.finished ? statements(world, pen, session.circle, sheet) : [])]
}

// -- statements -----------------------------------------------------------------------

/**
 * What still has to be told in a group that this account leads, to whoever has joined since too.
 * Nothing when all is told. After a sync it is asked for each group.
 */
export function statementsDue(world: World, pen: Pen, circle: Id): Act {
  return statements(world, pen, circle)
}

/** Into each thread, what this leader's finished sheets say of its person. */
function statements(world: World, pen: Pen, circle: Id, now?: Sheet): Act {
  if (!leads(world, circle)) return []
  const written = [...allSheets(world, circle).values()].flat()
    .filter((sheet) => sheet.account === world.account && sheet.session !== now?.session)
  const finished = [...written, ...(now ? [now] : [])].filter((sheet) => sheet.finished)
  const persons = new Set(finished.flatMap((sheet) => sheet.cells.map(([person]) => person)))
  return [...persons].sort(byBytes)
    .filter((person) => acting(world, circle, person) !== null)
    .flatMap((person) => statementsTo(world, pen, circle, person, finished))
}

function statementsTo(
  world: World, pen: Pen, circle: Id, person: Id, sheets: readonly Sheet[],
): Act {
  const said = myStatements(world, circle, person)
  const thread = spaceIn(circle, 'thread', person)
  return sheets.flatMap(({ session, cells }) => {
    const about = statementCells(cells, person)
    const old = said.get(session)
    const told = old && !Object.keys(old.differ).length && same(old.fields.cells, about)
    if (!about.length || told) return []
    const content = { t: 'statement', v: 1, session, person, cells: about }
    const rec = pen.ownRec('statement', { id: session }, { id: person })
    return [intent(pen, thread, 'own', rec, content, old?.base)]
  })
}
