/** Registers: two leaders, marks, undo, finishing (PROTOCOL 9.2, 9.3). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addVisitor, fillBlanks, finish, late, mark, register, statementsDue, undo,
} from '../../src/domain/register.ts'
import { spaceIn } from '../../src/domain/project.ts'
import type { MarkValue, RegisterRow } from '../../src/domain/views.ts'
import { unsent } from '../../src/domain/status.ts'
import type { Id } from '../../src/protocol/local.ts'
import { VALUES } from '../../src/protocol/merge.ts'
import {
  after, balint, GROUP, idOf, NOON, PEOPLE, person, personId, Phone, planned, programme, type Log,
} from './phones.ts'

function leaders(): { log: Log; session: Id; priya: Phone; sam: Phone } {
  const { log, session } = balint()
  return { log, session, priya: new Phone(log, 'Priya'), sam: new Phone(log, 'Sam') }
}

function view(phone: Phone, session: Id) {
  return register(phone.world, phone.session(session), phone.now)
}

function row(phone: Phone, session: Id, name: string): RegisterRow {
  return view(phone, session).rows.find((one) => one.person === personId(name))!
}

function marks(phone: Phone, session: Id, name: string, value: MarkValue | 'none'): void {
  phone.act(mark(phone.world, phone.pen, phone.session(session), personId(name), value).act)
}

test('everybody starts not marked, also on a phone that opens the register again (ux 19)', () => {
  const { priya, session } = leaders()
  const names = view(priya, session).rows.map((one) => [one.label, one.state])
  assert.deepEqual(names, [...PEOPLE, 'Li Wei'].map((name) => [name, 'not_marked']))
})

test('a mark stands on this phone at once, and on the other once both have synced', () => {
  const { priya, sam, session } = leaders()
  marks(priya, session, 'Ben', 'late')
  assert.equal(row(priya, session, 'Ben').value, 'late')
  assert.equal(row(sam, session, 'Ben').state, 'not_marked')
  priya.sync()
  sam.sync()
  assert.equal(row(sam, session, 'Ben').value, 'late')
})

test('two leaders who differ are both shown, mine first, until one marks again (E-21)', () => {
  const { priya, sam, session } = leaders()
  marks(priya, session, 'Ben', 'here')
  marks(sam, session, 'Ben', 'absent')
  for (const phone of [priya, sam, priya]) phone.sync()
  assert.deepEqual(row(priya, session, 'Ben').sides, [
    { value: 'here', by: 'Priya', mine: true }, { value: 'absent', by: 'Sam', mine: false },
  ])
  assert.equal(view(priya, session).differing, 1)
  marks(sam, session, 'Ben', 'here')
  sam.sync()
  priya.sync()
  assert.deepEqual([row(priya, session, 'Ben').state, row(priya, session, 'Ben').value], ['agreed', 'here'])
})

test('leaders who agree are silent (E-21)', () => {
  const { priya, sam, session } = leaders()
  for (const phone of [priya, sam]) marks(phone, session, 'Ben', 'here')
  for (const phone of [priya, sam, priya]) phone.sync()
  assert.deepEqual([row(priya, session, 'Ben').state, row(priya, session, 'Ben').sides], ['agreed', []])
})

test('fill marks whoever is blank and expected, and nobody who is marked or sent apologies', () => {
  const { log, priya, session } = leaders()
  person(log, 'Hamza', { leave: [{ first_on: '2026-10-01' }] })
  const chloe = new Phone(log, 'Chloe')
  log.put(spaceIn(GROUP, 'thread', personId('Chloe')), 'Chloe', 'own', idOf('apology'), 'apology', {
    session, written_at: '2026-10-27T08:00:00Z', withdrawn: false,
  })
  chloe.sync()
  priya.sync()
  marks(priya, session, 'Ben', 'absent')
  const { act, stood } = fillBlanks(priya.world, priya.pen, priya.session(session))
  assert.deepEqual(stood.map((one) => one.person).sort(), ['Aaliyah', 'Dafydd', 'Li Wei'].map(personId).sort())
  priya.act(act)
  assert.deepEqual(view(priya, session).rows.map((one) => [one.label, one.value]), [
    ['Aaliyah', 'here'], ['Ben', 'absent'], ['Chloe', null], ['Dafydd', 'here'], ['Li Wei', 'here'], ['Hamza', null],
  ])
})

test('undo of a fill blanks exactly those whom it filled', () => {
  const { priya, session } = leaders()
  marks(priya, session, 'Ben', 'late')
  const { act, stood } = fillBlanks(priya.world, priya.pen, priya.session(session))
  priya.act(act)
  assert.equal(view(priya, session).marked, 5)
  priya.act(undo(priya.world, priya.pen, priya.session(session), stood))
  assert.deepEqual([view(priya, session).marked, row(priya, session, 'Ben').value], [1, 'late'])
})

test('undo of a mark that settled a disagreement shows both leaders again (E-36)', () => {
  const { priya, sam, session } = leaders()
  marks(priya, session, 'Ben', 'here')
  marks(sam, session, 'Ben', 'absent')
  for (const phone of [priya, sam, priya]) phone.sync()
  const { act, stood } = mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'late')
  priya.act(act)
  priya.sync()
  priya.act(undo(priya.world, priya.pen, priya.session(session), stood))
  for (const phone of [priya, sam]) {
    phone.sync()
    assert.deepEqual(row(phone, session, 'Ben').sides.map((side) => side.value).sort(), ['absent', 'here'])
  }
})

test('a visitor needs no roster, and is on the list of the co-leader by name (E-27)', () => {
  const { priya, sam, session } = leaders()
  priya.act(addVisitor(priya.world, priya.pen, priya.session(session), 'Wei Li').act)
  priya.sync()
  sam.sync()
  const visitor = view(sam, session).rows.at(-1)!
  assert.deepEqual([visitor.label, visitor.visitor, visitor.value], ['Wei Li', true, 'here'])
})

test('whoever left the group is still shown where they were marked', () => {
  const { log, priya, session } = leaders()
  marks(priya, session, 'Ben', 'here')
  priya.sync()
  const old = log.versions.find(({ version }) => version.rec === idOf('roster Ben'))!.version
  log.put(spaceIn(GROUP, 'frame'), 'Priya', 'lead', idOf('roster Ben'), 'person', {
    person: personId('Ben'), name: 'Ben', until_on: '2026-10-01',
  }, [old.id])
  priya.sync()
  const shown = row(priya, session, 'Ben')
  assert.deepEqual([shown.label, shown.visitor, shown.value], ['Ben', true, 'here'])
})

test('a name that changed is shown at once in registers that were taken before (E-24)', () => {
  const { log, priya, session } = leaders()
  marks(priya, session, 'Ben', 'here')
  priya.sync()
  const old = log.versions.find(({ version }) => version.rec === idOf('roster Ben'))!.version
  log.put(spaceIn(GROUP, 'frame'), 'Sam', 'lead', idOf('roster Ben'), 'person', {
    person: personId('Ben'), name: 'Robin',
  }, [old.id])
  priya.sync()
  assert.equal(row(priya, session, 'Ben').label, 'Robin')
})

test('finishing tells each person who has an account what this leader marked, in the same act', () => {
  const { priya, session } = leaders()
  marks(priya, session, 'Ben', 'late')
  marks(priya, session, 'Li Wei', 'here')
  const act = finish(priya.world, priya.pen, priya.session(session))
  assert.deepEqual(act.map((one) => [one.content?.t, one.space.kind]), [['sheet', 'register'], ['statement', 'thread']])
  assert.equal(act[1]!.space.subject, personId('Ben'))
})

test('finishing takes the apologies on the screen into the sheet, in time or not (E-08, E-09)', () => {
  const { log, priya, session } = leaders()
  const sent = (name: string, at: string) =>
    log.put(spaceIn(GROUP, 'thread', personId(name)), name, 'own', idOf(`apology ${name}`), 'apology', {
      session, written_at: at, withdrawn: false,
    })
  sent('Ben', '2026-10-27T12:59:59Z')
  sent('Chloe', '2026-10-27T13:00:01Z')
  priya.sync()
  priya.act(finish(priya.world, priya.pen, priya.session(session)))
  assert.deepEqual(['Ben', 'Chloe', 'Dafydd'].map((name) => row(priya, session, name).value),
    ['apology_before', 'apology_after', null])
})

test('a correction after finishing tells the person again, and nobody else (E-22)', () => {
  const { priya, session } = leaders()
  marks(priya, session, 'Ben', 'absent')
  marks(priya, session, 'Chloe', 'here')
  priya.act(finish(priya.world, priya.pen, priya.session(session)))
  priya.sync()
  const { act } = mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here')
  assert.deepEqual(act.map((one) => one.space.subject).slice(1), [personId('Ben')])
  priya.act(act)
  assert.deepEqual(row(priya, session, 'Ben').history.map((one) => one.value), ['absent', 'here'])
})

test('a person reads what their leaders say, and that they are still agreeing when they differ', () => {
  const { log, priya, sam, session } = leaders()
  const ben = new Phone(log, 'Ben')
  ben.now = after(1)
  const mine = () => {
    ben.sync()
    return ben.session(session).mine
  }
  assert.equal(mine(), 'not_recorded')
  for (const [phone, value] of [[priya, 'here'], [sam, 'absent']] as const) {
    marks(phone, session, 'Ben', value)
    phone.act(finish(phone.world, phone.pen, phone.session(session)))
    phone.sync()
  }
  assert.equal(mine(), 'still_agreeing')
  priya.sync()
  marks(priya, session, 'Ben', 'late')
  priya.sync()
  assert.equal(mine(), 'late')
})

test('whoever joins later is told of the registers that were finished before', () => {
  const { log, priya, session } = leaders()
  marks(priya, session, 'Li Wei', 'here')
  priya.act(finish(priya.world, priya.pen, priya.session(session)))
  priya.sync()
  assert.deepEqual(statementsDue(priya.world, priya.pen, GROUP), [])
  log.seat('Li Wei', 'member')
  priya.sync()
  priya.act(statementsDue(priya.world, priya.pen, GROUP))
  assert.equal(priya.world.outbox.length, 1)
  assert.deepEqual(statementsDue(priya.world, priya.pen, GROUP), [])
})

test('late counts whole minutes, and ten is still in time (E-18, E-19)', () => {
  const { log, session } = leaders()
  programme(log, { late_minutes: 10 })
  const priya = new Phone(log, 'Priya')
  const at = (ms: number) => late(priya.world, ms, priya.session(session))
  assert.deepEqual(at(after(10) + 59_999), { minutes: 10, after: false })
  assert.deepEqual(at(after(11)), { minutes: 11, after: true })
  assert.deepEqual([at(NOON), at(after(60))], [{ minutes: null, after: false }, { minutes: null, after: false }])
})

test('a row says saved only once it is, and sent only once it came back', () => {
  const { priya, session } = leaders()
  const { act } = mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here')
  priya.act(act, 'writing')
  assert.equal(row(priya, session, 'Ben').saving, 'writing')
  for (const state of ['saved', 'unsaved', 'batched'] as const) {
    priya.world = { ...priya.world, outbox: priya.world.outbox.map((one) => ({ ...one, n: 1, state })) }
    assert.equal(row(priya, session, 'Ben').saving, state === 'unsaved' ? 'unsaved' : 'saved')
  }
  priya.sync()
  assert.equal(row(priya, session, 'Ben').saving, 'sent')
  assert.equal(row(priya, session, 'Chloe').saving, 'idle')
})

test('marks in two tabs that do not know of each other are both kept', () => {
  const { priya, sam, session } = leaders()
  const other = priya.tab()
  marks(priya, session, 'Ben', 'here')
  marks(other, session, 'Chloe', 'late')
  priya.act(other.world.outbox.map((one) => ({ ...one, space: spaceIn(GROUP, 'register') })))
  assert.deepEqual([row(priya, session, 'Ben').value, row(priya, session, 'Chloe').value], ['here', 'late'])
  priya.sync()
  sam.sync()
  assert.equal(view(sam, session).marked, 2)
})

test('the co-leader sees how far the other is (app.md 2)', () => {
  const { priya, sam, session } = leaders()
  for (const name of ['Ben', 'Chloe']) marks(priya, session, name, 'here')
  priya.sync()
  sam.sync()
  assert.deepEqual(view(sam, session).others, [{ name: 'Priya', marked: 2, finished: false }])
})

test('whoever comes to the other sitting this week is listed and not expected (E-27)', () => {
  const { log } = balint()
  const tuesday = planned(log, 'tue', { series: 'Tuesdays', on: '2026-11-03' })
  const thursday = planned(log, 'thu', { series: 'Thursdays', on: '2026-11-05', start: '17:30' })
  person(log, 'Hamza', { usual: 'Thursdays' })
  person(log, 'Wei Li', { usual: 'Tuesdays' })
  log.put(spaceIn(GROUP, 'room'), 'Ben', 'own', idOf('sitting'), 'sitting', {
    person: personId('Ben'), week: '2026-11-02', session: thursday,
  })
  const priya = new Phone(log, 'Priya')
  const expected = (session: Id, name: string) => row(priya, session, name).expected
  assert.deepEqual([expected(tuesday, 'Ben'), expected(thursday, 'Ben')], [false, true])
  assert.deepEqual([expected(tuesday, 'Hamza'), expected(thursday, 'Hamza')], [false, true])
  assert.deepEqual([expected(tuesday, 'Wei Li'), expected(thursday, 'Wei Li')], [true, false])
})

// -- properties --------------------------------------------------------------------------

const value = fc.constantFrom(...VALUES)
const step = fc.record({
  leader: fc.constantFrom(0, 1), name: fc.constantFrom(...PEOPLE), value, syncs: fc.boolean(),
})

/** Two leaders mark as it comes, and sync now and then. */
function played(steps: readonly { leader: number; name: string; value: MarkValue | 'none'; syncs: boolean }[]) {
  const { priya, sam, session } = leaders()
  for (const { leader, name, value: marked, syncs } of steps) {
    const phone = leader ? sam : priya
    marks(phone, session, name, marked)
    if (syncs) phone.sync()
  }
  return { priya, sam, session }
}

