/** Merging gives the same whatever came first (REL-06, PROTOCOL 9.2-9.4). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { b64, byBytes } from '../../src/protocol/encoding.ts'
import { fill, mark, statementCells } from '../../src/protocol/marks.ts'
import { byCell, heads, register, settled, TAKEN_BACK, VALUES, type Cell } from '../../src/protocol/merge.ts'
import { mergeNote } from '../../src/protocol/paragraphs.ts'
import { dump, load } from '../../src/protocol/records.ts'
import { outcome } from './known.ts'

const id = (size: number, number: number) =>
  b64(Uint8Array.from({ length: size }, (_, i) => (i === size - 1 ? number : 0)))
// A dot is made at the tap, so two persons never share one.
const cell: fc.Arbitrary<Cell> = fc.nat(3).chain((who) => {
  const dot = fc.nat(9).map((number) => id(8, who * 10 + number))
  const over = fc.uniqueArray(dot, { maxLength: 4 }).map((dots) => dots.sort(byBytes))
  return fc.tuple(fc.constant(id(16, who)), fc.constantFrom(...VALUES), dot, over)
})
const cells = fc.array(cell, { maxLength: 14 })

/** A map as JSON can show it, in its own order. */
function shown(map: ReadonlyMap<string, unknown>): string {
  return JSON.stringify([...map])
}

test('a register does not depend on the order in which cells came', () => {
  fc.assert(fc.property(cells, cells, (a, b) => {
    assert.equal(shown(register([...a, ...b])), shown(register([...b, ...a])))
  }))
})

test('a cell that comes again changes nothing', () => {
  fc.assert(fc.property(cells, (a) => {
    assert.equal(shown(register([...a, ...a])), shown(register(a)))
  }))
})

test('joining sheets pairwise, in any grouping, shows one register', () => {
  const join = (a: readonly Cell[], b: readonly Cell[]) => statementsOf([...a, ...b])
  fc.assert(fc.property(cells, cells, cells, (a, b, c) => {
    assert.equal(shown(register(join(join(a, b), c))), shown(register(join(a, join(b, c)))))
  }))
})

/** All cells, as the threads of their persons would hold them. */
function statementsOf(all: readonly Cell[]): Cell[] {
  const people = new Set(all.map(([who]) => who))
  return [...people].flatMap((who) => statementCells(all, who)).sort(byCell)
}

test('statements merge as the sheets do that they were taken from', () => {
  fc.assert(fc.property(cells, cells, (a, b) => {
    const both = [...statementsOf(a), ...statementsOf(b)]
    assert.equal(shown(register(both)), shown(register([...a, ...b])))
  }))
})

/** Taps about one person, each made with some of those before it on the screen. */
const taps = fc.array(
  fc.record({ value: fc.constantFrom(...VALUES), seen: fc.nat(4095) }), { maxLength: 12 },
).map((all) => all.reduce<Cell[]>((made, { value, seen }, i) =>
  [...made, mark(chosen(made, seen), id(16, 0), value, id(8, i))], []))

function chosen(all: readonly Cell[], bits: number): Cell[] {
  return all.filter((_, i) => (bits >> i) & 1)
}

test('a fresh mark settles everything that was on the screen, also what comes late', () => {
  fc.assert(fc.property(taps, fc.constantFrom(...VALUES), fc.nat(4095), (seen, value, bits) => {
    const made = mark(seen, id(16, 0), value, id(8, 99))
    const shownWith = (others: readonly Cell[]) => register([...others, made]).get(id(16, 0))?.values
    assert.deepEqual(shownWith(seen), value === TAKEN_BACK ? [] : [value])
    assert.deepEqual(shownWith(chosen(seen, bits)), shownWith(seen))
  }))
})

test('filling marks whoever is blank and moves nobody else', () => {
  fc.assert(fc.property(cells, (seen) => {
    const roster = [0, 1, 2, 3].map((number) => id(16, number))
    const before = register(seen)
    const filled = fill(seen, roster, 'here', roster.map((_, i) => id(8, 50 + i)))
    const after = register([...seen, ...filled])
    for (const who of roster) {
      const was = before.get(who)
      if (was && was.state !== 'not_marked') assert.deepEqual(after.get(who), was)
      else assert.equal(after.get(who)?.value, 'here')
    }
  }))
  assert.throws(() => fill([], [id(16, 1)], 'here', []), RangeError)
})

test('a value that is no mark is refused', async () => {
  assert.equal(await outcome(() => mark([], id(16, 1), 'asleep' as 'here', id(8, 1))), 'bad_record')
})

test('a sheet keeps its settled cells, sorted, whatever order they were put in', () => {
  const unlike = fc.uniqueArray(cell, { maxLength: 12, selector: ([, , name]) => name })
    .map((all) => all.map(([who, value, name, over]): Cell =>
      [who, value, name, over.filter((each) => each !== name)]))
  fc.assert(fc.property(unlike, (all) => {
    const sheet = (rows: readonly Cell[]) =>
      dump({ t: 'sheet', v: 1, session: id(16, 7), finished: false, cells: rows })
    assert.deepEqual(sheet(all), sheet(all.toReversed()))
    const found = load(sheet(all)).content['cells'] as readonly Cell[]
    assert.equal(shown(settled(found)), shown(settled(all)))
  }))
})

test('heads are what nobody replaces; an unknown parent drops nothing (5.3)', () => {
  const versions = new Map([['a', []], ['b', ['a']], ['c', ['a', 'x']]])
  assert.deepEqual(heads(versions), new Set(['b', 'c']))
  assert.deepEqual(heads(new Map()), new Set())
})

const paragraph = fc.constantFrom('one', 'two', 'three', 'one two', 'a\nline', '', ' ', '\n')
const note = fc.array(paragraph, { maxLength: 8 }).map((parts) => parts.join('\n\n'))

test('it does not matter whose note is called mine', () => {
  fc.assert(fc.property(note, note, note, (base, a, b) => {
    assert.equal(mergeNote(base, a, b), mergeNote(base, b, a))
  }), { numRuns: 500 })
})

test('a note that one side left alone becomes the other side’s', () => {
  fc.assert(fc.property(note, note, (base, mine) => {
    assert.equal(mergeNote(base, mine, base), mine)
    assert.equal(mergeNote(base, mine, mine), mine)
    assert.equal(mergeNote(null, mine, mine), mine)
  }), { numRuns: 500 })
})

test('no paragraph that somebody wrote is missing from what was joined', () => {
  const paragraphs = (text: string) => text.split(/(?:\n[ \t\r]*)+\n/)
  fc.assert(fc.property(note, note, note, (base, a, b) => {
    const joined = mergeNote(base, a, b)
    if (joined === null) return
    const [old, whole] = [new Set(paragraphs(base)), new Set(paragraphs(joined))]
    for (const each of [...paragraphs(a), ...paragraphs(b)]) {
      assert(!each.trim() || old.has(each) || whole.has(each))
    }
  }), { numRuns: 500 })
})

test('joining again with what was joined changes nothing', () => {
  fc.assert(fc.property(note, note, note, (base, a, b) => {
    const joined = mergeNote(base, a, b)
    if (joined !== null) assert.equal(mergeNote(joined, joined, joined), joined)
  }))
})

test('texts that are too long to compare are left to a person', () => {
  const many = (word: string) => Array.from({ length: 600 }, (_, i) => `${word} ${i}`).join('\n\n')
  assert.equal(mergeNote(many('old'), many('mine'), many('theirs')), null)
})
