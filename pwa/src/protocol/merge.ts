/**
 * Pure merge rules: which versions stand, what a register says, how notes join
 * (PROTOCOL 9.2-9.4).
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

// Notes ----------------------------------------------------------------------

const BLANK = /((?:\n[ \t\r]*)+\n)/
/** Pieces that differ, base times new, beyond which a person decides: half a second. */
const COMPARED_MAX = 1_000_000

/** Base pieces from `start` up to `stop` (not included) become `pieces`. */
interface Edit {
  readonly start: number
  readonly stop: number
  readonly pieces: readonly string[]
}

/** Edits by what they say, so that equal ones of two sides are one. */
type Edits = ReadonlyMap<string, Edit>

/**
 * Join two edits of one note, paragraph by paragraph (PROTOCOL 9.4).
 *
 * A paragraph is what stands between blank lines; all text, blank lines too, is kept
 * exactly. `base` is the text that both editors were opened on, `null` when it is not held.
 * Which side is called mine makes no difference. Returns `null` when a person must choose:
 * the edits overlap, the base is missing, joining would lose a paragraph, or the texts are
 * too long to compare.
 */
export function mergeNote(base: string | null, mine: string, theirs: string): string | null {
  if (base === null || mine === theirs) return mine === theirs ? mine : null
  const [pieces, left, right] = [piecesOf(base), piecesOf(mine), piecesOf(theirs)]
  const [ours, others] = [editsOf(pieces, left), editsOf(pieces, right)]
  if (!ours || !others || overlap(without(ours, others), without(others, ours))) return null
  const joined = applied(pieces, [...new Map([...ours, ...others]).values()])
  return keeps(pieces, left, right, joined) ? joined.join('') : null
}

/**
 * Split into edge, paragraph, blank lines, paragraph, …, edge. Paragraphs stand at the odd
 * places, so an edit never leaves two of them touching.
 */
function piecesOf(text: string): string[] {
  return ['', ...text.split(BLANK), '']
}

/** Name the base pieces that no other edit may touch. */
function claims({ start, stop, pieces }: Edit): number[] {
  // Added paragraphs also claim the blank lines around them: two paragraphs written into
  // one gap have no order that their authors agreed on.
  const adds = pieces.length > stop - start
  const [first, end] = adds ? [start & ~1, stop | 1] : [start, stop]
  return Array.from({ length: end - first }, (_, i) => first + i)
}

/** Say how `next` differs from `base`; `null` when that is too long to compare. */
function editsOf(base: readonly string[], next: readonly string[]): Edits | null {
  const [start, stop, nextStop] = differing(base, next)
  if ((stop - start) * (nextStop - start) > COMPARED_MAX) return null
  const kept = aligned(base.slice(start, stop), next.slice(start, nextStop))
  const edits = new Map<string, Edit>()
  let [i, j] = [start, start]
  for (const [keptI, keptJ] of [...kept, [stop - start, nextStop - start] as const]) {
    if (i !== start + keptI || j !== start + keptJ) {
      const edit = { start: i, stop: start + keptI, pieces: next.slice(j, start + keptJ) }
      edits.set(JSON.stringify(edit), edit)
    }
    i = start + keptI + 1
    j = start + keptJ + 1
  }
  return edits
}

/** Cut off what both ends share: start, stop in base, stop in next. */
function differing(base: readonly string[], next: readonly string[]): [number, number, number] {
  const shorter = Math.min(base.length, next.length)
  let start = 0
  while (start < shorter && base[start] === next[start]) start++
  let end = 0
  while (end < shorter - start && base.at(-1 - end) === next.at(-1 - end)) end++
  return [start, base.length - end, next.length - end]
}

/** Pair the pieces of a longest common subsequence, passing base pieces first. */
function aligned(base: readonly string[], next: readonly string[]): [number, number][] {
  const longest = commonLengths(base, next)
  const pairs: [number, number][] = []
  let [i, j] = [0, 0]
  while (i < base.length && j < next.length) {
    if (base[i] === next[j]) pairs.push([i++, j++])
    else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) i++
    else j++
  }
  return pairs
}

/** Tabulate the common subsequence's length from each pair of places on. */
function commonLengths(base: readonly string[], next: readonly string[]): Uint32Array[] {
  const rows = [new Uint32Array(next.length + 1)]
  for (const piece of base.toReversed()) {
    const below = rows.at(-1)!
    const row = new Uint32Array(next.length + 1)
    for (let j = next.length - 1; j >= 0; j--) {
      row[j] = piece === next[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!)
    }
    rows.push(row)
  }
  return rows.reverse()
}

function without(edits: Edits, others: Edits): Edit[] {
  return [...edits].flatMap(([spelled, edit]) => (others.has(spelled) ? [] : [edit]))
}

/** Tell whether an edit of one side touches what one of the other claims. */
function overlap(ours: readonly Edit[], others: readonly Edit[]): boolean {
  const claimed = new Set(ours.flatMap(claims))
  return others.flatMap(claims).some((place) => claimed.has(place))
}

/** Carry out edits that do not overlap. */
function applied(base: readonly string[], edits: readonly Edit[]): string[] {
  const joined: string[] = []
  let done = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.stop - b.stop)) {
    joined.push(...base.slice(done, edit.start), ...edit.pieces)
    done = edit.stop
  }
  return [...joined, ...base.slice(done)]
}

/**
 * Check that what one side wrote, and what both kept, is in the result. The edits alone
 * would lose a paragraph that stood twice and of which each side took away another copy.
 */
function keeps(
  base: readonly string[], a: readonly string[], b: readonly string[], joined: readonly string[],
): boolean {
  const [old, left, right, whole] = [base, a, b, joined].map(paragraphs) as [Set<string>, Set<string>, Set<string>, Set<string>]
  const written = left.union(right).difference(old)
  return written.union(left.intersection(right)).isSubsetOf(whole)
}

function paragraphs(pieces: readonly string[]): Set<string> {
  return new Set(pieces.filter((_, place) => place % 2 === 1))
}
