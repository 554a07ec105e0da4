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

export function distinct(cells: Iterable<Cell>): Cell[] {
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
