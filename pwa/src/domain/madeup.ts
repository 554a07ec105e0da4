/**
 * A made-up group, for whoever wants to try the app without an account. It is records like any
 * others, shown by the same projection; it stays on this phone. Nobody in it exists.
 *
 * Around `now`: two linked sittings a week, a session that begins in a quarter of an hour in a room
 * that has just been changed, last week's register finished, one about which the leaders differ,
 * one session cancelled, an apology with its reason, rules to agree to, a notice, a note, and a long
 * gap ahead.
 */

import { b64, fromText, hashId } from '../protocol/encoding.ts'
import type {
  CircleName, CircleState, Id, Opened, Pen, RoleName, RuleName, Seat, SpaceRef, SpaceState, World,
} from '../protocol/local.ts'
import type { Cell, Mark } from '../protocol/merge.ts'
import type { Fields, TypeName } from './fields.ts'
import { spaceIn } from './project.ts'
import { addDays, DAY, HOUR, instantToWall, LONDON, MINUTE, momentOf, mondayOf } from './time.ts'

type Leader = 'Priya Raman' | 'Sam Whitfield'
const PRIYA: Leader = 'Priya Raman'
const SAM: Leader = 'Sam Whitfield'
const CHLOE = 'Chloe Davies'

interface Member {
  readonly name: string
  readonly second?: string
  /** Usually comes to the other sitting. */
  readonly other?: true
  /** Stands on the roster only. */
  readonly paper?: true
}

const MEMBERS: readonly Member[] = [
  { name: 'Aaliyah Khan' }, { name: 'Ben Okafor' }, { name: CHLOE },
  { name: 'Dafydd Jones' }, { name: 'Hamza Rahman', paper: true }, { name: 'Li Wei', paper: true },
  { name: 'Maximiliana Fotheringay-Wolstenholme', other: true },
  { name: 'Mohammed Ali Khan', second: 'Y3' }, { name: 'Mohammed Ali Khan', second: 'Y4' },
  { name: 'Siân Ó Briain-Okafor', other: true }, { name: 'Thiruvalluvan', paper: true }, { name: 'Wei Li' },
]

const RULES = [
  'What is said here stays here. We do not repeat it or hint at it, not even to each other afterwards. '
    + 'Patients are never named or made recognisable.',
  'Come as regularly as your rota lets you: to the same sitting when you can, to the other when you cannot.',
  'If you cannot come, send apologies, so that nobody simply vanishes. You need not say why.',
  'We begin and end on time. After ten minutes it is usually too late to join.',
  'Devices away. Leaders may use a phone to take the register.',
]
const GUIDELINES = [
  {
    text: 'The presenter sits back while the group wonders.',
    why: 'Nobody is cross-examined, and the presenter can listen.',
  },
  { text: 'Questions only about facts, five minutes.', why: 'More facts can bury what matters.' },
]
const PURPOSE = 'A safe place to think about feelings at work, to understand better what patients are '
  + 'telling us, and to learn to work in a group. It is not therapy, not teaching, not assessment.'
const NOTE = 'What stayed with me: how quiet the room became.\n\nWhy did I want to answer at once?'

/** The id of something made up; the same each time. */
function idOf(name: string, bytes: 8 | 16 | 32 = 16): Id {
  return hashId(bytes, fromText(`made-up ${name}`))
}

const personId = (member: Member) => idOf(`person ${member.name} ${member.second ?? ''}`)
const accountId = (member: Member) => idOf(`account ${member.name} ${member.second ?? ''}`)
const GROUP = idOf('group', 32)
const PROGRAMME = idOf('programme', 32)

/** The pen of a made-up group. */
export function madeUpPen(world: World, now: number): Pen {
  const spelled = (parts: readonly (string | { readonly id: Id })[]) =>
    parts.map((part) => (typeof part === 'string' ? part : part.id)).join('\0')
  return {
    now, tab: idOf('tab'),
    random: (bytes) => b64(crypto.getRandomValues(new Uint8Array(bytes))),
    ownRec: (...parts) => idOf(`own ${world.account} ${spelled(parts)}`),
    sharedRec: (kind, subject) => idOf(`shared ${kind} ${subject}`),
    spaceId,
  }
}

function spaceId(space: SpaceRef): Id {
  return idOf(`space ${space.circle} ${space.kind} ${space.subject}`)
}

/** A made-up group as one of its members or one of its leaders holds it at a moment. */
export function madeUpWorld(now: number, role: 'member' | 'leader' = 'member'): World {
  const mine: Member = { name: role === 'leader' ? PRIYA : CHLOE }
  const books = new Books(accountId(mine), now)
  const sessions = sessionsAround(now)
  books.circle(idOf('person circle', 32), 'person', [seat(mine, 'owner')])
  books.circle(PROGRAMME, 'programme', [], [GROUP])
  books.circle(GROUP, 'group', [
    seat({ name: PRIYA }, 'leader'), seat({ name: SAM }, 'leader'),
    ...MEMBERS.filter((member) => !member.paper).map((member) => seat(member, 'member')),
  ])
  writeFrame(books, sessions, now)
  writePersonal(books)
  for (const member of MEMBERS.filter((one) => !one.paper)) {
    if (role === 'leader' || member.name === CHLOE) writeThread(books, member, sessions, now)
  }
  if (role === 'leader') writeRegister(books, sessions)
  return books.world()
}

