/** Records as people see them: heads joined, the outbox on top (PROTOCOL 14.3, 14.4). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join, records, same, spaceIn } from '../../src/domain/project.ts'
import type { Fields } from '../../src/domain/fields.ts'
import type { Id } from '../../src/protocol/local.ts'
import { balint, FRAME, GROUP, idOf, personId, Phone, planned, type Log } from './phones.ts'

const REC = idOf('session')
type Session = Fields['session']

function written(log: Log, by: string, change: Partial<Session>, on: readonly Id[]): Id {
  const base = log.versions.find(({ version }) => version.rec === REC)!.version.content as unknown as Session
  const { t: _type, v: _version, ...fields } = { t: '', v: 1, ...base, ...change }
  return log.put(FRAME, by, 'lead', REC, 'session', fields, on)
}

function first(log: Log): Id {
  return log.versions.find(({ version }) => version.rec === REC)!.version.id
}

function shown(phone: Phone) {
  return records(phone.world, FRAME, 'session').find((item) => item.rec === REC)!
}

test('two who changed different fields apart have both changed them', () => {
  const { log } = balint()
  const base = first(log)
  written(log, 'Priya', { place: 'Room 4' }, [base])
  written(log, 'Sam', { start: '13:30' }, [base])
  const item = shown(new Phone(log, 'Ben'))
  assert.deepEqual([item.fields.place, item.fields.start, item.differ], ['Room 4', '13:30', {}])
})

test('where two changed the same field both values are shown, and a newer version settles it', () => {
  const { log } = balint()
  const base = first(log)
  const sides = [written(log, 'Priya', { place: 'Room 4' }, [base]), written(log, 'Sam', { place: 'Room 5' }, [base])]
  const ben = new Phone(log, 'Ben')
  assert.deepEqual([...shown(ben).differ['place']!].sort(), ['Room 4', 'Room 5'])
  assert.deepEqual([...shown(ben).base].sort(), sides.sort())
  written(log, 'Priya', { place: 'Room 5' }, sides)
  ben.read()
  assert.deepEqual([shown(ben).fields.place, shown(ben).differ], ['Room 5', {}])
})

test('without the version that both come from every difference is shown', () => {
  const { log } = balint()
  written(log, 'Priya', { place: 'Room 4' }, [idOf('never came', 32)])
  written(log, 'Sam', { start: '13:30' }, [first(log)])
  assert.deepEqual(Object.keys(shown(new Phone(log, 'Ben')).differ).sort(), ['place', 'start'])
})

test('changes that two told apart are all told, each once, oldest first', () => {
  const { log } = balint()
  const base = first(log)
  const told = (what: string, by: string, at: string) => ({ what, by: personId(by), at, after: what })
  const old = told('link', 'Sam', '2026-10-20T09:00:00Z')
  const place = told('place', 'Priya', '2026-10-26T09:00:00Z')
  const when = told('when', 'Sam', '2026-10-25T09:00:00Z')
  written(log, 'Priya', { place: 'Room 4', changes: [old, place] }, [base])
  written(log, 'Sam', { start: '13:30', changes: [old, when] }, [base])
  assert.deepEqual(shown(new Phone(log, 'Ben')).fields.changes, [old, when, place])
})

test('what is in the outbox lies on top of what it was written on, and nothing else is hidden', () => {
  const { log } = balint()
  const priya = new Phone(log, 'Priya')
  const { base, fields } = shown(priya)
  const intent = {
    space: FRAME, rule: 'lead', rec: REC, base, editor: idOf('editor'),
    content: { t: 'session', v: 1, ...fields, place: 'Room 9' },
  } as const
  priya.act([intent])
  assert.deepEqual([shown(priya).fields.place, shown(priya).pending], ['Room 9', true])
  priya.act([{ ...intent, content: { ...intent.content, place: 'Room 10' } }])
  assert.deepEqual([shown(priya).fields.place, shown(priya).differ], ['Room 10', {}])
  priya.sync()
  assert.deepEqual([shown(priya).fields.place, shown(priya).pending], ['Room 10', false])
})

test('what was opened on a version of one’s own goes on when that version has been sent', () => {
  const { log } = balint()
  const priya = new Phone(log, 'Priya')
  const content = { t: 'session', v: 1, ...shown(priya).fields, place: 'Room 9' }
  const intent = { space: FRAME, rule: 'lead', rec: REC, base: shown(priya).base, editor: idOf('one'), content } as const
  priya.act([intent])
  const opened = shown(priya).base
  priya.sync()
  priya.act([{ ...intent, base: opened, editor: idOf('two'), content: { ...content, place: 'Room 10' } }])
  assert.deepEqual([shown(priya).fields.place, shown(priya).differ], ['Room 10', {}])
})

test('a deletion that another changed apart is no deletion', () => {
  const { log } = balint()
  const base = first(log)
  log.add(FRAME, idOf('account Priya'), 'lead', REC, null, [base])
  const ben = new Phone(log, 'Ben')
  assert.equal(records(ben.world, FRAME, 'session').length, 0)
  written(log, 'Sam', { place: 'Room 4' }, [base])
  ben.read()
  assert.equal(shown(ben).fields.place, 'Room 4')
  assert.equal(shown(ben).base.length, 2)
})

test('what a newer app wrote is kept and hides nothing', () => {
  const { log } = balint()
  const phone = new Phone(log, 'Ben')
  const spaces = new Map([...phone.world.spaces].map(([id, space]) => [id, {
    ...space, versions: [...space.versions, {
      id: idOf('newer', 32), account: idOf('account Sam'), rule: 'lead' as const, rec: idOf('rota'),
      parents: [], content: { t: 'session', v: 2 }, unknown: true, live: true,
    }],
  }]))
  phone.world = { ...phone.world, spaces }
  assert.equal(records(phone.world, FRAME, 'session').length, 1)
})

test('what was asked for once is the same object until its space or its outbox is another', () => {
  const { log } = balint()
  const priya = new Phone(log, 'Priya')
  const before = records(priya.world, FRAME, 'person')
  priya.act([{
    space: spaceIn(GROUP, 'register'), rule: 'own', rec: idOf('sheet'), base: [], editor: idOf('editor'),
    content: { t: 'sheet', v: 1, session: REC, cells: [], finished: false },
  }])
  assert.equal(records(priya.world, FRAME, 'person'), before)
  planned(log, 'another')
  priya.read()
  assert.notEqual(records(priya.world, FRAME, 'person'), before)
})

test('joining takes what one side changed, whatever the other left alone', () => {
  const base = { a: 1, b: 1, c: 1 }
  assert.deepEqual(join(base, [{ a: 2, b: 1 }, { a: 1, b: 3, c: 1 }]), { fields: { a: 2, b: 3 }, differ: {} })
})

test('equal JSON is equal whatever the order of its names', () => {
  assert.ok(same({ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1, { b: null }] }))
  for (const other of [{ a: 1 }, { a: [1] }, { a: [1, 2], b: 1 }, [1, 2], null]) assert.ok(!same({ a: [1, 2] }, other))
})
