/**
 * One account on one phone, one request at a time (PROTOCOL 14).
 *
 * Ties tables, replica and outbox to a transport that is passed in; clock and randomness are
 * arguments as well. `syncOnce` is one request; the loop goes on until there is nothing to do.
 */

import { spaceOf } from '../protocol/check.ts'
import { b64, concat, fromText, sha256, unb64, type Bytes, type Id, type Random } from '../protocol/encoding.ts'
import * as entries from '../protocol/entries.ts'
import * as envelope from '../protocol/envelope.ts'
import { EnidError, isCode } from '../protocol/errors.ts'
import type { Invitation } from '../protocol/invitations.ts'
import { CircleKind, Role, Rule, SPACES, SpaceKind, ZERO16, ZERO32, ZERO8 } from '../protocol/kinds.ts'
import { SIGN_JOIN, SIGN_SESSION } from '../protocol/labels.ts'
import { certify, joinMessage } from '../protocol/membership.ts'
import * as sealing from '../protocol/sealing.ts'
import * as signing from '../protocol/signing.ts'
import { Overtaken, PACK, type Store } from '../storage/db.ts'
import type { OutboxRow, VersionRow } from '../storage/rows.ts'
import type { Account } from '../vault/account.ts'
import { ask, type Json, type Transport } from './net.ts'
import { Outbox, REQUEST_VERSIONS_MAX, SPACE_VERSIONS_MAX } from './outbox.ts'
import { Replica, type Held, type Page } from './replica.ts'
import { Tables } from './tables.ts'

const REQUEST_BYTES_MAX = 500_000
const TRIES_MAX = 3
const REPAIR_S = 24 * 3600
const PUT_BACK_WAIT_S = 60
const ROUNDS_MAX = 200
const PUT_BACK_FIRST = new Set([
  'unknown_author', 'unknown_invite', 'unknown_change', 'unknown_epoch', 'unknown_parent', 'no_such_space',
])

/** What the loop tells while it works: spaces that changed, and how far a first sync is. */
export interface Watch {
  changed(spaces: readonly Id[]): void
  progress(done: number, of: number | null): void
}

interface Refusal {
  readonly index: number
  readonly code: string
  readonly retry: string
  readonly id?: Id
  readonly n?: number
  readonly retry_after?: number
}

export class Client {
  readonly transport: Transport
  readonly random: Random
  readonly watch: Watch
  readonly #clock: () => number
  account: Account
  replica: Replica
  outbox: Outbox
  #changesHeldUntil = 0
  #fullPull = false
  #withheld = new Set<Id>()
  #repairing = new Map<Id, Id[]>()
  #wrapsAsked: { space: Id; kid: Id; account: Id }[] = []
  #packsAsked: { lookup: Id; log: Id }[] = []

  private constructor(
    account: Account, replica: Replica, transport: Transport, clock: () => number, random: Random, watch: Watch,
  ) {
    this.account = account
    this.replica = replica
    this.outbox = new Outbox(replica, account)
    this.transport = transport
    this.#clock = clock
    this.random = random
    this.watch = watch
  }

  /** Read what this phone holds; `clock` gives milliseconds, only shown and waited by. */
  static async load(
    store: Store, account: Account, transport: Transport, clock: () => number, random: Random, watch: Watch,
  ): Promise<Client> {
    const replica = await Replica.load(await Tables.read(store), account, random)
    return new Client(account, replica, transport, clock, random, watch)
  }

  get tables(): Tables {
    return this.replica.tables
  }

  /** Whole seconds. */
  get now(): number {
    return Math.floor(this.#clock() / 1000)
  }

  // -- signing in ---------------------------------------------------------------------

  /** Get a session: a challenge signed by the certified device (PROTOCOL 11.1). */
  async signIn(lookup: Id | null = null): Promise<void> {
    const { id, identity, suite, deviceKey, deviceSeed } = this.account
    const asked = await ask(this.transport, 'POST', '/v1/session/challenge', {}, null)
    const challenge = unb64(field(asked, 'challenge'))
    const message = concat(sha256(fromText(this.transport.origin)), challenge, unb64(id))
    const answer = await ask(this.transport, 'POST', '/v1/session', {
      challenge: asked['challenge'],
      suite,
      sign_key: b64(identity.publicSignKey),
      wrap_key: b64(identity.publicWrapKey),
      device_key: b64(deviceKey),
      certificate: b64(await certify(suite, identity.signKey, id, deviceKey)),
      signature: b64(await signing.sign(suite, deviceSeed, SIGN_SESSION, message)),
      deliver: 'cookie',
      ...(lookup === null ? {} : { lookup }),
    }, null)
    if (Number.isInteger(answer['inc'])) await this.#noticeIncarnation(answer['inc'] as number) // before anything is sent
  }

  /** A signed-in request; signs in again when that is needed. */
  async #call(method: string, path: string, body: Json): Promise<Json> {
    const inc = this.tables.meta<number>('inc')
    const { name } = this.account
    try {
      return await ask(this.transport, method, path, body, name)
    } catch (error) {
      if (!isCode(error, 'auth_required')) throw error
      await this.#signInAgain()
      if (path === '/v1/sync' && inc !== null && this.tables.meta<number>('inc') !== inc) {
        throw new EnidError('restored', 'the server was restored')
      }
      return ask(this.transport, method, path, body, name)
    }
  }

