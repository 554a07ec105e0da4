/** The status line (ux 4.2): what it says follows from what is so. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { agree } from '../../src/domain/board.ts'
import { sendApology } from '../../src/domain/apology.ts'
import { finish, mark } from '../../src/domain/register.ts'
import { saveNote } from '../../src/domain/note.ts'
import { status, unsent } from '../../src/domain/status.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import type { Net } from '../../src/domain/views.ts'
import type { Pending } from '../../src/protocol/local.ts'
import { balint, NOON, PEOPLE, personId, Phone } from './phones.ts'

const IDLE: Net = { state: 'idle', lastOkAt: NOON, clockAhead: 0, lastError: null }

function marked(): Phone {
  const { log, session } = balint()
  const priya = new Phone(log, 'Priya')
  priya.act(mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here').act)
  return priya
}

function says(phone: Phone, net: Partial<Net> = {}, now = NOON) {
  return status(phone.world, { ...IDLE, ...net }, now, 'open', false)
}

test('all sent is said only with an empty outbox', () => {
  const priya = marked()
  assert.deepEqual(says(priya), { kind: 'pending', count: 1 })
  priya.sync()
  assert.deepEqual(says(priya), { kind: 'sent', at: NOON })
})

test('sending is said only while a request is running', () => {
  assert.deepEqual(says(marked(), { state: 'busy' }), { kind: 'sending', count: 1 })
  assert.deepEqual(says(marked(), { state: 'offline' }), { kind: 'pending', count: 1 })
})

test('with nothing waiting, no signal is no error', () => {
  const priya = marked()
  priya.sync()
  assert.deepEqual(says(priya, { state: 'offline' }), { kind: 'offline' })
})

test('what waits for more than a day says since when', () => {
  assert.deepEqual(says(marked(), {}, NOON + DAY + 1), { kind: 'stuck', count: 1, since: NOON })
})

test('what was checked more than three days ago may have changed (E-11)', () => {
  const priya = marked()
  priya.sync()
  assert.deepEqual(says(priya, { state: 'offline' }, NOON + 9 * DAY), { kind: 'stale', days: 9 })
})

test('a clock that is hours wrong is said, and half an hour is wrong enough (E-04)', () => {
  const priya = marked()
  priya.sync()
  assert.deepEqual(says(priya, { clockAhead: -26 * HOUR }), { kind: 'clock', hours: 26 })
  assert.deepEqual(says(priya, { clockAhead: HOUR / 2 }), { kind: 'clock', hours: 1 })
  assert.equal(says(priya, { clockAhead: HOUR / 2 - 1 }).kind, 'sent')
})

test('what this phone could not keep comes first, then what was not accepted', () => {
  const priya = marked()
  const as = (state: Pending['state'], code: string) => {
    priya.world = { ...priya.world, outbox: priya.world.outbox.map((row) => ({ ...row, state, code })) }
    return says(priya)
  }
  assert.deepEqual(as('refused', 'role_denied'), { kind: 'refused', count: 1, code: 'role_denied' })
  assert.deepEqual(as('unsaved', 'storage_full'), { kind: 'unsaved', count: 1, code: 'storage_full' })
})

test('leaders who differ are named, once everything is sent', () => {
  const { log, session } = balint()
  const [priya, sam] = [new Phone(log, 'Priya'), new Phone(log, 'Sam')]
  for (const [phone, value] of [[priya, 'here'], [sam, 'absent']] as const) {
    phone.act(mark(phone.world, phone.pen, phone.session(session), personId('Ben'), value).act)
    phone.sync()
  }
  priya.read()
  const line = says(priya)
  assert.deepEqual(line.kind === 'differ' && [line.names, line.people, line.session.rec], [['Sam'], 1, session])
})

test('locked, revoked and made up are said as they are', () => {
  const { world } = marked()
  for (const vault of ['locked', 'revoked'] as const) assert.deepEqual(status(world, IDLE, NOON, vault, false), { kind: vault })
  assert.deepEqual(status(world, IDLE, NOON, 'open', true), { kind: 'madeup' })
})

test('finishing a register is one change, though it tells everybody', () => {
  const { log, session } = balint()
  const priya = new Phone(log, 'Priya')
  for (const name of PEOPLE) {
    priya.act(mark(priya.world, priya.pen, priya.session(session), personId(name), 'here').act)
  }
  priya.sync()
  priya.act(finish(priya.world, priya.pen, priya.session(session)))
  assert.equal(priya.world.outbox.length, 5)
  assert.deepEqual(unsent(priya.world).map((row) => [row.what, row.about]), [['mark', 'Tuesdays, Tue 27 Oct']])
})

test('a statement that was refused alone is not hidden', () => {
  const { log, session } = balint()
  const priya = new Phone(log, 'Priya')
  priya.act(mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here').act)
  priya.act(finish(priya.world, priya.pen, priya.session(session)))
  priya.world = { ...priya.world, outbox: priya.world.outbox.map((row) =>
    (row.content?.t === 'statement' ? { ...row, state: 'refused' as const, code: 'role_denied' } : row)) }
  assert.deepEqual(says(priya), { kind: 'refused', count: 1, code: 'role_denied' })
})

const state = fc.constantFrom<Pending['state']>('writing', 'saved', 'batched', 'refused', 'unsaved')
const net = fc.record<Net>({
  state: fc.constantFrom('unknown', 'idle', 'busy', 'offline'),
  lastOkAt: fc.option(fc.integer({ min: NOON - 20 * DAY, max: NOON })),
  clockAhead: fc.option(fc.integer({ min: -3 * DAY, max: 3 * DAY })),
  lastError: fc.constantFrom(null, 'busy', 'restoring', 'rate_limited'),
})

test('while anything is in the outbox the line never says that all is sent, nor nothing (ux complaint 1; property)', () => {
  const what = fc.array(fc.constantFrom('mark', 'finish', 'apology', 'note', 'agree'), { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(what, fc.array(state, { minLength: 12, maxLength: 12 }), net, fc.integer({ min: 0, max: 3 * DAY }),
    (acts, states, known, later) => {
      const { log, session } = balint()
      log.seat('Priya', 'leader', 'member')
      const phone = new Phone(log, 'Priya')
      for (const one of acts) {
        const { world, pen } = phone
        phone.act(one === 'mark' ? mark(world, pen, phone.session(session), personId('Ben'), 'here').act
          : one === 'finish' ? finish(world, pen, phone.session(session))
          : one === 'apology' ? sendApology(world, pen, phone.session(session))
          : one === 'agree' ? agree(world, pen, phone.session(session).circle)
          : saveNote(world, pen, null, { title: '', text: 'x' }, pen.random(16)))
      }
      phone.world = { ...phone.world, outbox: phone.world.outbox.map((row, place) =>
        ({ ...row, state: states[place % states.length]! })) }
      const line = status(phone.world, known, NOON + later, 'open', false)
      if (phone.world.outbox.length) {
        assert.ok(['sending', 'pending', 'stuck', 'refused', 'unsaved'].includes(line.kind), line.kind)
        if ('count' in line) assert.ok(line.count > 0 && line.count <= phone.world.outbox.length)
        if (line.kind === 'sending') assert.equal(known.state, 'busy')
      }
    }), { numRuns: 200 })
})

test('any subset of what waits still counts for something (property)', () => {
  const { log, session } = balint()
  const phone = new Phone(log, 'Priya')
  phone.act(mark(phone.world, phone.pen, phone.session(session), personId('Ben'), 'here').act)
  phone.act(finish(phone.world, phone.pen, phone.session(session)))
  fc.assert(fc.property(fc.subarray([...phone.world.outbox], { minLength: 1 }), (outbox) => {
    assert.ok(unsent({ ...phone.world, outbox }).length > 0)
  }))
})
