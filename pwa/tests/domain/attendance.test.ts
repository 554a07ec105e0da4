/** My attendance, settings, the calendar file, words of time, and the made-up group. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attendance } from '../../src/domain/attendance.ts'
import { ics } from '../../src/domain/calendar.ts'
import { madeUpPen, madeUpWorld } from '../../src/domain/madeup.ts'
import { records, spaceIn } from '../../src/domain/project.ts'
import { fillBlanks, finish, register } from '../../src/domain/register.ts'
import { groups, sessions, today } from '../../src/domain/schedule.ts'
import { setSetting, settings } from '../../src/domain/settings.ts'
import { addDays, dayWords, HOUR, instantToWall, mondayOf, timeWords } from '../../src/domain/time.ts'
import { dump, load } from '../../src/protocol/records.ts'
import type { Mark } from '../../src/protocol/merge.ts'
import { balint, FRAME, GROUP, idOf, LONDON, NOON, personId, Phone, planned, type Log } from './phones.ts'

function told(log: Log, session: string, value: Mark): void {
  log.put(spaceIn(GROUP, 'thread', personId('Ben')), 'Priya', 'own', idOf(`statement ${session}`), 'statement', {
    session: idOf(session), person: personId('Ben'), cells: [[personId('Ben'), value, idOf(`dot ${session}`, 8), []]],
  })
}

function mine(log: Log) {
  const { attended, of, lines } = attendance(new Phone(log, 'Ben').world, GROUP, NOON, LONDON)
  return [attended, of, lines.map((line) => line.mark)]
}

test('attendance counts what was recorded, and neither cancelled nor coming sessions (E-12, E-35)', () => {
  const { log } = balint()
  for (const [on, value] of [['2026-09-15', 'here'], ['2026-09-22', 'late'], ['2026-09-29', 'absent']] as const) {
    planned(log, on, { on })
    told(log, on, value)
  }
  planned(log, 'snow', { on: '2026-10-06', state: 'cancelled' })
  planned(log, 'missing', { on: '2026-10-13' })
  assert.deepEqual(mine(log), [2, 3, ['here', 'late', 'absent', 'not_recorded']])
})

test('what was before one joined does not count (E-26)', () => {
  const { log } = balint()
  planned(log, 'early', { on: '2026-09-15' })
  planned(log, 'later', { on: '2026-10-13' })
  told(log, 'later', 'here')
  const old = log.versions.find(({ version }) => version.rec === idOf('roster Ben'))!.version
  log.put(FRAME, 'Priya', 'lead', idOf('roster Ben'), 'person', { person: personId('Ben'), name: 'Ben', from_on: '2026-10-01' }, [old.id])
  assert.deepEqual(mine(log), [1, 1, ['here']])
})

test('of linked sittings a week counts once, whichever was attended (E-27)', () => {
  const { log } = balint()
  planned(log, 'tue', { on: '2026-10-20', series: 'Tuesdays' })
  planned(log, 'thu', { on: '2026-10-22', series: 'Thursdays' })
  told(log, 'thu', 'here')
  assert.deepEqual(mine(log), [1, 1, ['here']])
  told(log, 'tue', 'here')
  assert.deepEqual(mine(log), [1, 1, ['here']])
})

// -- settings ------------------------------------------------------------------------------

test('a setting is kept once, and two phones that set different things have set both', () => {
  const { log } = balint()
  const [here, there] = [new Phone(log, 'Ben'), new Phone(log, 'Ben')]
  here.act(setSetting(here.world, here.pen, 'theme', 'dark'))
  there.act(setSetting(there.world, there.pen, 'text', 'large'))
  for (const phone of [here, there, here]) phone.sync()
  assert.deepEqual({ ...settings(here.world) }, { theme: 'dark', text: 'large' })
  here.act(setSetting(here.world, here.pen, 'theme', 'dark'))
  assert.equal(here.world.outbox.length, 1, 'two heads are settled')
  assert.deepEqual(setSetting(here.world, here.pen, 'theme', 'dark'), [])
})

test('however much was seen, the settings fit their record', () => {
  const { log } = balint()
  const ben = new Phone(log, 'Ben')
  ben.act(setSetting(ben.world, ben.pen, 'theme', 'dark'))
  for (let n = 0; n < 250; n++) {
    ben.act(setSetting(ben.world, ben.pen, `seen:${idOf(`${n}`)}`, `2026-10-27T${String(n).padStart(3, '0')}`))
  }
  const kept = settings(ben.world)
  assert.deepEqual([kept.theme, Object.keys(kept).length], ['dark', 121])
  assert.ok(kept[`seen:${idOf('249')}`] && !kept[`seen:${idOf('100')}`])
})

// -- calendar ------------------------------------------------------------------------------

test('a calendar file is one event in UTC, without names, link or passcode', () => {
  const { log } = balint()
  const rec = planned(log, 'online', { link: 'https://meet.example/x', passcode: '1234', place: 'Room 4' })
  const file = ics(new Phone(log, 'Ben').session(rec), { title: 'Teaching, with tea; and cake' })
  assert.ok(file.includes('\r\nDTSTART:20261027T130000Z\r\nDTEND:20261027T140000Z\r\n'))
  assert.ok(file.includes('\r\nSUMMARY:Teaching\\, with tea\\; and cake\r\n'))
  assert.equal(file.match(/BEGIN:VEVENT/g)?.length, 1)
  for (const secret of ['meet.example', '1234', 'Priya', 'Sam', 'Tuesdays', 'Room 4']) assert.ok(!file.includes(secret))
})

test('a calendar file has no line of more than 75 bytes, and says the same unfolded (property)', () => {
  const { log, session } = balint()
  const view = new Phone(log, 'Ben').session(session)
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (title) => {
    const file = ics(view, { title: title.replace(/[\r\n]/g, ' ') })
    for (const line of file.split('\r\n')) assert.ok(new TextEncoder().encode(line).length <= 75)
    const summary = file.replaceAll('\r\n ', '').split('\r\n').find((line) => line.startsWith('SUMMARY:'))!
    assert.equal(summary.slice(8).replace(/\\([\\;,])/g, '$1'), title.replace(/[\r\n]/g, ' '))
  }))
})

// -- words -----------------------------------------------------------------------------------

test('times are said as people say them', () => {
  assert.deepEqual(['13:00', '12:30', '08:42', '00:05', '12:00', '00:00', '17:05'].map(timeWords),
    ['1pm', '12:30pm', '8:42am', '12:05am', 'midday', 'midnight', '5:05pm'])
})

test('days are said with their name, and with the year where it is asked for', () => {
  assert.deepEqual([dayWords('2027-01-12'), dayWords('2027-01-12', 'full'), dayWords('2026-10-27', 'short'), dayWords('2026-10-27', 'weekday')],
    ['Tuesday 12 January', 'Tuesday 12 January 2027', 'Tue 27 Oct', 'Tuesday'])
})

test('a week begins on Monday, whatever the day (property)', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2000 }), (days) => {
    const on = addDays('2026-01-01', days)
    const monday = mondayOf(on)
    assert.equal(new Date(monday).getUTCDay(), 1)
    assert.ok(monday <= on && on < addDays(monday, 7))
  }))
})

// -- the made-up group -------------------------------------------------------------------------

const moment = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2029-01-01') })

test('the made-up group shows the whole job, whenever it is opened (property)', () => {
  fc.assert(fc.property(moment, (now) => {
    const leader = madeUpWorld(now, 'leader')
    const view = today(leader, now, LONDON)
    const minutes = (view.next!.when.starts - now) / 60_000
    assert.ok(minutes >= 15 && minutes < 20, `${minutes}`)
    const kinds = view.todos.map((todo) => todo.kind)
    for (const kind of ['register', 'differ', 'changed', 'notice']) assert.ok(kinds.includes(kind as never), kind)
    const all = sessions(leader, view.next!.circle, now, LONDON)
    assert.ok(all.some((one) => one.cancelled))
    assert.ok(register(leader, view.next!, now).rows.some((row) => row.apology?.reason))
    assert.ok(groups(leader, now, LONDON)[0]!.dates.some((line) => line.kind === 'gap' && line.weeks >= 6))
    assert.deepEqual(today(madeUpWorld(now), now, LONDON).todos.map((todo) => todo.kind), ['changed', 'rules', 'notice'])
  }), { numRuns: 40 })
})

test('the made-up group has twelve members, and every record of it is one that programs take', () => {
  for (const role of ['member', 'leader'] as const) {
    const world = madeUpWorld(NOON, role)
    for (const space of world.spaces.values()) {
      for (const { content } of space.versions) assert.equal(load(dump(content!)).unknown, false)
    }
    const [view] = groups(world, NOON, LONDON)
    assert.equal(view!.people.filter((one) => one.roles.includes('member')).length, 12)
    assert.equal(records(world, spaceIn(view!.circle, 'thread', idOf('nobody')), 'apology').length, 0)
  }
})

test('what is done in the made-up group stands like anything else', () => {
  const world = madeUpWorld(NOON, 'leader')
  const session = today(world, NOON, LONDON).next!
  const pen = madeUpPen(world, NOON)
  const outbox = [...fillBlanks(world, pen, session).act].map((intent, n) => ({
    ...intent, n: n + 1, state: 'saved' as const, space: pen.spaceId(intent.space), code: null, at: NOON,
  }))
  const after = { ...world, outbox }
  assert.equal(register(after, session, NOON).marked, 10)
  const act = finish(after, madeUpPen(after, NOON), session)
  assert.equal(act.filter((intent) => intent.content?.t === 'statement').length, 8)
  for (const intent of act) assert.equal(load(dump(intent.content!)).unknown, false)
})

test('the made-up session keeps its time on the wall across a clock change', () => {
  const now = Date.parse('2027-03-26T11:00:00Z')
  const world = madeUpWorld(now, 'leader')
  const { circle } = today(world, now, LONDON).next!
  const starts = sessions(world, circle, now, LONDON).filter((one) => one.series === 'Fridays').map((one) => one.when)
  assert.equal(new Set(starts.map((when) => instantToWall(when.starts, LONDON).start)).size, 1)
  assert.equal(new Set(starts.map((when) => (when.starts / HOUR) % 24)).size, 2)
})
