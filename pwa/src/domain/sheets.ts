/**
 * Sheets and statements as they are held: one leader's cells for one session, all heads of it
 * joined (PROTOCOL 9.2, 9.3). The twin of `sheets` and `mine` in `sync/desk/registers.py`; the
 * rules of merging are those of `protocol/merge.ts`.
 */

import { byBytes } from '../protocol/encoding.ts'
import type { Id, World } from '../protocol/local.ts'
import { byCell, register, type Cell, type Standing } from '../protocol/merge.ts'
import type { ContentOf } from '../protocol/records.ts'
import { headsOf, isOf, records, spaceIn, type Head, type Heads } from './project.ts'
import { me } from './people.ts'

/** One leader's cells for one session, all its heads joined. */
export interface Sheet {
  readonly session: Id
  readonly account: Id
  /** Each once, in the order of their bytes. */
  readonly cells: readonly Cell[]
  readonly visitors: ReadonlyMap<Id, string>
  readonly finished: boolean
  readonly heads: readonly Head[]
}

const sheetsOf = new WeakMap<Heads, ReadonlyMap<Id, readonly Sheet[]>>()
const standings = new WeakMap<readonly Sheet[], ReadonlyMap<Id, Standing>>()

/** The cells of a sheet or a statement. */
export function cellsIn(head: Head): readonly Cell[] {
  return (head.content as unknown as ContentOf<'statement'>).cells
}

/** Each cell once, in the order of their bytes, as a sheet has them. A dot names one cell. */
export function inOrder(cells: Iterable<Cell>): Cell[] {
  const known = new Map<Id, Cell>()
  for (const cell of cells) known.set(cell[2], cell)
  return [...known.values()].sort(byCell)
}

/** All sheets of a group, by session; none where this phone does not hold its register. */
export function allSheets(world: World, circle: Id): ReadonlyMap<Id, readonly Sheet[]> {
  const heads = headsOf(world, spaceIn(circle, 'register'))
  let found = sheetsOf.get(heads)
  if (!found) {
    const written = [...heads.values()].flat().filter((head) => isOf(head, 'sheet'))
    const bySheet = Map.groupBy(written, (head) => `${fieldsOf(head).session} ${head.account}`)
    const sheets = [...bySheet.values()].map(sheetOf)
    found = Map.groupBy(sheets, (sheet) => sheet.session)
    sheetsOf.set(heads, found)
  }
  return found
}

/** The sheets of one session, in an order that every device shares. */
export function sheetsFor(world: World, circle: Id, session: Id): readonly Sheet[] {
  return allSheets(world, circle).get(session) ?? NONE
}

const NONE: readonly Sheet[] = []

/** What all sheets of a session together say of each person who was marked. */
export function standingOf(sheets: readonly Sheet[]): ReadonlyMap<Id, Standing> {
  let found = standings.get(sheets)
  if (!found) {
    found = register(sheets.flatMap((sheet) => sheet.cells))
    standings.set(sheets, found)
  }
  return found
}

/** This account's sheet for a session, empty before the first mark. */
export function mySheet(world: World, circle: Id, session: Id): Sheet {
  const mine = sheetsFor(world, circle, session).find((sheet) => sheet.account === world.account)
  return mine ?? {
    session, account: world.account, cells: [], visitors: new Map(), finished: false, heads: [],
  }
}

function sheetOf(heads: readonly Head[]): Sheet {
  const sides = heads.toSorted((a, b) => byBytes(a.id, b.id))
  const first = sides[0]!
  // Of two names for one visitor every phone takes the same, whichever came first.
  const names = sides.flatMap((head) => Object.entries(fieldsOf(head).visitors ?? {}))
    .sort(([, a], [, b]) => (a < b ? -1 : 1))
  return {
    session: fieldsOf(first).session, account: first.account,
    cells: inOrder(sides.flatMap((head) => cellsIn(head))),
    visitors: new Map(names), finished: sides.some((head) => fieldsOf(head).finished), heads: sides,
  }
}

function fieldsOf(head: Head): ContentOf<'sheet'> {
  return head.content as unknown as ContentOf<'sheet'>
}

const told = new WeakMap<Heads, ReadonlyMap<Id, Standing>>()

/** What one's leaders say about oneself, by session: their statements, merged as sheets are. */
export function statementsOfMe(world: World, circle: Id): ReadonlyMap<Id, Standing> {
  const person = me(world, circle)
  if (person === null) return new Map()
  const heads = headsOf(world, spaceIn(circle, 'thread', person))
  let found = told.get(heads)
  if (!found) {
    const about = [...heads.values()].flat()
      .filter((head) => isOf(head, 'statement') && head.content!['person'] === person)
    const bySession = Map.groupBy(about, (head) => head.content!['session'] as Id)
    found = new Map([...bySession].flatMap(([session, said]) => {
      const standing = register(said.flatMap((head) => cellsIn(head))).get(person)
      return standing ? [[session, standing] as const] : []
    }))
    told.set(heads, found)
  }
  return found
}

/** Statements of this account in a person's thread, by session. */
export function myStatements(world: World, circle: Id, person: Id) {
  const mine = records(world, spaceIn(circle, 'thread', person), 'statement')
    .filter((item) => item.account === world.account)
  return new Map(mine.map((item) => [item.fields.session, item]))
}
