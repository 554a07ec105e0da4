/** Saying that one cannot come (E-08 to E-10), and agreeing to the rules. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendApology, withdrawApology } from '../../src/domain/apology.ts'
import { agree } from '../../src/domain/board.ts'
import { mark, register } from '../../src/domain/register.ts'
import { group, today } from '../../src/domain/schedule.ts'
import { spaceIn } from '../../src/domain/project.ts'
import type { Id } from '../../src/protocol/local.ts'
import { after, balint, FRAME, GROUP, idOf, LONDON, NOON, personId, Phone, programme } from './phones.ts'

function three(): { session: Id; ben: Phone; priya: Phone; chloe: Phone } {
  const { log, session } = balint()
  return { session, ben: new Phone(log, 'Ben'), priya: new Phone(log, 'Priya'), chloe: new Phone(log, 'Chloe') }
}

function rowOfBen(phone: Phone, session: Id) {
  return register(phone.world, phone.session(session), phone.now).rows.find((row) => row.person === personId('Ben'))!
}

test('apologies say who reads them, and stand on this phone at once', () => {
  const { session, ben } = three()
  assert.deepEqual(ben.session(session).apology, {
    state: 'none', reason: null, writtenAt: null, pending: false, readers: ['Priya', 'Sam'], groupSees: true,
  })
  ben.act(sendApology(ben.world, ben.pen, ben.session(session)))
  const { state, pending, writtenAt } = ben.session(session).apology
  assert.deepEqual([state, pending, writtenAt], ['sent', true, NOON])
})

test('the leaders read the reason; the group learns only that there is an apology', () => {
  const { session, ben, priya, chloe } = three()
  ben.act(sendApology(ben.world, ben.pen, ben.session(session), 'On nights'))
  ben.sync()
  const room = ben.log.versions.filter(({ space }) => space.kind === 'room')
  assert.deepEqual(room.map(({ version }) => version.content), [
    { t: 'apology_flag', v: 1, session, withdrawn: false, person: personId('Ben') },
  ])
  priya.read()
  assert.deepEqual(rowOfBen(priya, session).apology, { inTime: true, reason: 'On nights', writtenAt: NOON })
  chloe.read()
  const { spaces } = chloe.world
  chloe.world = { ...chloe.world, spaces: new Map([...spaces].filter(([, space]) => space.kind !== 'thread')) }
  assert.deepEqual(rowOfBen(chloe, session).apology, { inTime: true, reason: null, writtenAt: null })
})

test('where the programme shows apologies to leaders only, nothing is written for the group', () => {
  const { session, ben } = three()
  programme(ben.log, { apologies_shown: 'leaders' })
  ben.read()
  const act = sendApology(ben.world, ben.pen, ben.session(session))
  assert.deepEqual(act.map((intent) => intent.space.kind), ['thread'])
})

test('an apology written before the start counts as before it, whenever it arrives (E-08)', () => {
  const { session, ben, priya } = three()
  ben.act(sendApology(ben.world, ben.pen, ben.session(session)))
  ben.now = priya.now = after(100)
  ben.sync()
  priya.read()
  assert.equal(rowOfBen(priya, session).apology?.inTime, true)
})

test('one written after the start says so (E-09), and a reason given later makes none late', () => {
  const { session, ben, priya } = three()
  ben.act(sendApology(ben.world, ben.pen, ben.session(session)))
  ben.now = after(10)
  ben.act(sendApology(ben.world, ben.pen, ben.session(session), '  Ill  '))
  ben.sync()
  priya.read()
  assert.deepEqual(rowOfBen(priya, session).apology, { inTime: true, reason: 'Ill', writtenAt: NOON })
  ben.act(withdrawApology(ben.world, ben.pen, ben.session(session)))
  ben.act(sendApology(ben.world, ben.pen, ben.session(session)))
  ben.sync()
  priya.read()
  assert.deepEqual([rowOfBen(priya, session).apology?.inTime, rowOfBen(priya, session).apology?.reason], [false, null])
})

test('who takes apologies back is expected again, and what the register says wins (E-10)', () => {
  const { session, ben, priya } = three()
  ben.act(sendApology(ben.world, ben.pen, ben.session(session), 'Rota'))
  ben.act(withdrawApology(ben.world, ben.pen, ben.session(session)))
  const { state, reason } = ben.session(session).apology
  assert.deepEqual([state, reason], ['withdrawn', null])
  ben.sync()
  priya.read()
  assert.equal(rowOfBen(priya, session).apology, null)
  priya.act(mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here').act)
  assert.equal(rowOfBen(priya, session).value, 'here')
})

test('nobody sends apologies for another', () => {
  const { session, ben, priya } = three()
  ben.log.put(spaceIn(GROUP, 'room'), 'Chloe', 'own', idOf('flag'), 'apology_flag', {
    session, person: personId('Ben'), withdrawn: false,
  })
  ben.log.put(spaceIn(GROUP, 'thread', personId('Ben')), 'Priya', 'own', idOf('apology'), 'apology', {
    session, written_at: '2026-10-27T09:00:00Z', withdrawn: false,
  })
  priya.read()
  ben.read()
  assert.equal(rowOfBen(priya, session).apology, null)
  assert.equal(ben.session(session).apology.state, 'none')
})

test('a leader who attends nothing has nothing to send', () => {
  const { session, priya } = three()
  assert.deepEqual(sendApology(priya.world, priya.pen, priya.session(session)), [])
})

test('new rules are asked about once, and leaders see who has agreed to this version', () => {
  const { ben, priya } = three()
  const rules = (version: number, on: Id[] = []) =>
    ben.log.put(FRAME, 'Priya', 'lead', idOf('rules'), 'rules', { version, rules: ['What is said here stays here.'] }, on)
  const asked = () => today(ben.world, NOON, LONDON).todos.some((todo) => todo.kind === 'rules')
  const first = rules(1)
  ben.read()
  assert.equal(asked(), true)
  ben.act(agree(ben.world, ben.pen, GROUP))
  assert.equal(asked(), false)
  assert.equal(group(ben.world, GROUP, NOON, LONDON)!.rules!.agreementPending, true)
  ben.sync()
  rules(2, [first])
  ben.read()
  priya.read()
  assert.equal(asked(), true)
  const agreed = (phone: Phone) => group(phone.world, GROUP, NOON, LONDON)!.rules!
  assert.deepEqual([agreed(ben).agreedVersion, agreed(ben).version, agreed(ben).members], [1, 2, []])
  ben.act(agree(ben.world, ben.pen, GROUP))
  ben.sync()
  priya.read()
  assert.deepEqual(agreed(priya).members.filter((one) => one.agreed).map((one) => one.label), ['Ben'])
})
