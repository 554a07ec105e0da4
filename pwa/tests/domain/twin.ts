/**
 * The app's domain as a helper process: each line is a world with a question, each answer a line.
 * `tests/pwa/test_domain_desk.py` asks it what Python's desk is asked, about the same records.
 */

import { createHmac, randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { sendApology, withdrawApology } from '../../src/domain/apology.ts'
import { agree, chooseSitting, seeChange, sittings } from '../../src/domain/board.ts'
import { deleteNote, notes, openNote, saveNote } from '../../src/domain/note.ts'
import { records, spaceIn } from '../../src/domain/project.ts'
import { addVisitor, fillBlanks, finish, mark, register, statementsDue } from '../../src/domain/register.ts'
import { group, groups, session, sessions } from '../../src/domain/schedule.ts'
import { setSetting, settings } from '../../src/domain/settings.ts'
import type { Act, SessionView } from '../../src/domain/views.ts'
import { b64, fromText, hashId, unb64, concat } from '../../src/protocol/encoding.ts'
import type { CircleState, Id, Pen, Pending, SpaceState, World } from '../../src/protocol/local.ts'

interface Asked {
  readonly account: Id
  readonly circles: readonly CircleState[]
  readonly spaces: readonly SpaceState[]
  readonly outbox: readonly Pending[]
  readonly seen: readonly [Id, Id][]
  readonly now: number
  readonly secret: Id
  readonly tab: Id
  readonly do: readonly [name: string, ...rest: (string | null)[]]
}

function worldOf(asked: Asked): World {
  return {
    account: asked.account, outbox: asked.outbox, seen: new Map(asked.seen),
    circles: new Map(asked.circles.map((circle) => [circle.id, circle])),
    spaces: new Map(asked.spaces.map((space) => [space.id, space])),
  }
}

function penOf(asked: Asked): Pen {
  const bytesOf = (part: string | { readonly id: Id }) => (typeof part === 'string' ? fromText(part) : unb64(part.id))
  return {
    now: asked.now, tab: asked.tab, random: (size) => b64(randomBytes(size)),
    ownRec: (...parts) => {
      const key = concat(...parts.flatMap((part, place) => [...(place ? [new Uint8Array(1)] : []), bytesOf(part)]))
      return b64(createHmac('sha256', unb64(asked.secret)).update(key).digest().subarray(0, 16))
    },
    sharedRec: () => { throw new Error('not asked for') },
    spaceId: (space) => hashId(16, fromText(JSON.stringify(space))),
  }
}

function show(world: World, now: number): unknown {
  const zone = 'Europe/London'
  return {
    settings: settings(world),
    notes: notes(world).map((note) => [note.title, note.text, note.versions.map((one) => one.text).sort()]).sort(),
    groups: groups(world, now, zone).map((one) => [one.name, [...one.roles].sort()]),
    sessions: groups(world, now, zone).flatMap((one) => sessions(world, one.circle, now, zone))
      .map((one) => sessionOf(world, one, now)),
    board: groups(world, now, zone).map((one) => boardOf(world, one.circle, now)),
  }
}

function sessionOf(world: World, one: SessionView, now: number): unknown {
  const frame = records(world, spaceIn(one.circle, 'frame'), 'session')
  const view = one.iLead ? register(world, one, now) : null
  return {
    rec: one.rec, starts: one.when.starts / 1000, ends: one.when.ends / 1000, end: one.when.end, place: one.place,
    cancelled: one.cancelled, news: one.news.map((row) => [row.what, row.before, row.after, row.at / 1000]),
    differ: Object.keys(frame.find((item) => item.rec === one.rec)!.differ).sort(),
    mine: one.mine,
    register: view?.rows.map((row) => [
      row.person, row.label, row.state, row.value, row.sides.map((side) => [side.value, side.by]).sort(),
      row.apology && [row.apology.inTime, row.apology.reason], row.visitor, row.expected,
    ]) ?? null,
    finished: view ? [...view.finishedBy].sort() : null,
  }
}

function boardOf(world: World, circle: Id, now: number): unknown {
  const view = group(world, circle, now, 'Europe/London')!
  return {
    people: view.people.map((one) => [one.person, one.label, [...one.roles].sort(), one.hasApp]),
    rules: view.rules && [view.rules.version, view.rules.rules],
    agreed: view.rules?.agreedVersion ?? null,
    notices: view.notices.map((one) => one.text),
    sittings: [...sittings(world, circle, '2027-01-19')].sort(),
    late: view.word,
  }
}

function act(world: World, asked: Asked): Act {
  const pen = penOf(asked)
  const [name, first, second] = asked.do
  const circle = [...world.circles.values()].find((one) => one.kind === 'group')!.id
  const one = () => session(world, circle, first!, asked.now, 'Europe/London')!
  switch (name) {
    case 'mark': return mark(world, pen, one(), second!, asked.do[3] as 'here').act
    case 'fill': return fillBlanks(world, pen, one()).act
    case 'visitor': return addVisitor(world, pen, one(), second!).act
    case 'finish': return finish(world, pen, one())
    case 'derive': return statementsDue(world, pen, circle)
    case 'apologise': return sendApology(world, pen, one(), second ?? undefined)
    case 'withdraw': return withdrawApology(world, pen, one())
    case 'see': return seeChange(world, pen, one())
    case 'agree': return agree(world, pen, circle)
    case 'sit': return chooseSitting(world, pen, circle, first!, second!)
    case 'set': return setSetting(world, pen, first!, second!)
    case 'note': return saveNote(world, pen, null, { title: first!, text: second! }, pen.random(16))
    case 'edit': return saveNote(world, pen, openNote(world, first!), { title: 'Edited', text: second! }, pen.random(16))
    case 'delete': return deleteNote(world, pen, openNote(world, first!)!)
    default: throw new Error(name)
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Asked
  const world = worldOf(asked)
  const answer = asked.do[0] === 'show' ? show(world, asked.now) : act(world, asked)
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