  /** With the invitation that this account came by, while it is still open. */
  async #signInAgain(): Promise<void> {
    try {
      await this.signIn(this.tables.meta<Id>('lookup'))
    } catch (error) {
      if (!isCode(error, 'invite_used', 'invite_expired', 'no_such_invite')) throw error
      await this.signIn()
    }
  }

  /** End this phone's session with the server. */
  async signOut(): Promise<void> {
    await ask(this.transport, 'DELETE', '/v1/session', null, this.account.name)
  }

  /** Put the sealed account secret on the server (again). */
  async keepSlot(): Promise<void> {
    const slot = await this.account.slot()
    if (slot) await this.#call('PUT', '/v1/slot', { lookup: slot.lookup, slot: b64(slot.sealed) })
  }

  // -- circles ------------------------------------------------------------------------

  /** Begin a circle; it is real at once, and sent with the next request. */
  async beginCircle(kind: CircleKind, roles: number, person: Id): Promise<Held> {
    const { id, identity, suite, deviceKey, device } = this.account
    const certificate = await certify(suite, identity.signKey, id, deviceKey)
    const entry: entries.Genesis = {
      type: 'genesis', kind, person, roles, signKey: identity.publicSignKey, wrapKey: identity.publicWrapKey, deviceKey, certificate,
    }
    const version = await this.outbox.build({
      suite, space: ZERO16, epoch: 0, kid: ZERO8, rule: Rule.CONTROL, flags: 0, rec: ZERO16, device, n: 1, prev: ZERO32,
      view: envelope.NO_VIEW, parents: [], salt: this.random(24),
    }, entries.encode(entry))
    const held = await this.replica.adopt(spaceOf(version.id, SpaceKind.CIRCLE), version)
    await this.#keep()
    return held
  }

  /** The account's own circle, begun when it is first asked for. */
  async personCircle(): Promise<Held> {
    return this.#personLog() ?? this.beginCircle(CircleKind.PERSON, Role.OWNER, b64(this.random(16)))
  }

  #personLog(): Held | null {
    for (const [circle, membership] of this.replica.circles) {
      // Its own genesis: a seat that somebody granted would show them the notes.
      if (membership.kind === CircleKind.PERSON && this.replica.began(circle)) return this.replica.logOf(circle)
    }
    return null
  }

  /** Fetch and open an invitation's pack. */
  async askPack(invitation: Invitation): Promise<Json> {
    const answer = await ask(this.transport, 'POST', '/v1/invitation', { lookup: await invitation.lookup() }, null)
    return invitation.openPack(unb64(field(answer, 'pack')))
  }

  /**
   * Take the place of an invitation; gives its pack.
   *
   * Only the circle named inside the pack is believed (PROTOCOL 7.3). Doing it again after an
   * interruption does no harm.
   */
  async join(invitation: Invitation): Promise<Json> {
    const pack = await this.askPack(invitation)
    const circle = b64(unb64(field(pack, 'circle'), 32))
    const lookup = await invitation.lookup()
    this.tables.setMeta('lookup', lookup)
    // Dates, place and rules are there before any leader's phone has given a key.
    this.tables.setMeta(`${PACK}${circle}`, await this.account.vault.seal('pack', fromText(JSON.stringify(pack))))
    await this.tables.commit()
    await this.signIn(lookup)
    const held = this.replica.ensure(spaceOf(circle, SpaceKind.CIRCLE))
    const { id, identity, suite, deviceKey } = this.account
    const open: entries.Join = {
      type: 'join', inviteKey: await invitation.publicKey(), signKey: identity.publicSignKey,
      wrapKey: identity.publicWrapKey, deviceKey, certificate: await certify(suite, identity.signKey, id, deviceKey),
      proof: new Uint8Array(64),
    }
    const proof = await signing.sign(suite, await invitation.seed(), SIGN_JOIN, joinMessage(circle, open))
    const seated = held.membership.accounts.get(id)
    const waits = this.tables.outbox.some((row) => row.space === held.id)
    if (!seated?.roles && !waits) await this.outbox.writeEntry(held, { ...open, proof })
    await this.#keep()
    return pack
  }

  /** An existing holder's word for an account, or for an unproven epoch. */
  async confirm(circle: Id, subject: Id): Promise<void> {
    this.tables.confirm(circle, subject)
    for (const held of this.replica.spaces.values()) {
      if (held.space.circle === circle) held.ring.confirmed.add(subject)
    }
    this.replica.changed = true
    await this.#keep()
  }

  // -- one request --------------------------------------------------------------------

  /** Read anew what another tab wrote since; the loop of whichever tab has the lock calls this first. */
  async freshen(): Promise<void> {
    if ((await this.tables.isNewest())) return
    await this.replica.reload()
  }

  /** Sync until nothing is left to send or to read; throws `no_answer` and the like, and loses nothing. */
  async sync(rounds = ROUNDS_MAX): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      if (await this.syncOnce()) continue
      if (!this.#fullPull || this.#personLog()) return
      await this.personCircle() // everything was read and there is none: notes need it
    }
  }

  /** Derive, seal, send, take in; whether another request would do more. */
  async syncOnce(): Promise<boolean> {
    await this.tables.readOutbox()
    try {
      await this.#derive()
      await this.outbox.sealBatch(this.now >= this.#changesHeldUntil)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      await this.replica.reload() // a tab typed something over meanwhile
      return true
    }
    const request = await this.#request()
    const before = this.#progress()
    let reply: Json
    try {
      reply = await this.#call('POST', '/v1/sync', request)
    } catch (error) {
      if (isCode(error, 'restored')) return true
      throw error
    }
    await this.tables.readOutbox()
    try {
      await this.#take(reply, request)
    } catch (error) {
      await this.replica.reload()
      if (error instanceof Overtaken) return true
      throw error
    }
    return Boolean(reply['more']) || this.#progress() !== before
  }

  #progress(): string {
    const { outbox, spaces, versions, wraps, keys, packs } = this.tables
    const rows = [...versions.values()].flatMap((of) => [...of.values()])
    const states = [...spaces.values()]
    return JSON.stringify([
      outbox.length, Math.max(0, ...outbox.map((r) => r.n as number)), outbox.filter((r) => r.id).length,
      outbox.filter((r) => r.code).length, rows.filter((r) => r.seq !== null).length, rows.filter((r) => r.tries > 0).length,
      states.filter((s) => s.repairAt === null).length, states.filter((s) => s.inc === 0).length,
      states.filter((s) => s.repairAt !== null && s.repairAt <= this.now).length, wraps.size,
      [...keys.values()].reduce((sum, of) => sum + of.size, 0), [...packs.values()].filter((p) => p.sent).length,
      this.replica.changed, this.account.device, this.tables.meta('settled'),
    ])
  }

  async #request(): Promise<Json> {
    const have: Record<Id, [number, number, Id]> = {}
    for (const row of this.tables.spaces.values()) if (row.inc > 0) have[row.id] = [row.inc, row.seq, row.head]
    const push = await this.#pushes()
    const request: Record<string, unknown> = {
      have, push, wraps: this.#wrapsOut(), packs: this.#packsOut(),
      want: [...this.replica.spaces.values()].filter(lacksKey).map((held) => held.id),
    }
    if (this.#isSettled()) request['settled'] = this.tables.meta('inc')
    return Object.fromEntries(Object.entries(request).filter(([, value]) =>
      value !== null && (typeof value !== 'object' || Object.keys(value).length > 0)))
  }

  async #pushes(): Promise<Record<Id, unknown[]>> {
    const batch = this.outbox.batch()
    const pushes: Record<Id, unknown[]> = {}
    const room = new Room()
    this.#withheld = new Set()
    for (const [space, rows] of batch) {
      const sendable = this.#sendable(space, rows)
      if (sendable.length < rows.length) this.#withheld.add(space)
      batch.set(space, sendable)
    }
    this.#repairing = new Map()
    const repaired = [...this.tables.spaces.values()].filter((row) => row.repairAt !== null)
    repaired.sort((a, b) => Number(a.kind !== SpaceKind.CIRCLE) - Number(b.kind !== SpaceKind.CIRCLE))
    for (const { id: space } of repaired) {
      const batched = batch.get(space) ?? []
      batch.delete(space)
      const missing = await Promise.all(this.#missing(space).map((row) => this.#toWire(row)))
      while (!room.takes(missing)) missing.pop()
      const rows = this.#missing(space).slice(0, missing.length)
      this.#repairing.set(space, rows.map((row) => row.id))
      const held = this.replica.spaces.get(space)
      if (held && rows.some((row) => row.control)) await this.#giveWrapsAgain(held) // an epoch and its wraps, in one request
      const mine = batched.map(batchedToWire)
      const fits = missing.length + mine.length <= SPACE_VERSIONS_MAX
      const sent: unknown[] = [...missing]
      if (this.#repairIsDue(space) && fits && room.takes(mine)) sent.push(...mine)
      else if (mine.length) this.#withheld.add(space)
      if (sent.length) pushes[space] = sent
    }
    for (const [space, rows] of batch) {
      const mine = rows.map(batchedToWire)
      if (!room.takes(mine)) this.#withheld.add(space)
      else if (mine.length) pushes[space] = mine
    }
    return pushes
  }

  async #toWire(row: VersionRow): Promise<(string | null)[]> {
    const body = row.control ? row.entry : ((await this.tables.body(row.space, row.id))?.body ?? null)
    const head = [b64(row.header), b64(row.signature)]
    return row.hasBody && body !== null ? [...head, b64(body)] : [...head, null, row.bodyHash]
  }

  /**
   * Without what must wait until a restored server has everything back.
   *
   * Nothing is sent before the space has been read again. A change of rights sealed under an older
   * incarnation may stand in the old log, or exclude what stands there, and other phones still put
   * that back: it waits a day.
   */
  #sendable(space: Id, batched: OutboxRow[]): OutboxRow[] {
    const inc = this.tables.meta<number>('inc') ?? 0
    const held = this.replica.spaces.get(space)
    if (!held) return []
    const log = held.membership.length ? this.replica.logOf(held.space.circle) : held
    const seen = this.replica.cursor(space).inc || this.replica.cursor(log.id).inc
    if (seen !== 0 && seen !== inc) return []
    const others = [...held.membership.devices.keys()].some((device) => device !== this.account.device)
    const place = batched.findIndex((row) => {
      const header = envelope.parseHeader(row.header as Bytes)
      if (header.rule !== Rule.CONTROL || !others || !this.#mayStand(header)) return false
      return ['removal', 'set_roles', 'epoch'].includes(entries.decode(row.body as Bytes).type)
    })
    return place < 0 ? batched : batched.slice(0, place)
  }

  /** Whether a version may stand in the log of the server before its restore. */
  #mayStand(header: envelope.Header): boolean {
    const at = this.tables.meta<number>('restored_at')
    if (at === null || this.now < at || this.now - at >= REPAIR_S) return false
    return header.view.inc < (this.tables.meta<number>('inc') ?? 0)
  }

  #repairIsDue(space: Id): boolean {
    const at = this.tables.spaces.get(space)?.repairAt ?? null
    if (at === null) return false
    return !(this.now < at && at <= this.now + PUT_BACK_WAIT_S) // clocks jump
  }

  /** What was verified and the server lacks, in the order of the old log. */
  #missing(space: Id): VersionRow[] {
    const held = this.replica.spaces.get(space)
    const unread = !this.#fullPull && this.replica.cursor(space).inc > 0
    if (!held || unread || !this.#repairIsDue(space) || !this.#mayRead(held)) return []
    const found: VersionRow[] = []
    for (const row of held.rows.values()) {
      if (row.seq === null && row.code === null && row.tries < TRIES_MAX) found.push(row)
      if (found.length === SPACE_VERSIONS_MAX) break
    }
    return found
  }

  #wrapsOut(): Record<Id, string[][]> {
    const rows = [...this.tables.wraps.values()].filter((row) => !this.#withheld.has(row.space)).slice(0, 1024)
    this.#wrapsAsked = rows
    const found: Record<Id, string[][]> = {}
    for (const row of rows) (found[row.space] ??= []).push([row.kid, row.account, b64(row.wrapped)])
    return found
  }

  #packsOut(): unknown[][] {
    const rows = [...this.tables.packs.values()].filter((row) => !row.sent).slice(0, 32)
    this.#packsAsked = rows
    return rows.map((row) => [row.lookup, row.log, b64(row.inviteKey), row.expiresAt, b64(row.pack)])
  }

  /** Nothing is left to put back under the server's incarnation. */
  #isSettled(): boolean {
    const inc = this.tables.meta<number>('inc') ?? 0
    const behind = [...this.tables.spaces.values()].some((row) => (row.inc > 0 && row.inc !== inc) || row.repairAt !== null)
    return this.#fullPull && !behind
  }

  // -- one reply ----------------------------------------------------------------------

  async #take(reply: Json, request: Json): Promise<void> {
    const inc = reply['inc']
    if (!Number.isInteger(inc) || (inc as number) <= 0 || (inc as number) >= 2 ** 31) {
      throw new EnidError('server_fault', 'no incarnation has such a number')
    }
    try {
      await this.#noticeIncarnation(inc as number)
      await this.#takeRefusals(of(reply, 'pushed') as Record<Id, { error?: Refusal | null }>)
      this.#takePacks((reply['packs'] ?? []) as (Json | null)[])
      const pages = Object.entries(of(reply, 'pull') as Record<Id, Page>)
      await this.#takePages(pages, inc as number)
      for (const space of (reply['gone'] ?? []) as string[]) await this.#takeGone(b64(unb64(space, 16)), inc as number)
      for (const [space, wraps] of Object.entries(of(reply, 'wraps') as Record<Id, [string, string][]>)) {
        const pairs = wraps.map(([kid, wrapped]) => [b64(unb64(kid, 8)), unb64(wrapped, 80)] as const)
        await this.replica.takeWraps(b64(unb64(space, 16)), pairs, this.now)
      }
      await this.#wrapFor(of(reply, 'lacking') as Record<Id, Id[]>)
      await this.#afterReply(reply, request)
      this.#tellProgress(pages.length, reply)
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) {
        throw new EnidError('server_fault', `the answer has not the right shape: ${error.message}`)
      }
      throw error
    }
    await this.#keep()
  }

  #tellProgress(pages: number, reply: Json): void {
    if (!pages && !reply['more']) return
    let done = 0
    for (const row of this.tables.spaces.values()) done += row.seq
    const left = reply['left']
    this.watch.progress(done, reply['more'] ? (typeof left === 'number' ? done + left : null) : done)
  }

  /** Commit, file what was touched, and tell the screens. */
  async #keep(): Promise<void> {
    await this.#takeProgrammeKeys()
    const bases = new Set<Id>()
    for (const row of this.tables.outbox) {
      for (const name of row.bases) bases.add(this.tables.seen.get(name) ?? name)
    }
    const changed = await this.replica.fileTouched(bases)
    await this.tables.commit()
    if (changed.length) this.watch.changed(changed)
  }

  /** A programme's key comes to its members as a record in each group's frame (PROTOCOL 6.6). */
  async #takeProgrammeKeys(): Promise<void> {
    for (const held of [...this.replica.spaces.values()]) {
      if (held.space.kind !== SpaceKind.FRAME || !this.replica.touched.has(held.id)) continue
      const touched = [...this.replica.touched]
      await this.replica.fileTouched(new Set())
      for (const id of touched) this.replica.touched.add(id) // all of it is still to be told
      for (const content of await this.replica.contents(held, 'programme_key')) {
        const circle = content['circle'] as Id
        const rows = content['epochs'] as readonly (readonly [number, Id, Id])[]
        for (const kind of [SpaceKind.PROGRAMME]) {
          const programme = this.replica.spaces.get(spaceOf(circle, kind).id)
          if (programme) await this.replica.takeSecrets(programme, rows.map(([, kid, key]) => [kid, unb64(key, 32)] as const))
        }
      }
    }
  }

  async #noticeIncarnation(inc: number): Promise<void> {
    const known = this.tables.meta<number>('inc') ?? 0
    if (inc === known) return
    if (inc < known) this.tables.raiseAlarm(this.now, ZERO16, 'went_back')
    this.tables.setMeta('inc', inc)
    if (known) {
      this.tables.setMeta('restored_at', this.now)
      for (const pack of this.tables.packs.values()) {
        if (pack.expiresAt <= this.now) continue
        pack.sent = false
        this.tables.put('packs', pack)
      }
      this.tables.setMeta('slot_due', true)
    }
    await this.tables.commit()
  }

  /** Take all pages of an answer that fit the signed logs; one that does not holds up no other space. */
  async #takePages(pages: readonly [string, Page][], inc: number): Promise<void> {
    const faulty = new Map<string, string>()
    for (let tried = 0; tried <= pages.length; tried++) {
      const bad = await this.#firstBad(pages.filter(([space]) => !faulty.has(space)), inc)
      if (!bad) break
      faulty.set(bad.space, bad.code)
      await this.replica.reload()
    }
    for (const [space, code] of faulty) this.tables.raiseAlarm(this.now, space, code)
  }

  async #firstBad(pages: readonly [string, Page][], inc: number): Promise<{ space: string; code: string } | null> {
    for (const [space, page] of pages) {
      try {
        const id = b64(unb64(space, 16))
        if (page.reset && this.replica.cursor(id).inc >= inc) this.tables.raiseAlarm(this.now, id, 'went_back')
        await this.replica.takePage(id, inc, page, this.now)
      } catch (error) {
        const shapeless = error instanceof TypeError || error instanceof RangeError
        if (!(error instanceof EnidError) && !shapeless) throw error
        return { space, code: error instanceof EnidError ? error.code : 'server_fault' }
      }
    }
    return null
  }

  /** The server does not know a space that was verified: put it back. */
  async #takeGone(space: Id, inc: number): Promise<void> {
    const held = this.replica.spaces.get(space)
    const cursor = this.replica.cursor(space)
    if (!held || !cursor.seq || !this.#mayRead(held)) return // else nothing is missing: it is not ours any more
    if (cursor.inc >= inc) this.tables.raiseAlarm(this.now, space, 'went_back')
    await this.replica.takePage(space, inc, { after: 0, seq: 0, head: ZERO32, versions: [], reset: true }, this.now)
  }

  #takePacks(answers: readonly (Json | null)[]): void {
    for (const [place, { lookup, log }] of this.#packsAsked.entries()) {
      const answer = answers[place]
      const pack = this.tables.packs.get(lookup)
      if (!pack || answer === undefined || (answer !== null && !this.#isRefusedForGood(log, answer))) continue
      pack.sent = true
      this.tables.put('packs', pack)
    }
  }

  /** Whether a pack will never be taken; a log not put back yet is no reason. */
  #isRefusedForGood(log: Id, answer: Json): boolean {
    if (answer['code'] === 'no_such_space') {
      const held = this.replica.spaces.get(log)
      return !held || !this.#mayRead(held)
    }
    return answer['retry'] === 'never' || answer['code'] === 'invite_used'
  }

  async #takeRefusals(pushed: Record<Id, { error?: Refusal | null }>): Promise<void> {
    for (const [name, { error }] of Object.entries(pushed)) {
      const space = b64(unb64(name, 16))
      const repaired = this.#repairing.get(space) ?? []
      if (!error) this.#wrapsArrived(space)
      else if (error.index < repaired.length) this.#putBackFailed(space, repaired[error.index] as Id, error)
      else this.#takeRefusal(space, error.index - repaired.length, error)
    }
    await this.tables.commit()
  }

  /** Whether what is missing there may still be put back by another phone. */
  #isPutBackFirst(space: Id, error: Refusal): boolean {
    const at = this.tables.meta<number>('restored_at')
    const held = this.replica.spaces.get(space)
    const since = at === null ? -1 : this.now - at
    return PUT_BACK_FIRST.has(error.code) && since >= 0 && since < REPAIR_S && held !== undefined && this.#mayRead(held)
  }

  #putBackFailed(space: Id, version: Id, error: Refusal): void {
    const wanted = this.#isPutBackFirst(space, error)
    const rows = this.tables.versionsOf(space)
    const tried = (row: VersionRow | undefined): void => {
      if (!row) return
      row.tries += 1
      this.tables.put('versions', row)
    }
    if (error.code === 'no_such_space' && !wanted) for (const row of rows.values()) { if (row.seq === null) tried(row) }
    else if (!isForLater(error) && !wanted) tried(rows.get(version))
  }

  #takeRefusal(space: Id, index: number, error: Refusal): void {
    const rows = this.outbox.batch().get(space) ?? []
    const row = rows[index]
    const held = this.replica.spaces.get(space)
    if (!row || !held) return
    const header = envelope.parseHeader(row.header as Bytes)
    const chain = row.chain as number
    if (error.code === 'restoring') {
      this.#changesHeldUntil = this.now + 60
      this.outbox.unseal(space, chain)
    } else if (isForLater(error) || this.#serverIsBehind(held, error)) return
    else if (PUT_BACK_FIRST.has(error.code) && this.#mayStand(header)) return // its bytes may stand elsewhere: they must not change
    else if (error.code === 'no_such_space' && this.#mayRead(held)) return // lost there, and to be put back
    else {
      this.outbox.unseal(space, chain)
      if (['never', 'after_user'].includes(error.retry) && !row.derived) this.outbox.toTray(row, error.code)
    }
  }

  #mayRead(held: Held): boolean {
    const { membership, space } = held
    if (space.kind === SpaceKind.CIRCLE || space.kind === SpaceKind.PROGRAMME) {
      const circles = [space.circle, ...membership.groups] // or in a group that it lists
      if (circles.some((circle) => this.#isSeated(circle))) return true
    }
    return space.kind !== SpaceKind.CIRCLE && membership.readers(space.kind, space.subject).has(this.account.id)
  }

  #isSeated(circle: Id): boolean {
    return Boolean(this.replica.circles.get(circle)?.accounts.get(this.account.id)?.roles)
  }

  /** Its tip of this device's chain is in our history: put back what is after. */
  #serverIsBehind(held: Held, error: Refusal): boolean {
    if (error.code !== 'chain_conflict') return false
    const n = error.n ?? 0
    const known = n === 0 || held.rows.has(error.id ?? '')
    if (!known || held.tip(this.account.device).n <= n) return false
    for (const row of held.rows.values()) {
      if (row.device !== this.account.device || row.n <= n) continue
      row.seq = null
      this.tables.put('versions', row)
    }
    held.forgetHeads()
    this.replica.setRepair(held.id, 0)
    return true
  }

  /** Wrap to accounts that lack a key, as far as the verified log admits them. */
  async #wrapFor(lacking: Record<Id, Id[]>): Promise<void> {
    for (const [name, accounts] of Object.entries(lacking)) {
      const held = this.replica.spaces.get(b64(unb64(name, 16)))
      const newest = held?.ring.newest
      const key = newest && held.ring.keys.get(newest.mark.kid)
      if (!held || !newest || !key) continue
      const carried = SPACES.get(held.space.kind)?.carried
      const wanted = new Set(accounts)
      for (const account of this.outbox.recipients(held)) {
        if (!wanted.has(account.id) || !(carried || newest.entry.wrapped.includes(account.id))) continue
        this.tables.putWrap({ space: held.id, kid: key.kid, account: account.id, wrapped: await sealing.wrap(await this.replica.reveal(key), account) })
      }
    }
  }

  async #afterReply(reply: Json, request: Json): Promise<void> {
    this.#fullPull = !reply['more']
    if (this.replica.cloned) await this.#renewDevice()
    for (const name of Object.keys(of(request, 'wraps'))) { // those without a push have their answer with the reply
      if (!(name in of(request, 'push'))) this.#wrapsArrived(name)
    }
    if (this.#fullPull) {
      await this.#endRepairs()
      this.replica.askForWithheld(this.now)
    }
    if ('settled' in request) this.tables.setMeta('settled', request['settled'])
    if (this.tables.meta('slot_due')) {
      await this.keepSlot()
      this.tables.setMeta('slot_due', null)
    }
  }

  #wrapsArrived(space: Id): void {
    for (const asked of this.#wrapsAsked) {
      if (asked.space !== space) continue
      const row = this.tables.wraps.get(`${asked.space} ${asked.kid} ${asked.account}`)
      if (row) this.tables.dropWrap(row)
    }
  }

  async #endRepairs(): Promise<void> {
    for (const held of this.replica.spaces.values()) {
      const row = this.tables.spaces.get(held.id)
      if (!row || row.repairAt === null) continue
      if (!this.#mayRead(held)) { // what is missing there is not ours to give
        this.replica.setRepair(held.id, null)
        continue
      }
      const missing = [...held.rows.values()].some((v) => v.seq === null && v.code === null && v.tries < TRIES_MAX)
      if (missing || !this.#repairIsDue(held.id)) continue
      this.replica.setRepair(held.id, null)
      await this.#giveWrapsAgain(held)
    }
  }

  /** Also of epochs that the server kept, or got back without their wraps. */
  async #giveWrapsAgain(held: Held): Promise<void> {
    const { space, ring, membership } = held
    if (space.kind === SpaceKind.CIRCLE) return
    const readers = membership.readers(space.kind, space.subject)
    const begun = SPACES.get(space.kind)?.carried ? ring.begun.slice(-1) : ring.begun
    for (const { mark, entry } of begun) {
      const key = ring.keys.get(mark.kid)
      if (!key) continue
      for (const id of new Set([this.account.id, ...entry.wrapped])) {
        const account = readers.get(id)
        if (!account) continue
        this.tables.putWrap({ space: held.id, kid: key.kid, account: id, wrapped: await sealing.wrap(await this.replica.reveal(key), account) })
      }
    }
  }

  /** This profile was copied: go on as a new device, sealing anew. */
  async #renewDevice(): Promise<void> {
    this.account = await this.account.withNewDevice(this.random)
    for (const space of [...this.outbox.batch().keys()]) this.outbox.unseal(space, 0)
    this.replica.cloned = false
    this.outbox = new Outbox(this.replica, this.account)
    this.replica.changed = true
  }

  // -- what follows from the log ------------------------------------------------------

  /** Ask for the entries that the verified log makes necessary. */
  async #derive(): Promise<void> {
    if (!this.replica.changed) return
    this.replica.changed = false
    for (const held of [...this.replica.spaces.values()]) {
      if (!this.#isSeated(held.space.circle)) continue
      if (!this.replica.isTrusted(held.space.circle)) continue // a server may seat this account in circles of its own
      if (held.space.kind === SpaceKind.CIRCLE) await this.#deriveInLog(held)
      else if (this.#mayRead(held) && holdsNewest(held) && this.outbox.newcomers(held).size) await this.outbox.want(held, 'epoch')
    }
  }

  async #deriveInLog(held: Held): Promise<void> {
    const { membership } = held
    if (!membership.devices.has(this.account.device)) await this.outbox.want(held, 'device')
    const author = membership.accounts.get(this.account.id)
    if (membership.kind !== CircleKind.GROUP || !author || !(author.roles & (Role.LEADER | Role.COORDINATOR))) return
    // The last join for a person counts; whoever may, removes the one before.
    for (const account of membership.accounts.values()) {
      const acting = membership.acting(account.person)
      if (account.roles && acting && acting.id !== account.id) await this.#removeOnce(held, account.id)
    }
  }

  async #removeOnce(held: Held, account: Id): Promise<void> {
    const entry: entries.Removal = { type: 'removal', after: ZERO32, what: entries.REMOVE_ACCOUNT, subject: account }
    const wanted = b64(entries.encode(entry))
    for (const row of this.tables.outbox) {
      if (row.space !== held.id) continue
      const intent = await this.account.openIntent(row)
      if (intent.entry && b64(intent.entry) === wanted) return
    }
    await this.outbox.writeEntry(held, entry)
  }
}

