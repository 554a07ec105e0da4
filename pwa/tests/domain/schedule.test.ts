/** When the group meets, as one of its people sees it: sessions, groups, Today. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseSitting, seeChange, seeNotice, sittings } from '../../src/domain/board.ts'
import { group, groups, help, sessions, today } from '../../src/domain/schedule.ts'
import { mark } from '../../src/domain/register.ts'
import { spaceIn } from '../../src/domain/project.ts'
import { DAY } from '../../src/domain/time.ts'
import type { Fields } from '../../src/domain/fields.ts'
import type { Id } from '../../src/protocol/local.ts'
import {
  after, balint, FRAME, GROUP, idOf, LONDON, Log, NOON, person, personId, Phone, planned, programme,
} from './phones.ts'

function all(phone: Phone, zone = LONDON) {
  return sessions(phone.world, GROUP, phone.now, zone)
}

function change(log: Log, rec: Id, by: string, more: Partial<Fields['session']>): void {
  const old = log.versions.findLast(({ version }) => version.rec === rec)!.version
  log.put(FRAME, by, 'lead', rec, 'session', { ...(old.content as unknown as Fields['session']), ...more }, [old.id])
}

const moved = (by: string, at: string) => ({ what: 'place', before: 'Room 4', after: 'Room 12', by: personId(by), at })

// -- times -------------------------------------------------------------------------------

test('a weekly session is at one o’clock on both sides of both clock changes (E-01)', () => {
  const { log } = balint()
  for (const on of ['2026-10-20', '2027-03-23', '2027-03-30']) planned(log, on, { on })
  const at = all(new Phone(log, 'Ben')).map(({ when }) => [when.on, when.start, new Date(when.starts).toISOString().slice(11, 16)])
  assert.deepEqual(at, [
    ['2026-10-20', '13:00', '12:00'], ['2026-10-27', '13:00', '13:00'],
    ['2027-03-23', '13:00', '13:00'], ['2027-03-30', '13:00', '12:00'],
  ])
})

test('a phone elsewhere is told its own time too, and one at home is not (E-03)', () => {
  const { log, session } = balint()
  const ben = new Phone(log, 'Ben')
  assert.equal(ben.session(session).when.here, null)
  assert.equal(ben.session(session, 'Europe/Lisbon').when.here, null)
  assert.deepEqual(ben.session(session, 'Asia/Tokyo').when.here, { on: '2026-10-27', start: '22:00', end: '23:00' })
  assert.deepEqual(ben.session(session, 'Pacific/Auckland').when.here, { on: '2026-10-28', start: '02:00', end: '03:00' })
})

test('a zone that this phone does not know hides no session', () => {
  const { log } = balint()
  const rec = planned(log, 'far', { tz: 'Mars/Base' })
  assert.equal(new Phone(log, 'Ben').session(rec).when.start, '13:00')
})

test('cancelled sessions have no number and take none (E-12)', () => {
  const { log } = balint()
  planned(log, 'snow', { on: '2026-10-20', state: 'cancelled', reason: 'Snow' })
  planned(log, 'first', { on: '2026-10-13' })
  assert.deepEqual(all(new Phone(log, 'Ben')).map((one) => one.number), [1, 0, 2])
})

test('a session is on from half an hour before its start to its end', () => {
  const { log, session } = balint()
  const ben = new Phone(log, 'Ben')
  const phases = [-31, -30, 0, 59, 60].map((minutes) => {
    ben.now = after(minutes)
    return ben.session(session).phase
  })
  assert.deepEqual(phases, ['future', 'now', 'now', 'now', 'past'])
})

// -- people ------------------------------------------------------------------------------

test('two of one name are told apart by what is written, else by their id (E-23)', () => {
  const { log } = balint()
  person(log, 'Mo 1', { name: 'Mohammed Ali Khan', second: 'Y3' })
  person(log, 'Mo 2', { name: 'Mohammed Ali Khan' })
  person(log, 'Siân', { name: 'Siân Ó Briain-Okafor', second: 'Y4' })
  const labels = group(new Phone(log, 'Priya').world, GROUP, NOON, LONDON)!.people.map((one) => one.label)
  assert.ok(labels.includes('Mohammed Ali Khan (Y3)'))
  assert.ok(labels.includes('Siân Ó Briain-Okafor'))
  assert.equal(labels.filter((label) => /^Mohammed Ali Khan \([0-9a-f]{4}\)$/.test(label)).length, 1)
})

test('whoever is on leave is not asked, and has missed nothing (E-32)', () => {
  const { log, session } = balint()
  const old = log.versions.find(({ version }) => version.rec === idOf('roster Ben'))!.version
  log.put(FRAME, 'Priya', 'lead', idOf('roster Ben'), 'person', {
    person: personId('Ben'), name: 'Ben', leave: [{ first_on: '2026-10-01', last_on: '2026-12-01' }],
  }, [old.id])
  const ben = new Phone(log, 'Ben')
  ben.now = after(90)
  assert.deepEqual([ben.session(session).iAttend, ben.session(session).mine], [false, 'none'])
})

// -- changes -----------------------------------------------------------------------------

test('a change that others made is told until it was seen, and one’s own is not (E-11)', () => {
  const { log, session } = balint()
  change(log, session, 'Sam', { place: 'Room 12', changes: [moved('Sam', '2026-10-26T09:00:00Z')] })
  const [ben, sam] = [new Phone(log, 'Ben'), new Phone(log, 'Sam')]
  const kinds = (phone: Phone) => today(phone.world, phone.now, LONDON).todos.map((todo) => todo.kind)
  assert.deepEqual(ben.session(session).news.map((one) => [one.before, one.after, one.by]), [['Room 4', 'Room 12', 'Sam']])
  assert.ok(kinds(ben).includes('changed'))
  assert.ok(!kinds(sam).includes('changed'))
  ben.act(seeChange(ben.world, ben.pen, ben.session(session)))
  assert.deepEqual([ben.session(session).news.length, ben.session(session).changes.length], [0, 1])
  assert.deepEqual(seeChange(ben.world, ben.pen, ben.session(session)), [])
})

test('a cancelled session is told, and nothing is asked about it (E-12)', () => {
  const { log, session } = balint()
  const row = { what: 'state', before: 'planned', after: 'cancelled', by: personId('Sam'), at: '2026-10-27T09:00:00Z' }
  change(log, session, 'Sam', { state: 'cancelled', reason: 'Snow', changes: [row] })
  const [ben, priya] = [new Phone(log, 'Ben'), new Phone(log, 'Priya')]
  assert.deepEqual(today(ben.world, NOON, LONDON).todos.map((todo) => todo.kind), ['changed'])
  priya.now = after(10)
  assert.deepEqual(today(priya.world, priya.now, LONDON).todos.map((todo) => todo.kind), ['changed'])
  assert.equal(today(ben.world, NOON, LONDON).next, null)
})

test('a notice waits until it was seen, or for a month', () => {
  const { log } = balint()
  log.put(FRAME, 'Sam', 'lead', idOf('notice'), 'notice', { text: 'Tea first', at: '2026-10-20T09:00:00Z' })
  const ben = new Phone(log, 'Ben')
  const waits = (now = NOON) => today(ben.world, now, LONDON).todos.some((todo) => todo.kind === 'notice')
  assert.deepEqual([waits(), waits(NOON + 30 * DAY)], [true, false])
  ben.act(seeNotice(ben.world, ben.pen, idOf('notice')))
  assert.equal(waits(), false)
  assert.equal(group(ben.world, GROUP, NOON, LONDON)!.notices.length, 1)
})

// -- today -------------------------------------------------------------------------------

test('the next session is the one that is not over, also while it runs', () => {
  const { log, session } = balint()
  const next = planned(log, 'next', { on: '2026-11-03' })
  const ben = new Phone(log, 'Ben')
  const at = (minutes: number) => today(ben.world, after(minutes), LONDON).next?.rec
  assert.deepEqual([at(-10), at(59), at(60)], [session, session, next])
})

test('in a long gap Today says the first date after it, and nobody has missed anything (E-06)', () => {
  const { log } = balint()
  const back = planned(log, 'back', { on: '2027-01-12' })
  const ben = new Phone(log, 'Ben')
  ben.now = Date.parse('2026-12-01T09:00:00Z')
  const view = today(ben.world, ben.now, LONDON)
  assert.deepEqual([view.next, view.later?.rec], [null, back])
  assert.equal(view.later?.mine, 'none')
})

test('a long gap stands between the dates in words, with what the programme calls it (E-06)', () => {
  const { log } = balint()
  for (const on of ['2026-11-03', '2026-11-10', '2027-01-05', '2027-01-12']) planned(log, on, { on })
  programme(log, { closed: [{ first_on: '2026-12-14', last_on: '2027-01-03', name: 'Christmas' }] })
  const { dates } = group(new Phone(log, 'Ben').world, GROUP, NOON, LONDON)!
  assert.deepEqual(dates.map((line) => (line.kind === 'gap' ? line : line.session.when.on)), [
    '2026-10-27', '2026-11-03', '2026-11-10', { kind: 'gap', weeks: 8, resumes: '2027-01-05', why: 'Christmas' },
    '2027-01-05', '2027-01-12',
  ])
})

test('a group that meets once a month has no gaps', () => {
  const { log } = balint()
  for (const on of ['2026-11-24', '2026-12-22', '2027-01-26']) planned(log, on, { on })
  const { dates } = group(new Phone(log, 'Ben').world, GROUP, NOON, LONDON)!
  assert.ok(dates.every((line) => line.kind === 'session'))
})

test('a leader is asked for the register from half an hour before, until a day after', () => {
  const { log, session } = balint()
  const priya = new Phone(log, 'Priya')
  const kinds = (minutes: number) =>
    today(priya.world, after(minutes), LONDON).todos.filter((todo) => todo.kind.startsWith('register')).map((todo) => todo.kind)
  assert.deepEqual([-31, -30, 60, 60 + 24 * 60 - 1, 60 + 24 * 60, 60 + 14 * 24 * 60].map(kinds),
    [[], ['register'], ['register'], ['register'], ['register_missing'], []])
  priya.act(mark(priya.world, priya.pen, priya.session(session), personId('Ben'), 'here').act)
  const [todo] = today(priya.world, after(0), LONDON).todos
  assert.deepEqual(todo?.kind === 'register' && [todo.marked, todo.of], [1, 5])
})

test('a member is never asked for a register', () => {
  const { log } = balint()
  const todos = today(new Phone(log, 'Ben').world, after(5), LONDON).todos
  assert.deepEqual(todos, [])
})

test('leaders who differ are told about how many people, and with whom', () => {
  const { log, session } = balint()
  const [priya, sam] = [new Phone(log, 'Priya'), new Phone(log, 'Sam')]
  for (const [phone, value] of [[priya, 'here'], [sam, 'absent']] as const) {
    phone.act(mark(phone.world, phone.pen, phone.session(session), personId('Ben'), value).act)
    phone.sync()
  }
  priya.read()
  const found = today(priya.world, after(1), LONDON).todos.find((todo) => todo.kind === 'differ')
  assert.deepEqual(found?.kind === 'differ' && [found.people, found.names], [1, ['Sam']])
})

// -- linked sittings (E-27) ----------------------------------------------------------------

function linkedSittings(): { log: Log; tuesday: Id; thursday: Id } {
  const { log } = balint()
  const tuesday = planned(log, 'tue', { series: 'Tuesdays', on: '2026-11-03' })
  const thursday = planned(log, 'thu', { series: 'Thursdays', on: '2026-11-05', start: '17:30' })
  const old = log.versions.find(({ version }) => version.rec === idOf('roster Ben'))!.version
  log.put(FRAME, 'Priya', 'lead', idOf('roster Ben'), 'person', {
    person: personId('Ben'), name: 'Ben', usual: 'Tuesdays',
  }, [old.id])
  return { log, tuesday, thursday }
}

test('this week’s sitting is the usual one until another is chosen, for this week only', () => {
  const { log, tuesday, thursday } = linkedSittings()
  const nextTuesday = planned(log, 'tue 2', { series: 'Tuesdays', on: '2026-11-10' })
  planned(log, 'thu 2', { series: 'Thursdays', on: '2026-11-12', start: '17:30' })
  const ben = new Phone(log, 'Ben')
  ben.now = Date.parse('2026-11-02T09:00:00Z')
  const next = () => today(ben.world, ben.now, LONDON).next?.rec
  assert.deepEqual([today(ben.world, ben.now, LONDON).week.map((one) => one.rec), next()], [[tuesday, thursday], tuesday])
  ben.act(chooseSitting(ben.world, ben.pen, GROUP, '2026-11-03', thursday))
  assert.deepEqual([...sittings(ben.world, GROUP, '2026-11-06')], [[personId('Ben'), thursday]])
  assert.equal(next(), thursday)
  ben.act(chooseSitting(ben.world, ben.pen, GROUP, '2026-11-03', null))
  assert.equal(next(), nextTuesday)
})

test('once this week’s sittings are over next week’s can be chosen, and its Monday is named', () => {
  const { log } = linkedSittings()
  const ben = new Phone(log, 'Ben')
  const week = (day: string) => today(ben.world, Date.parse(`${day}T09:00:00Z`), LONDON).weekOn
  assert.deepEqual([week('2026-10-28'), week('2026-11-04'), week('2026-11-06')], ['2026-11-02', '2026-11-02', null])
})

test('a choice counts for oneself only', () => {
  const { log, thursday } = linkedSittings()
  log.put(spaceIn(GROUP, 'room'), 'Chloe', 'own', idOf('forged'), 'sitting', {
    person: personId('Ben'), week: '2026-11-02', session: thursday,
  })
  assert.equal(sittings(new Phone(log, 'Ben').world, GROUP, '2026-11-03').size, 0)
})

// -- groups --------------------------------------------------------------------------------

test('a group that one was removed from stays readable, says so, and asks for nothing', () => {
  const { log, session } = balint()
  const ben = new Phone(log, 'Ben')
  log.seat('Ben')
  ben.read()
  const [view] = groups(ben.world, NOON, LONDON)
  assert.deepEqual([view?.removed, view?.dates.length], [true, 1])
  assert.deepEqual([today(ben.world, NOON, LONDON).groups, today(ben.world, NOON, LONDON).todos], [0, []])
  assert.equal(ben.session(session).iAttend, false)
})

test('who can see what follows the seats, by the table of spaces', () => {
  const { log } = balint()
  log.seat('Alex', 'coordinator')
  person(log, 'Alex', { roles: ['coordinator'] })
  const { audiences } = group(new Phone(log, 'Ben').world, GROUP, NOON, LONDON)!
  const readers = Object.fromEntries(audiences.map((one) => [one.space, one.readers]))
  assert.deepEqual(readers['register'], ['Alex', 'Priya', 'Sam'])
  assert.deepEqual(readers['leaders'], ['Priya', 'Sam'])
  assert.deepEqual(readers['thread'], ['Ben', 'Priya', 'Sam'])
  assert.deepEqual(readers['personal'], ['Ben'])
  assert.ok(!readers['room']!.includes('Alex') && readers['frame']!.includes('Alex'))
})

test('help is what the programme lists, with where it comes from and when it was checked', () => {
  const { log } = balint()
  const contact = { name: 'Occupational health', reach: 'Ask at the desk', source: 'the trust', checked_on: '2026-09-01' }
  programme(log, { help: [contact, contact] })
  assert.deepEqual(help(new Phone(log, 'Ben').world), [{
    name: 'Occupational health', reach: 'Ask at the desk', forWhom: null, hours: null,
    source: 'the trust', checkedOn: '2026-09-01',
  }])
})

test('a programme counts only where its log lists the group', () => {
  const { log } = balint()
  log.listed = []
  assert.equal(group(new Phone(log, 'Ben').world, GROUP, NOON, LONDON)!.purpose, null)
  assert.equal(new Phone(log, 'Ben').session(idOf('session')).apology.groupSees, false)
})
