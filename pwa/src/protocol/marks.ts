/** Making cells: one tap, a whole list, a statement about one person (PROTOCOL 9.2, 9.3). */

import { byBytes, type Id } from './encoding.ts'
import { EnidError } from './errors.ts'
import { distinct, NOT_MARKED, register, settled, VALUES, type Cell, type Mark } from './merge.ts'

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
