/**
 * Pure merge rules: which versions stand and what a register says (PROTOCOL 9.2, 9.3). How notes join
 * is `paragraphs.ts`'s.
 *
 * Everything here is a function of its arguments: no clock, no chance, no order of arrival.
 * Two devices that hold the same versions therefore show the same thing (REL-06).
 *
 * Left to others: reading cells out of a sheet (`records.ts`), who may write one
 * (`check.ts`), who made a mark (the author of the sheet that holds the dot).
 */

import { byBytes, type Id } from './encoding.ts'
import { EnidError } from './errors.ts'

/** Every value a cell may hold, in the order of PROTOCOL 9.2. */
export const VALUES = [
  'here', 'late', 'not_admitted', 'absent', 'apology_before', 'apology_after', 'excused',
  'attended_elsewhere', 'none',
] as const

export type Mark = (typeof VALUES)[number]

/** The mark that takes a mark back: the person is not marked, and nobody differs. */
export const TAKEN_BACK: Mark = 'none'

/**
 * One mark about one person, as it stands in a sheet: the person, the value, the mark's
 * own name (8 random bytes made at the tap), and the dots that it settles, sorted and
 * cumulative.
 */
export type Cell = readonly [person: Id, value: Mark, dot: Id, over: readonly Id[]]

/** What a register says about one person. */
export interface Standing {
  /** The cells that stand, sorted, without those that were taken back. */
  readonly cells: readonly Cell[]
  /** The distinct values that stand, in the order of `VALUES`. */
  readonly values: readonly Mark[]
  /** Nobody marked; all who marked agree; or two values stand. */
  readonly state: 'not_marked' | 'agreed' | 'differ'
  /** The agreed value; `null` when nobody marked or the leaders differ. */
  readonly value: Mark | null
}

/** Whoever is absent from a register. */
export const NOT_MARKED: Standing = { cells: [], values: [], state: 'not_marked', value: null }

/**
 * Name the versions of one record that no other version replaces. Parents that are not
 * known themselves replace nothing (PROTOCOL 5.3(4)).
 */
export function heads(parentsById: ReadonlyMap<Id, Iterable<Id>>): Set<Id> {
  const replaced = new Set<Id>()
  for (const parents of parentsById.values()) for (const parent of parents) replaced.add(parent)
  return new Set([...parentsById.keys()].filter((id) => !replaced.has(id)))
}

/** Order cells: by person, value, dot and what they are over. */
export function byCell(a: Cell, b: Cell): number {
  return byBytes(a[0], b[0]) || byWord(a[1], b[1]) || byBytes(a[2], b[2]) || byList(a[3], b[3])
}

function byWord(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function byList(a: readonly Id[], b: readonly Id[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = byBytes(a[i]!, b[i]!)
    if (difference) return difference
  }
  return a.length - b.length
}

function distinct(cells: Iterable<Cell>): Cell[] {
  const known = new Map<string, Cell>()
  for (const cell of cells) known.set(JSON.stringify(cell), cell)
  return [...known.values()].sort(byCell)
}

/**
 * Keep the cells that nothing is over: for each person with a standing cell, those cells,
 * sorted. The cells of all heads of all sheets may come in any order, and any number of
 * times; equal sets give equal results.
 */
export function settled(cells: Iterable<Cell>): Map<Id, readonly Cell[]> {
  const known = distinct(cells)
  const settledDots = new Set(known.flatMap(([, , , over]) => over))
  const standing = new Map<Id, Cell[]>()
  for (const cell of known) {
    if (settledDots.has(cell[2])) continue
    const others = standing.get(cell[0])
    if (others) others.push(cell)
    else standing.set(cell[0], [cell])
  }
  return standing
}

/**
 * Say what the register holds for each person who has been marked.
 *
 * A mark that was taken back counts for nothing, so it never makes a disagreement.
 */
export function register(cells: Iterable<Cell>): Map<Id, Standing> {
  const shown = new Map<Id, Standing>()
  for (const [person, standing] of settled(cells)) {
    shown.set(person, standingOf(standing.filter(([, value]) => value !== TAKEN_BACK)))
  }
  return shown
}

function standingOf(cells: readonly Cell[]): Standing {
  const values = VALUES.filter((value) => cells.some((cell) => cell[1] === value))
  if (!cells.length) return NOT_MARKED
  const isAgreed = values.length === 1
  return { cells, values, state: isAgreed ? 'agreed' : 'differ', value: isAgreed ? values[0]! : null }
}

/**
 * Make the cell for one tap.
 *
 * `cells` are those of all sheets that the editor showed. The new cell is over every dot on
 * the screen for the person and over everything those were over: without the second half a
 * settled disagreement comes back when an old sheet arrives late. Throws `bad_record` when
 * the value is not a mark.
 */
export function mark(cells: Iterable<Cell>, person: Id, value: Mark, dot: Id): Cell {
  if (!VALUES.includes(value)) {
    throw new EnidError('bad_record', `a mark is one of: ${VALUES.join(', ')}`)
  }
  const onScreen = settled(cells).get(person) ?? []
  const over = new Set(onScreen.flatMap(([, , known, older]) => [known, ...older]))
  return [person, value, dot, [...over].sort(byBytes)]
}

/**
 * Mark everybody on the roster who is not marked yet, and nobody else.
 *
 * `dots` has one fresh dot for each place of the roster; those of persons already marked
 * are not used. Leave out of the roster who must not be filled. The new cells come in
 * roster order. Throws `bad_record` when the value is not a mark.
 */
export function fill(
  cells: Iterable<Cell>, roster: readonly Id[], value: Mark, dots: readonly Id[],
): Cell[] {
  if (roster.length !== dots.length) throw new RangeError('as many dots as persons')
  const known = [...cells]
  const shown = register(known)
  const dotByPerson = new Map(roster.map((person, place) => [person, dots[place]!]))
  return [...dotByPerson]
    .filter(([person]) => (shown.get(person) ?? NOT_MARKED).state === 'not_marked')
    .map(([person, dot]) => mark(known, person, value, dot))
}

/**
 * Take one leader's cells about one person, for that person's thread: every distinct one,
 * sorted. Cells that were settled stay in, so that the statements of two leaders merge as
 * their sheets do.
 */
export function statementCells(cells: Iterable<Cell>, person: Id): Cell[] {
  return distinct(cells).filter((cell) => cell[0] === person)
}