test('fill never touches a marked person, whoever marked them (property)', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const { priya, session } = played(steps)
    const before = new Map(view(priya, session).rows.map((one) => [one.person, one]))
    priya.act(fillBlanks(priya.world, priya.pen, priya.session(session)).act)
    for (const one of view(priya, session).rows) {
      const was = before.get(one.person)!
      if (was.state !== 'not_marked') assert.deepEqual([one.state, one.value, one.sides], [was.state, was.value, was.sides])
      else assert.equal(one.value, 'here')
    }
  }), { numRuns: 60 })
})

test('undo restores what stood, also where leaders differed (property)', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), fc.constantFrom(...PEOPLE), value, (steps, name, marked) => {
    const { priya, session } = played(steps)
    const stands = () => {
      const { state, value: agreed, sides } = row(priya, session, name)
      return [state, agreed, sides]
    }
    const before = stands()
    const { act, stood } = mark(priya.world, priya.pen, priya.session(session), personId(name), marked)
    priya.act(act)
    priya.act(undo(priya.world, priya.pen, priya.session(session), stood))
    assert.deepEqual(stands(), before)
  }), { numRuns: 60 })
})

test('both phones show the same once both have everything, and no value is dropped (property)', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const { priya, sam, session } = played(steps)
    for (const phone of [priya, sam, priya]) phone.sync()
    const told = (phone: Phone) => view(phone, session).rows.map((one) =>
      [one.person, one.state, one.value, one.sides.map((side) => `${side.by} ${side.value}`).sort()])
    assert.deepEqual(told(priya), told(sam))
    for (const one of view(priya, session).rows.filter((each) => each.state === 'differ')) {
      assert.ok(new Set(one.sides.map((side) => side.value)).size > 1)
      marks(priya, session, PEOPLE.find((name) => personId(name) === one.person)!, 'here')
      assert.equal(row(priya, session, PEOPLE.find((name) => personId(name) === one.person)!).state, 'agreed')
    }
  }), { numRuns: 60 })
})

