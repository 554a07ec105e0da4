/**
 * A group with its phones, as worlds: what each holds of one shared log, and its own outbox. There
 * is no network and no cryptography: a phone's acts stand in its outbox until it sends.
 */

import { fromText, hashId } from '../../src/protocol/encoding.ts'
import { localName } from '../../src/protocol/local.ts'
import type {
  CircleState, Content, Id, Opened, Pen, Pending, RoleName, RuleName, Seat, SpaceRef, SpaceState, World,
} from '../../src/protocol/local.ts'
import type { Fields, TypeName } from '../../src/domain/fields.ts'
import { recordKey, spaceIn } from '../../src/domain/project.ts'
import { session } from '../../src/domain/schedule.ts'
import { MINUTE } from '../../src/domain/time.ts'
import type { Act, SessionView } from '../../src/domain/views.ts'

export const LONDON = 'Europe/London'
/** Tuesday 27 October 2026, 12:30 in London, two days after the clocks went back. */
export const NOON = Date.parse('2026-10-27T12:30:00Z')
export const TUESDAY = '2026-10-27'

export const GROUP = idOf('group', 32)
export const PROGRAMME = idOf('programme', 32)

export function idOf(name: string, bytes: 8 | 16 | 32 = 16): Id {
  return hashId(bytes, fromText(name))
}
export const personId = (name: string): Id => idOf(`person ${name}`)
export const accountId = (name: string): Id => idOf(`account ${name}`)
export const spaceId = (space: SpaceRef): Id => idOf(`space ${space.circle} ${space.kind} ${space.subject}`)

/** One version in the log, in the order of which all phones see it. */
interface Logged {
  readonly space: SpaceRef
  readonly version: Opened
}

/** The log that all phones share, and who sits in it. */
export class Log {
  readonly versions: Logged[] = []
  seats: Seat[] = []
  listed: readonly Id[] = [GROUP]
  frozen: string | null = null
  #random = 0

  random(bytes: 8 | 16 | 32): Id {
    return idOf(`random ${this.#random++}`, bytes)
  }

  seat(name: string, ...roles: RoleName[]): void {
    this.seats = [...this.seats.filter((seat) => seat.account !== accountId(name)),
      { account: accountId(name), person: personId(name), roles }]
  }

  /** Somebody else's version, as it came. */
  put<T extends TypeName>(
    space: SpaceRef, by: string, rule: RuleName, rec: Id, type: T, fields: Fields[T], parents: readonly Id[] = [],
  ): Id {
    return this.add(space, accountId(by), rule, rec, { t: type, v: 1, ...fields }, parents)
  }

  add(
    space: SpaceRef, account: Id, rule: RuleName, rec: Id, content: Content | null, parents: readonly Id[],
  ): Id {
    const id = this.random(32)
    const order = this.versions.length
    this.versions.push({
      space, version: { id, account, rule, rec, parents, content, unknown: false, live: true, order },
    })
    return id
  }

  /** What a phone holds that has seen the first `seen` versions. */
  held(account: Id, seen = this.versions.length): Pick<World, 'account' | 'circles' | 'spaces'> {
    const bySpace = Map.groupBy(this.versions.slice(0, seen), ({ space }) => spaceId(space))
    const spaces = [...bySpace].map(([id, logged]): [Id, SpaceState] => {
      const versions = logged.map(({ version }) => version)
      const replaced = new Set(versions.flatMap((one) => one.parents.map((parent) => `${keyOf(one)} ${parent}`)))
      const known = versions.map((one) => ({ ...one, live: !replaced.has(`${keyOf(one)} ${one.id}`) }))
      return [id, { ...logged[0]!.space, id, versions: known, checkedAt: NOON, skipped: {} }]
    })
    const circles: CircleState[] = [
      { id: idOf('own', 32), kind: 'person', seats: [{ account, person: idOf('me'), roles: ['owner'] }], groups: [], frozen: null },
      { id: GROUP, kind: 'group', seats: this.seats, groups: [], frozen: this.frozen },
      { id: PROGRAMME, kind: 'programme', seats: [], groups: this.listed, frozen: null },
    ]
    return { account, circles: new Map(circles.map((circle) => [circle.id, circle])), spaces: new Map(spaces) }
  }
}

const keyOf = (one: Opened): string => recordKey(one.rule, one.account, one.rec)

/** One account's phone. */
export class Phone {
  readonly log: Log
  readonly account: Id
  now = NOON
  world: World
  #n = 0
  #tab: Id

  constructor(log: Log, name: string) {
    this.log = log
    this.account = accountId(name)
    this.#tab = log.random(16)
    this.world = { ...log.held(this.account), outbox: [], seen: new Map() }
  }