function seat(member: Member, role: RoleName): Seat {
  return { account: accountId(member), person: personId(member), roles: [role] }
}

// -- the plan -------------------------------------------------------------------------

interface Planned {
  readonly rec: Id
  readonly week: number
  readonly fields: Fields['session']
}

/** Weeks from now on which the group meets: a month back, two weeks on, and then a long gap. */
const WEEKS = [-4, -3, -2, -1, 0, 1, 2, 9, 10, 11]

interface Plan {
  readonly usual: string
  readonly other: string
  readonly all: readonly Planned[]
}

function sessionsAround(now: number): Plan {
  const soon = Math.ceil((now + 15 * MINUTE) / (5 * MINUTE)) * 5 * MINUTE
  const { on, start } = instantToWall(soon, LONDON)
  const weekday = new Date(on).getUTCDay()
  // The other sitting lies in the same week, which begins on Monday.
  const otherOn = addDays(on, weekday === 0 || weekday === 6 ? -2 : 2)
  const [usual, other] = [seriesOf(on), seriesOf(otherOn)]
  const leaders = [personId({ name: PRIYA }), personId({ name: SAM })]
  const all = WEEKS.flatMap((week): Planned[] => {
    const common = { minutes: 60, tz: LONDON, led_by: leaders, place: 'Room 4', state: 'planned' } as const
    const first = { ...common, series: usual, on: addDays(on, week * 7), start, ...besides(week, now) }
    const second = { ...common, series: other, on: addDays(otherOn, week * 7), start: '17:30' }
    const planned = [{ rec: idOf(`session ${week}`), week, fields: first }]
    return week < -1 ? planned : [...planned, { rec: idOf(`other ${week}`), week, fields: second }]
  })
  return { usual, other, all }
}

function besides(week: number, now: number): Partial<Fields['session']> {
  const by = personId({ name: SAM })
  if (week === -3) {
    const at = momentOf(now - 22 * DAY)
    return {
      state: 'cancelled', reason: 'Both leaders are ill. We are sorry.',
      changes: [{ what: 'state', before: 'planned', after: 'cancelled', by, at }],
    }
  }
  if (week !== 0) return {}
  const place = 'Room 12, Education Centre'
  return { place, changes: [{ what: 'place', before: 'Room 4', after: place, by, at: momentOf(now - 20 * HOUR) }] }
}

function seriesOf(on: string): string {
  const days = ['Sundays', 'Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays']
  return days[new Date(on).getUTCDay()]!
}

function sessionOf(plan: Plan, week: number): Planned {
  return plan.all.find((one) => one.week === week && one.fields.series === plan.usual)!
}

// -- what stands in it ----------------------------------------------------------------

function writeFrame(books: Books, plan: Plan, now: number): void {
  const frame = spaceIn(GROUP, 'frame')
  const lead = <T extends TypeName>(rec: string, type: T, fields: Fields[T]) =>
    books.put(frame, SAM, 'lead', idOf(rec), type, fields)
  lead('group', 'group', { name: 'The made-up group' })
  lead('key', 'programme_key', { circle: PROGRAMME, epochs: [] })
  lead('rules', 'rules', { version: 2, title: 'What we agreed', rules: RULES, guidelines: GUIDELINES })
  lead('notice', 'notice', {
    title: 'Tea before we begin', at: momentOf(now - 2 * DAY),
    text: 'The kettle is on a quarter of an hour before. Come when you like, or not at all.',
  })
  for (const { rec, fields } of plan.all) books.put(frame, SAM, 'lead', rec, 'session', fields)
  for (const name of [PRIYA, SAM]) {
    lead(`roster ${name}`, 'person', { person: personId({ name }), name, roles: ['leader'] })
  }
  for (const member of MEMBERS) {
    lead(`roster ${member.name} ${member.second ?? ''}`, 'person', {
      person: personId(member), name: member.name, roles: ['member'],
      usual: member.other ? plan.other : plan.usual, ...(member.second ? { second: member.second } : {}),
    })
  }
  const back = sessionOf(plan, 9).fields.on
  books.put(spaceIn(PROGRAMME, 'programme'), SAM, 'lead', idOf('programme record'), 'programme', {
    name: 'The made-up programme', group_word: 'Balint group', tz: LONDON, apologies_shown: 'group',
    late_minutes: 10, min_present: 5, purpose: PURPOSE,
    closed: [{
      first_on: addDays(sessionOf(plan, 2).fields.on, 5), last_on: addDays(back, -1), name: 'the break between terms',
    }],
    help: [{
      name: 'Your own programme', reach: 'It puts its contacts here, with where they come from.',
      for_whom: 'everybody in its groups',
    }],
  })
  writeRoom(books, plan)
}