function holdsNewest(held: Held): boolean {
  const { newest } = held.ring
  return newest !== null && newest !== undefined && held.ring.keys.has(newest.mark.kid)
}

function lacksKey(held: Held): boolean {
  const { newest } = held.ring
  return newest !== null && newest !== undefined && !held.ring.keys.has(newest.mark.kid)
}

/** Whether the same bytes are to be sent again; a full disk says when. */
function isForLater(error: Refusal): boolean {
  return error.retry === 'later' || error.retry_after !== undefined
}

function batchedToWire(row: OutboxRow): string[] {
  return [b64(row.header as Bytes), b64(row.signature as Bytes), b64(row.body ?? new Uint8Array())]
}

/** How much still fits into one request: versions, and bytes of them. */
class Room {
  #versions = REQUEST_VERSIONS_MAX
  #size = REQUEST_BYTES_MAX

  /** Whether rows of versions fit; then they are counted. */
  takes(rows: readonly (readonly (string | null)[])[]): boolean {
    const size = rows.reduce((sum, row) => sum + row.reduce((s, part) => s + ((part?.length ?? 0) * 3) / 4, 0), 0)
    const fits = rows.length <= this.#versions && size <= this.#size
    if (fits) {
      this.#versions -= rows.length
      this.#size -= size
    }
    return fits
  }
}

/** A text of an answer that something else than the server may have given. */
function field(answer: Json, name: string): string {
  const found = answer[name]
  if (typeof found !== 'string') throw new EnidError('server_fault', 'the answer has not the right shape')
  return found
}

/** An object of an answer, empty when it is not there. */
function of(answer: Json, name: string): Json {
  const found = answer[name] ?? {}
  if (typeof found !== 'object') throw new EnidError('server_fault', 'the answer has not the right shape')
  return found as Json
}