  get pen(): Pen {
    const spelled = (parts: readonly (string | { readonly id: Id })[]) =>
      parts.map((part) => (typeof part === 'string' ? part : part.id)).join('\0')
    return {
      now: this.now, tab: this.#tab, random: (bytes) => this.log.random(bytes),
      ownRec: (...parts) => idOf(`own ${this.account} ${spelled(parts)}`),
      sharedRec: (kind, subject) => idOf(`shared ${kind} ${subject}`), spaceId,
    }
  }

  /** Another tab of the same phone, opened on what stands now. */
  tab(): Phone {
    const other = new Phone(this.log, '')
    Object.assign(other, { account: this.account })
    other.world = this.world
    return other
  }

  session(rec: Id, zone = LONDON): SessionView {
    return session(this.world, GROUP, rec, this.now, zone)!
  }

  /** Keep an act. */
  act(act: Act, state: Pending['state'] = 'saved'): void {
    for (const intent of act) {
      const space = spaceId(intent.space)
      const spaces = this.world.spaces.has(space) ? this.world.spaces : new Map(this.world.spaces).set(space, {
        ...intent.space, id: space, versions: [], checkedAt: null, skipped: {},
      })
      const { rule, rec, content, base, editor } = intent
      const row: Pending = {
        n: state === 'writing' ? --this.#n : ++this.#n, state, space, rule, rec, content, base, editor,
        code: null, at: this.now,
      }
      this.world = { ...this.world, spaces, outbox: [...this.world.outbox, row] }
    }
  }

  /** Send what waits and read everything. */
  sync(): void {
    const seen = new Map(this.world.seen)
    for (const row of this.world.outbox) {
      const own = this.world.outbox.filter((one) => one.editor === row.editor && one.n < row.n).at(-1)
      const named = [own ? localName(own.n) : row.editor, ...row.base]
      const parents = named.map((name) => seen.get(name) ?? name).filter((id) => this.#isVersion(id))
      const space = this.world.spaces.get(row.space)!
      const id = this.log.add(space, this.account, row.rule, row.rec, row.content, [...new Set(parents)])
      seen.set(localName(row.n), id).set(row.editor, id)
    }
    this.world = { ...this.log.held(this.account), outbox: [], seen }
  }

  /** Read everything, and send nothing. */
  read(): void {
    this.world = { ...this.world, ...this.log.held(this.account) }
  }

  #isVersion(id: Id): boolean {
    return this.log.versions.some(({ version }) => version.id === id)
  }
}

// -- a group ---------------------------------------------------------------------------

export const FRAME = spaceIn(GROUP, 'frame')
export const PEOPLE = ['Aaliyah', 'Ben', 'Chloe', 'Dafydd'] as const

export function person(log: Log, name: string, more: Partial<Fields['person']> = {}): void {
  log.put(FRAME, 'Priya', 'lead', idOf(`roster ${name}`), 'person', {
    person: personId(name), name, roles: ['member'], ...more,
  })
}

export function planned(log: Log, rec: string, more: Partial<Fields['session']> = {}): Id {
  log.put(FRAME, 'Priya', 'lead', idOf(rec), 'session', {
    on: TUESDAY, start: '13:00', minutes: 60, tz: LONDON, led_by: [personId('Priya'), personId('Sam')],
    state: 'planned', ...more,
  })
  return idOf(rec)
}

/** The programme as it now stands. */
export function programme(log: Log, more: Partial<Fields['programme']> = {}): void {
  const rec = idOf('programme record')
  const old = log.versions.filter(({ version }) => version.rec === rec).map(({ version }) => version.id)
  log.put(spaceIn(PROGRAMME, 'programme'), 'Alex', 'lead', rec, 'programme', {
    name: 'Doctors', tz: LONDON, apologies_shown: 'group', ...more,
  }, old)
}

/** Priya and Sam lead, four members have the app, Li Wei has not; one session on Tuesday at one. */
export function balint(): { log: Log; session: Id } {
  const log = new Log()
  for (const name of ['Priya', 'Sam']) {
    log.seat(name, 'leader')
    person(log, name, { roles: ['leader'] })
  }
  for (const name of PEOPLE) {
    log.seat(name, 'member')
    person(log, name)
  }
  person(log, 'Li Wei')
  log.put(FRAME, 'Priya', 'lead', idOf('name'), 'group', { name: 'Tuesdays' })
  log.put(FRAME, 'Priya', 'lead', idOf('key'), 'programme_key', { circle: PROGRAMME, epochs: [] })
  programme(log)
  return { log, session: planned(log, 'session') }
}

/** Minutes after the session of `balint` has begun. */
export function after(minutes: number): number {
  return NOON + (30 + minutes) * MINUTE
}