function writeRoom(books: Books, plan: Plan): void {
  const room = spaceIn(GROUP, 'room')
  const visitor = MEMBERS.find((member) => member.other)!
  const next = sessionOf(plan, 0)
  books.put(room, visitor, 'own', idOf('sitting'), 'sitting', {
    person: personId(visitor), week: mondayOf(next.fields.on), session: next.rec,
  })
  const away = MEMBERS[1]!
  books.put(room, away, 'own', idOf('flag'), 'apology_flag', {
    session: next.rec, person: personId(away), withdrawn: false,
  })
}

function writePersonal(books: Books): void {
  const space = spaceIn(idOf('person circle', 32), 'personal')
  books.put(space, null, 'own', idOf('note'), 'note', { title: 'After last week’s group', text: NOTE })
}

function writeThread(books: Books, member: Member, plan: Plan, now: number): void {
  const thread = spaceIn(GROUP, 'thread', personId(member))
  const next = sessionOf(plan, 0)
  books.put(thread, member, 'own', idOf(`agreement ${accountId(member)}`), 'agreement', {
    rules_version: member.name === CHLOE ? 1 : 2, at: momentOf(now - 30 * DAY),
  })
  if (member === MEMBERS[1]) {
    books.put(thread, member, 'own', idOf('flag'), 'apology', {
      session: next.rec, written_at: momentOf(now - 5 * HOUR), withdrawn: false, reason: 'On nights until Thursday',
    })
  }
  for (const { leader, session, cells } of sheetsOf(plan)) {
    const about = cells.filter(([person]) => person === personId(member))
    if (about.length) {
      books.put(thread, leader, 'own', idOf(`statement ${leader} ${session} ${personId(member)}`), 'statement', {
        session, person: personId(member), cells: about,
      })
    }
  }
}

function writeRegister(books: Books, plan: Plan): void {
  for (const { leader, session, cells } of sheetsOf(plan)) {
    books.put(spaceIn(GROUP, 'register'), leader, 'own', idOf(`sheet ${leader} ${session}`), 'sheet', {
      session, cells, finished: true,
    })
  }
}

interface Taken {
  readonly leader: Leader
  readonly session: Id
  readonly cells: readonly Cell[]
}

/** The registers that were taken: all who were expected, some of them otherwise than here. */
function sheetsOf(plan: Plan): Taken[] {
  const usual = MEMBERS.filter((member) => !member.other)
  const others = MEMBERS.filter((member) => member.other)
  const lastOther = plan.all.find((one) => one.week === -1 && one.fields.series === plan.other)!
  return [
    taken(PRIYA, sessionOf(plan, -4), usual, { 'Hamza Rahman': 'absent' }),
    taken(PRIYA, sessionOf(plan, -2), usual, { 'Dafydd Jones': 'late' }),
    taken(SAM, sessionOf(plan, -2), usual.slice(-1), { 'Wei Li': 'absent' }),
    taken(SAM, sessionOf(plan, -1), usual, { 'Li Wei': 'apology_before', 'Ben Okafor': 'late', 'Wei Li': 'absent' }),
    taken(SAM, lastOther, others, {}),
  ]
}

function taken(
  leader: Leader, session: Planned, members: readonly Member[], but: Readonly<Record<string, Mark>>,
): Taken {
  const cells = members.map((member): Cell => {
    const dot = idOf(`dot ${leader} ${session.rec} ${personId(member)}`, 8)
    return [personId(member), but[member.name] ?? 'here', dot, []]
  })
  return { leader, session: session.rec, cells }
}

// -- as a phone holds it --------------------------------------------------------------

/** Circles and spaces as they are filled. */
class Books {
  readonly account: Id
  readonly now: number
  readonly #circles = new Map<Id, CircleState>()
  readonly #versions = new Map<Id, { space: SpaceRef; versions: Opened[] }>()

  constructor(account: Id, now: number) {
    this.account = account
    this.now = now
  }

  circle(id: Id, kind: CircleName, seats: readonly Seat[], groups: readonly Id[] = []): void {
    this.#circles.set(id, { id, kind, seats, groups, frozen: null })
  }

  /** One version that stands; `author` is `null` for this account. */
  put<T extends TypeName>(
    space: SpaceRef, author: Member | string | null, rule: RuleName, rec: Id, type: T, fields: Fields[T],
  ): void {
    const member = typeof author === 'string' ? { name: author } : author
    const account = member ? accountId(member) : this.account
    const held = this.#held(space)
    held.versions.push({
      id: idOf(`version ${spaceId(space)} ${account} ${rec}`, 32), account, rule, rec, parents: [],
      content: { t: type, v: 1, ...fields }, unknown: false, live: true,
    })
  }

  world(): World {
    const spaces = [...this.#versions].map(([id, { space, versions }]): [Id, SpaceState] =>
      [id, { ...space, id, versions, checkedAt: this.now, skipped: {} }])
    return {
      account: this.account, circles: this.#circles, spaces: new Map(spaces), outbox: [], seen: new Map(),
    }
  }

  #held(space: SpaceRef): { space: SpaceRef; versions: Opened[] } {
    const id = spaceId(space)
    let held = this.#versions.get(id)
    if (!held) this.#versions.set(id, (held = { space, versions: [] }))
    return held
  }
}
