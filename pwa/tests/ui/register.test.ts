/** The register's book: what taps do, what is painted again, what is undone. */

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { effect } from '@preact/signals'
import { sessions } from '../../src/domain/schedule.ts'
import type { Id } from '../../src/protocol/local.ts'
import { startMadeUp } from '../../src/ui/act.ts'
import { openBook, shortOf, type Book } from '../../src/ui/screens/register-book.ts'
import { tooSoon } from '../../src/ui/screens/register-tap.ts'
import { facts, now, world, zone } from '../../src/ui/truth.ts'

const MINUTE = 60_000

/** The session that starts in a quarter of an hour, or last week's, in which the leaders differ. */
function recOf(which: 'soon' | 'differ'): Id {
  const all = [...world.value.circles.keys()].flatMap((circle) => sessions(world.value, circle, now.value, zone))
  if (which === 'soon') return all.find((one) => one.phase === 'now')!.rec
  const past = all.filter((one) => one.phase === 'past' && !one.cancelled)
  return past.find((one) => openBook(one.rec).view.value.differing > 0)!.rec
}

const person = (book: Book, name: string): Id =>
  book.view.value.rows.find((row) => row.label.startsWith(name))!.person
const valueOf = (book: Book, name: string): unknown => book.row(person(book, name)).value?.value
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5))

beforeEach(async () => {
  facts.now.value = Date.now()
  await startMadeUp('leader')
})

test('a tap paints one row again and no other', async () => {
  const book = openBook(recOf('soon'))
  const painted: Id[] = []
  for (const one of book.order.value) effect(() => { if (book.row(one).value) painted.push(one) })
  painted.length = 0
  book.choose(person(book, 'Aaliyah'), 'here')
  await settled()
  assert.deepEqual([...new Set(painted)], [person(book, 'Aaliyah')])
})

test('a row says saved only after it is, and not before', async () => {
  const book = openBook(recOf('soon'))
  const row = book.row(person(book, 'Aaliyah'))
  assert.equal(row.value?.saving, 'idle')
  book.choose(person(book, 'Aaliyah'), 'here')
  assert.equal(row.value?.saving, 'writing')
  assert.equal(row.value?.value, 'here')
  await settled()
  assert.equal(row.value?.saving, 'saved')
})

test('a tap on the choice that stands writes nothing', async () => {
  const book = openBook(recOf('soon'))
  book.choose(person(book, 'Aaliyah'), 'here')
  await settled()
  const before = world.value.outbox.length
  assert.equal(book.choose(person(book, 'Aaliyah'), 'here'), true)
  assert.equal(world.value.outbox.length, before)
})

test('the one button fills the blanks, then finishes; apologies are not filled', async () => {
  const book = openBook(recOf('soon'))
  assert.equal(book.next.value.kind, 'fill')
  book.go()
  await settled()
  assert.equal(book.next.value.kind, 'finish')
  const apologised = book.view.value.rows.filter((row) => row.apology)
  assert.ok(apologised.length > 0)
  assert.deepEqual(apologised.map((row) => row.value), apologised.map(() => null))
  book.go()
  await settled()
  assert.equal(book.view.value.finishedByMe, true)
  assert.deepEqual(book.opened.value, { kind: 'finished' })
  assert.equal(book.locked.value, true)
  book.go()
  assert.equal(book.locked.value, false)
})

test('undo takes a fill back as one, then the mark before it', async () => {
  const book = openBook(recOf('soon'))
  book.choose(person(book, 'Aaliyah'), 'late')
  book.go()
  await settled()
  const filled = book.view.value.marked
  book.undo()
  await settled()
  assert.equal(book.view.value.marked, 1)
  assert.ok(filled > 5)
  assert.equal(valueOf(book, 'Aaliyah'), 'late')
  book.undo()
  await settled()
  assert.equal(valueOf(book, 'Aaliyah'), null)
})

test('ten minutes late joins, eleven asks, and the next day nobody is asked (E-18, E-19)', async () => {
  const book = openBook(recOf('soon'))
  const { starts } = book.session.value.when
  const real = Date.now
  const at = async (ms: number, name: string): Promise<boolean> => {
    Date.now = () => ms
    facts.now.value = ms
    try {
      return book.choose(person(book, name), 'late')
    } finally {
      Date.now = real
      await settled()
    }
  }
  assert.equal(await at(starts + 10 * MINUTE, 'Aaliyah'), true)
  assert.equal(valueOf(book, 'Aaliyah'), 'late')
  assert.equal(await at(starts + 11 * MINUTE, 'Dafydd'), false)
  assert.deepEqual(book.opened.value, { kind: 'late', person: person(book, 'Dafydd'), minutes: 11 })
  assert.equal(valueOf(book, 'Dafydd'), null)
  assert.equal(await at(starts + 24 * 60 * MINUTE, 'Dafydd'), true)
})

test('a settled disagreement can be undone, and both marks stand again (E-21)', async () => {
  const book = openBook(recOf('differ'))
  const one = book.view.value.rows.find((row) => row.state === 'differ')!
  book.put(one.person, one.sides[0]!.value)
  await settled()
  assert.equal(book.row(one.person).value?.state, 'agreed')
  book.undo()
  await settled()
  assert.deepEqual(book.row(one.person).value?.sides, one.sides)
})

test('a visitor comes onto the list by name, as here', async () => {
  const book = openBook(recOf('soon'))
  const added = book.visitor('Nkechi Obi')
  await settled()
  assert.equal(book.order.value.at(-1), added)
  assert.equal(valueOf(book, 'Nkechi'), 'here')
})

test('who does not lead is told so', async () => {
  await startMadeUp('member')
  assert.equal(openBook(recOf('soon')).closed.value, 'notLeader')
  assert.equal(openBook('nowhere').closed.value, 'unknown')
})

test('the second tap on one button within 250 ms is not meant', () => {
  const [button, other] = [new EventTarget(), new EventTarget()]
  const tap = (currentTarget: EventTarget, timeStamp: number): boolean =>
    tooSoon({ currentTarget, timeStamp } as unknown as Event)
  assert.equal(tap(button, 1000), false)
  assert.equal(tap(other, 1100), false)
  assert.equal(tap(button, 1249), true)
  assert.equal(tap(button, 1500), false)
})

test('a leader is called by the shortest name that is clear', () => {
  assert.equal(shortOf('Sam Whitfield', ['Sam Whitfield', 'Priya Raman']), 'Sam')
  assert.equal(shortOf('Sam Whitfield', ['Sam Whitfield', 'Sam Obi']), 'Sam Whitfield')
  assert.equal(shortOf('Dr Raman', ['Dr Raman']), 'Dr Raman')
  assert.equal(shortOf('Thiruvalluvan', []), 'Thiruvalluvan')
})