test('a mark that was sent stays so while one of somebody else is waiting, or could not be kept', () => {
  const { priya, session } = leaders()
  priya.act(mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here').act, 'saved')
  priya.sync()
  priya.act(mark(priya.world, priya.pen, priya.session(session), personId('Chloe'), 'late').act, 'writing')
  for (const state of ['writing', 'saved', 'unsaved'] as const) {
    priya.world = { ...priya.world, outbox: priya.world.outbox.map((one) => ({ ...one, state })) }
    assert.deepEqual(['Ben', 'Chloe'].map((name) => row(priya, session, name).saving), ['sent', state])
  }
})

test('what could not be kept stays in sight when the next mark was kept, and is in it', () => {
  const { priya, session } = leaders()
  const first = mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here')
  priya.act(first.act, 'writing')
  const failed = () => priya.world.outbox.map((one) => (one.n < 0 ? { ...one, state: 'unsaved' as const } : one))
  priya.world = { ...priya.world, outbox: failed() }
  assert.deepEqual([row(priya, session, 'Ben').value, row(priya, session, 'Ben').saving], ['here', 'unsaved'])
  priya.act(mark(priya.world, priya.pen, priya.session(session), personId('Chloe'), 'late').act, 'writing')
  priya.world = { ...priya.world, outbox: priya.world.outbox.map((one) => (one.n === -2 ? { ...one, n: 7, state: 'saved' } : one)) }
  assert.deepEqual(['Ben', 'Chloe'].map((name) => [row(priya, session, name).value, row(priya, session, name).saving]),
    [['here', 'saved'], ['late', 'saved']])
  assert.deepEqual(unsent(priya.world).map((one) => one.state), ['saved'])
})
