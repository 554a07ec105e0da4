/**
 * The verified log of every space that this account reads (PROTOCOL 14.2).
 *
 * Pages go in through `takePage`: chain of heads, judgement of each new version; an answer's pages
 * are one transaction, which holds the cursors. What was verified once is kept for ever, also when a restored
 * server no longer has it: such versions have no `seq` and are put back. Sends nothing.
 */

import { check, NO_TIP, spaceOf, stillCounts, type EpochMark, type Judgement, type Space, type State, type Tip } from '../protocol/check.ts'
import { sameBytes, unb64, type Bytes, type Random } from '../protocol/encoding.ts'
import * as entries from '../protocol/entries.ts'
import * as envelope from '../protocol/envelope.ts'
import type { Version, View } from '../protocol/envelope.ts'
import { EnidError, isUnknown } from '../protocol/errors.ts'
import { Ring } from '../protocol/keyring.ts'
import { circleName, roleNames, ruleName, SPACES, spaceName, SpaceKind, ZERO16, ZERO32 } from '../protocol/kinds.ts'
import { SIGN_VERSION } from '../protocol/labels.ts'
import type { CircleState, Content, Id } from '../protocol/local.ts'
import { Membership } from '../protocol/membership.ts'
import * as records from '../protocol/records.ts'
import { isOpen, type EpochKey, type OpenEpochKey } from '../protocol/sealing.ts'
import * as signing from '../protocol/signing.ts'
import type { SpaceRow, VersionRow } from '../storage/rows.ts'
import type { Account } from '../vault/account.ts'
import { Tables } from './tables.ts'

const WAITING = 'waiting'
const PAGE_VERSIONS_MAX = 4096
const GAP = 'chain_conflict'
// A server that spoils a signature or leaves a gap must not spoil a version for good.
const JUDGED_AGAIN = new Set(['bad_signature', GAP])

export interface Page {
  readonly after: number
  readonly seq: number
  readonly head: Id
  readonly versions: readonly unknown[]
  readonly reset: boolean
}

/** One space as this account holds it; the `State` that judging needs. */
export class Held implements State {
  readonly tables: Tables
  readonly space: Space
  readonly id: Id
  readonly membership: Membership
  readonly ring: Ring
  readonly closed = new Map<Id, Tip>()
  readonly freshTips = new Map<Id, Tip>()
  readonly freshRecords = new Map<Id, string>()
  freshHeads = new Map<number, Id>()
  readonly waiting = new Set<Id>()
  #heads: Map<number, Id> | null = null

  constructor(tables: Tables, space: Space, membership: Membership, ring: Ring) {
    this.tables = tables
    this.space = space
    this.id = space.id
    this.membership = membership
    this.ring = ring
  }

  get rows(): Map<Id, VersionRow> {
    return this.tables.versionsOf(this.id)
  }

  get epoch(): EpochMark | null {
    return this.ring.newest?.mark ?? null
  }

  /** Newest (n, id) of a device, put back or not. */
  tip(device: Id): Tip {
    let found = this.freshTips.get(device)
    if (!found) {
      found = NO_TIP
      for (const row of this.rows.values()) {
        if (row.device === device && row.account && row.code !== GAP && row.n > found.n) {
          found = { n: row.n, id: row.id }
        }
      }
      this.freshTips.set(device, found)
    }
    return found
  }

  recordOf(version: Id): string | null {
    return this.freshRecords.get(version) ?? this.rows.get(version)?.record ?? null
  }

  kidOf(epoch: number): Id | null {
    return this.ring.begun.find((b) => b.mark.number === epoch)?.mark.kid ?? null
  }

  closedAt(device: Id): Tip | null {
    return this.closed.get(device) ?? null
  }

  /** The head at a place of the log, while a page is judged; `null` past its end. */
  headAt(seq: number): Id | null {
    if (seq === 0) return ZERO32
    const fresh = this.freshHeads.get(seq)
    if (fresh !== undefined || this.freshHeads.has(0)) return fresh ?? null
    this.#heads ??= new Map([...this.rows.values()].flatMap((r) => (r.seq && r.head ? [[r.seq, r.head]] : [])))
    return this.#heads.get(seq) ?? null
  }

  forgetHeads(): void {
    this.#heads = null
  }

  /** Take an epoch entry into the ring. */
  beginEpoch(version: Version, author: Id, entry: entries.Epoch): void {
    // Whoever is not listed wrote nothing.
    for (const device of this.lostBy(entry)) this.closed.set(device, NO_TIP)
    for (const { device, n, id } of entry.tips) this.closed.set(device, { n, id })
    const { epoch: number, kid } = version.header
    const mark: EpochMark = { number, kid, id: version.id, membership: entry.membership }
    this.ring.begun.push({ mark, entry, author })
  }

  /** Devices that lost a right here since the epoch before this one. */
  lostBy(entry: entries.Epoch): Set<Id> {
    const since = this.epoch?.membership ?? ZERO32
    return this.membership.lost(since, entry.membership, this.space.kind, this.space.subject)
  }
}

interface Judged {
  readonly version: Version
  readonly seq: number | null
  readonly judgement: Judgement | null
  readonly code: string | null
  /** Whose account signed it, whatever else it is. */
  readonly author: Id | null
  /** What in it speaks against the server or its author. */
  readonly accuses: string | null
}

/** All circles and spaces of one account, folded from the tables. */
export class Replica {
  readonly account: Account
  readonly random: Random
  tables: Tables
  circles = new Map<Id, Membership>()
  spaces = new Map<Id, Held>()
  /** The client's own; a stranger's version of it is a clone's. */
  device: Id = ''
  cloned = false
  /** A log, an epoch or a key is new. */
  changed = true
  /** Spaces whose records may show otherwise now; whoever commits tells the screens. */
  readonly touched = new Set<Id>()
  readonly #askedAgain = new Set<Id>()
  readonly #checkedKeys = new Set<string>()
  readonly #parsed = new WeakMap<VersionRow, Version>()
  #trust: { length: number; circles: Set<Id> } = { length: -1, circles: new Set() }

  private constructor(tables: Tables, account: Account, random: Random) {
    this.tables = tables
    this.account = account
    this.random = random
  }

  static async load(tables: Tables, account: Account, random: Random): Promise<Replica> {
    const made = new Replica(tables, account, random)
    await made.#load()
    return made
  }

  // -- loading ------------------------------------------------------------------------

  async #load(): Promise<void> {
    this.#judgeWhatIsKnownNow()
    const rows = [...this.tables.spaces.values()]
    rows.sort((a, b) => Number(a.kind !== SpaceKind.CIRCLE) - Number(b.kind !== SpaceKind.CIRCLE))
    for (const row of rows) {
      await this.#fold(this.#hold({ id: row.id, circle: row.circle, kind: row.kind as SpaceKind, subject: row.subject }))
    }
  }

  /** Forget what a page that was not kept has left in memory. */
  async reload(): Promise<void> {
    this.tables = await Tables.read(this.tables.store)
    this.circles.clear()
    this.spaces.clear()
    this.#trust = { length: -1, circles: new Set() }
    await this.#load()
  }

  /** An update of the app may know an entry that froze a circle before. */
  #judgeWhatIsKnownNow(): void {
    for (const [space, rows] of this.tables.versions) {
      for (const row of rows.values()) {
        if (row.code !== 'upgrade_required') continue
        try {
          entries.decode(row.entry ?? new Uint8Array())
        } catch (error) {
          if (error instanceof EnidError) continue
          throw error
        }
        row.code = WAITING
        this.tables.put('versions', row)
        const circle = this.tables.spaces.get(space)?.circle
        for (const other of this.tables.spaces.values()) {
          if (other.circle !== circle) continue
          other.frozen = null
          this.tables.put('spaces', other)
        }
      }
    }
  }

  #hold(space: Space): Held {
    const membership = this.circles.get(space.circle) ?? new Membership()
    this.circles.set(space.circle, membership)
    const held = new Held(this.tables, space, membership, new Ring(this.account.suite, space))
    held.ring.confirmed = new Set(this.tables.confirmedIn(space.circle))
    this.spaces.set(space.id, held)
    return held
  }

  async #fold(held: Held): Promise<void> {
    for (const row of held.rows.values()) {
      if (!row.control || row.code !== null) continue
      const version = this.parse(row)
      const entry = entries.decode(row.entry ?? new Uint8Array())
      if (held.space.kind === SpaceKind.CIRCLE) {
        if (!held.membership.length) held.membership.suite = version.header.suite
        held.membership.applyKnown(version.id, version.header.device, entry)
      } else if (entry.type === 'epoch') {
        held.beginEpoch(version, held.membership.author(version.header.device).id, entry)
      }
    }
    for (const row of held.rows.values()) if (row.code === WAITING) letWait(held, this.parse(row))
    await this.#loadKeys(held)
  }

  async #loadKeys(held: Held): Promise<void> {
    for (const row of this.tables.keysOf(held.id).values()) {
      if (held.ring.keys.has(row.kid)) continue
      await held.ring.takeSecret(row.kid, await this.account.vault.concealedKey(row))
    }
  }

  /** The version that a row stands for; a content's body is not with it. */
  parse(row: VersionRow): Version {
    let version = this.#parsed.get(row)
    if (!version) {
      version = envelope.parse(row.header, row.signature, row.entry, row.bodyHash)
      this.#parsed.set(row, version)
    }
    return version
  }

  // -- questions ----------------------------------------------------------------------

  /** What has been verified of a space's log. */
  cursor(space: Id): View {
    const row = this.tables.spaces.get(space)
    return row ? { inc: row.inc, seq: row.seq, head: row.head } : { inc: 0, seq: 0, head: ZERO32 }
  }

  /** The log of a circle. */
  logOf(circle: Id): Held {
    const held = this.spaces.get(spaceOf(circle, SpaceKind.CIRCLE).id)
    if (!held) throw new Error('no log of this circle is kept')
    return held
  }

  /** Why nothing is written in a circle: an entry that is not valid. */
  frozen(circle: Id): string | null {
    return this.tables.spaces.get(spaceOf(circle, SpaceKind.CIRCLE).id)?.frozen ?? null
  }

  /**
   * Whether a circle is this account's by its own act (PROTOCOL 14.6).
   *
   * It began the circle or joined it, or was granted a seat by an account that sits in such a
   * circle. A server may offer others; they are not shown.
   */
  isTrusted(circle: Id): boolean {
    let length = 0
    for (const membership of this.circles.values()) length += membership.length
    if (length !== this.#trust.length) this.#trust = { length, circles: this.#traceTrust() }
    return this.#trust.circles.has(circle)
  }

  /** Also a programme that lists a trusted group; whether that group names it is the domain's to see. */
  #isShown(circle: Id): boolean {
    const groups = this.circles.get(circle)?.groups ?? new Set<Id>()
    return this.isTrusted(circle) || [...groups].some((group) => this.isTrusted(group))
  }

  #traceTrust(): Set<Id> {
    const trusted = new Set<Id>()
    const known = new Set<Id>([this.account.id])
    for (let grew = true; grew; ) {
      grew = false
      for (const [circle, membership] of this.circles) {
        if (trusted.has(circle) || !membership.length) continue
        if (![...this.#seatedBy(circle)].some((account) => known.has(account))) continue
        trusted.add(circle)
        for (const account of membership.accounts.keys()) known.add(account)
        grew = true
      }
    }
    return trusted
  }

  /** The account whose act seated this account: itself, or a granter. */
  #seatedBy(circle: Id): Set<Id> {
    const found = new Set<Id>()
    const { publicSignKey: signKey, publicWrapKey: wrapKey } = this.account.identity
    for (const row of this.logOf(circle).rows.values()) {
      if (row.code !== null) continue
      const entry = entries.decode(row.entry ?? new Uint8Array())
      const author = this.circles.get(circle)?.author(row.device).id
      if (author === undefined) continue
      const begun = entry.type === 'genesis' || entry.type === 'join'
      const granted = entry.type === 'grant' && sameBytes(entry.signKey, signKey) && sameBytes(entry.wrapKey, wrapKey)
      if ((begun && author === this.account.id) || granted) found.add(author)
    }
    return found
  }

  /** Whether this account's own genesis stands at the head of a circle's log. */
  began(circle: Id): boolean {
    return this.tables.versionsOf(spaceOf(circle, SpaceKind.CIRCLE).id).get(circle)?.account === this.account.id
  }

  // -- pages --------------------------------------------------------------------------

  /**
   * Verify one page of a space's log and take it in; the caller commits.
   *
   * Throws `server_fault`: then what is in memory is half a page, and has to be read anew.
   */
  async takePage(space: Id, inc: number, page: Page, now: number): Promise<void> {
    const versions = page.versions.map(envelope.fromWire)
    const held = this.spaces.get(space) ?? this.#meet(space, versions)
    if (!held) return; // its circle's log has not been verified yet
    const start: View = page.reset ? { inc, seq: 0, head: ZERO32 } : this.cursor(space)
    if (page.after !== start.seq || (start.seq && start.inc !== inc)) {
      throw new EnidError('server_fault', 'the page does not begin at the cursor')
    }
    if (versions.length > PAGE_VERSIONS_MAX) throw new EnidError('server_fault', 'more versions than an answer holds')
    const heads = [start.head]
    for (const version of versions) heads.push(envelope.nextHead(heads.at(-1) as Id, version.id))
    if (page.seq !== start.seq + versions.length || page.head !== heads.at(-1)) {
      throw new EnidError('server_fault', 'the chain of heads is broken')
    }
    held.freshHeads = new Map(heads.map((head, place) => [start.seq + place, head]))
    held.forgetHeads()
    try {
      await this.#keepPage(held, start, { inc, seq: page.seq, head: page.head }, versions, page.reset, now)
    } finally {
      held.freshHeads = new Map()
      held.forgetHeads()
    }
  }

  #meet(space: Id, versions: readonly Version[]): Held | null {
    const first = versions[0]
    if (!first || first.body === null || first.header.rule !== 0) return null
    let entry: entries.Entry
    try {
      entry = entries.decode(first.body)
    } catch {
      return null
    }
    let what: Space
    if (entry.type === 'genesis' && first.header.space === ZERO16) {
      what = spaceOf(first.id, SpaceKind.CIRCLE)
    } else if (entry.type === 'epoch' && this.circles.has(entry.circle) && SPACES.has(entry.kind)) {
      what = spaceOf(entry.circle, entry.kind as SpaceKind, entry.subject)
    } else return null
    if (what.id !== space) throw new EnidError('server_fault', "the space's first entry names another space")
    return this.#hold(what)
  }

  async #keepPage(
    held: Held, start: View, cursor: View, versions: readonly Version[], reset: boolean, now: number,
  ): Promise<void> {
    this.tables.hold(held.id)
    const known = this.#known(held, versions)
    const twice = new Set(versions.map((v) => v.id)).size !== versions.length
    if (twice || (!reset && [...known.values()].some((seq) => seq !== null))) {
      throw new EnidError('server_fault', 'a version came twice')
    }
    this.#verifyAhead(held, versions)
    const judged: Judged[] = []
    for (const [place, version] of versions.entries()) {
      if (known.has(version.id)) continue
      const one = await this.#judge(held, version, start.seq + place + 1, cursor.inc)
      judged.push(one)
      if (one.author) this.#lookForClone(held.id, version)
    }
    this.#addSpace(held.space)
    if (reset) this.#setAside(held, now)
    for (const [place, version] of versions.entries()) {
      if (known.has(version.id)) this.#placeAgain(held, version, start.seq + place + 1)
    }
    for (const one of judged) {
      this.#keep(held, one)
      this.#note(held, one, now)
    }
    this.#moveCursor(held.id, cursor, versions, now)
    if (judged.length) await this.#tryWaiting(held, now)
    this.touched.add(held.id)
  }

  /** A page is judged in order; its signatures are checked side by side. */
  #verifyAhead(held: Held, versions: readonly Version[]): void {
    for (const { header, id, signature } of versions) {
      const seated = held.membership.devices.get(header.device)
      if (seated) signing.verifyAhead(header.suite, seated.key, SIGN_VERSION, unb64(id), signature, this.#checkedKeys)
    }
  }

  /** Those that are held already, and their places. */
  #known(held: Held, versions: readonly Version[]): Map<Id, number | null> {
    const found = new Map<Id, number | null>()
    for (const { id } of versions) {
      const row = held.rows.get(id)
      if (row && !JUDGED_AGAIN.has(row.code ?? '')) found.set(id, row.seq)
    }
    return found
  }

  /** A version of this very device that it never made: its profile was copied. */
  #lookForClone(space: Id, version: Version): void {
    const mine = version.header.device === this.device
    if (mine && !this.tables.outbox.some((row) => row.space === space && row.id === version.id)) this.cloned = true
  }

  async #judge(held: Held, version: Version, seq: number | null, inc = 0): Promise<Judged> {
    const device = version.header.device
    if (held.waiting.has(device)) {
      letWait(held, version)
      return { version, seq, judgement: null, code: WAITING, author: null, accuses: null }
    }
    let judgement: Judgement
    try {
      judgement = await check(version, held, this.#checkedKeys)
    } catch (error) {
      if (error instanceof EnidError) return this.#refused(held, version, seq, error)
      throw error
    }
    const accuses = this.#accused(held, version, judgement, seq, inc)
    held.freshTips.set(device, { n: version.header.n, id: version.id })
    held.freshRecords.set(version.id, judgement.record)
    if (judgement.entry) this.changed = true
    if (judgement.entry?.type === 'epoch') {
      held.beginEpoch(version, judgement.account, judgement.entry)
      await this.#loadKeys(held); // one made here, whose wraps a restore has lost
    }
    return { version, seq, judgement, code: null, author: judgement.account, accuses }
  }

  /** It waits, or is skipped. In a circle's log there is nothing to wait for. */
  async #refused(held: Held, version: Version, seq: number | null, error: EnidError): Promise<Judged> {
    const early = isUnknown(error) || followsWaiting(held, version)
    if (early && held.space.kind !== SpaceKind.CIRCLE) {
      letWait(held, version)
      return { version, seq, judgement: null, code: WAITING, author: null, accuses: null }
    }
    const author = await this.#signer(held, version)
    if (author && error.code !== GAP) {
      held.freshTips.set(version.header.device, { n: version.header.n, id: version.id })
    }
    return { version, seq, judgement: null, code: error.code, author, accuses: null }
  }

  /** Whose a refused version is; what nobody signed here moves no chain. */
  async #signer(held: Held, version: Version): Promise<Id | null> {
    const seated = held.membership.devices.get(version.header.device)
    if (!seated || version.header.space !== held.id) return null
    try {
      const { header, id, signature } = version
      await signing.verify(header.suite, seated.key, SIGN_VERSION, unb64(id), signature, this.#checkedKeys)
    } catch (error) {
      if (error instanceof EnidError) return null
      throw error
    }
    return seated.account
  }

  /** What a valid version still says against the server or its author. */
  #accused(held: Held, version: Version, judged: Judgement, seq: number | null, inc: number): string | null {
    const { header } = version
    const place = seq ?? 0
    const seen = header.view.seq < place && held.headAt(header.view.seq) === header.view.head
    if (place && header.view.inc === inc && !seen) return 'view_mismatch'; // SEC-24
    if (judged.entry?.type === 'epoch') {
      const listed = new Set(judged.entry.tips.map(({ device }) => device))
      const omitted = [...held.lostBy(judged.entry)].some((d) => !listed.has(d) && held.tip(d).n > 0)
      return omitted ? 'tips_omitted' : null
    }
    const late = header.rule !== 0 && held.epoch !== null && header.epoch < held.epoch.number
    return late && header.view.inc === inc && this.#standsBefore(held, seq, inc) ? 'stale_epoch' : null
  }

  /** Whether the newest epoch stands before a place of this log; after a restore it may not be back yet. */
  #standsBefore(held: Held, seq: number | null, inc: number): boolean {
    const row = held.rows.get(held.epoch?.id ?? '')
    if (!row) return true; // it came in this very page
    return this.cursor(held.id).inc === inc && row.seq !== null && seq !== null && row.seq < seq
  }

  #keep(held: Held, one: Judged): void {
    const { version, judgement } = one
    const { header } = version
    const control = header.rule === 0
    this.tables.addVersion({
      space: held.id, id: version.id, seq: one.seq, header: version.raw, signature: version.signature,
      entry: control ? version.body : null, bodyHash: version.bodyHash, hasBody: version.body !== null,
      device: header.device, n: header.n, account: one.author, record: judgement?.record ?? null, control,
      code: one.code, head: one.seq ? held.headAt(one.seq) : null, tries: 0,
    })
    if (!control) {
      this.tables.addBody({
        space: held.id, id: version.id, cls: '?', live: false, account: one.author ?? '', header: version.raw,
        body: version.body,
      })
    }
  }

  /** Freeze a circle on an invalid entry; remember what accuses the server. */
  #note(held: Held, one: Judged, now: number): void {
    if (one.accuses) this.tables.raiseAlarm(now, held.id, one.accuses)
    if (one.code === null || one.code === WAITING) return
    if (one.version.header.rule === 0) {
      for (const row of this.tables.spaces.values()) {
        if (row.circle !== held.space.circle) continue
        row.frozen = one.code
        this.tables.put('spaces', row)
      }
    }
    this.tables.raiseAlarm(now, held.id, one.code)
  }

  /** A new incarnation: nothing is in its log until it is seen there. */
  #setAside(held: Held, now: number): void {
    const [a, b] = this.random(2)
    for (const row of held.rows.values()) {
      row.seq = null
      row.tries = 0
      this.tables.put('versions', row)
    }
    held.forgetHeads()
    this.#changeSpace(held.id, { repairAt: now + (((a as number) << 8) | (b as number)) % 31 })
  }

  #placeAgain(held: Held, version: Version, seq: number): void {
    const row = held.rows.get(version.id)
    if (!row) return
    row.seq = seq
    row.head = held.headAt(seq)
    if (!row.hasBody && version.body !== null) {
      row.hasBody = true
      if (row.control) row.entry = version.body
      else {
        this.tables.addBody({
          space: held.id, id: row.id, cls: '?', live: false, account: row.account ?? '', header: row.header,
          body: version.body,
        })
      }
    }
    this.tables.put('versions', row)
  }

  #moveCursor(space: Id, cursor: View, versions: readonly Version[], now: number): void {
    this.#changeSpace(space, { ...cursor, checkedAt: now })
    for (const version of versions) { // seen in the verified log: only now is it sent
      const row = this.tables.outbox.find((r) => r.space === space && r.id === version.id)
      if (!row) continue
      this.tables.dropOutbox(row)
      this.tables.see(`outbox:${row.n}`, version.id)
      if (row.editor) this.tables.see(row.editor, version.id)
    }
  }

  /** Judge again what waited for an author, a parent or an epoch. */
  async #tryWaiting(held: Held, now: number): Promise<void> {
    const inLog = held.space.kind === SpaceKind.CIRCLE
    for (const one of [...this.spaces.values()]) {
      const near = inLog ? one.space.circle === held.space.circle : one === held
      if (near && one.waiting.size) await this.#judgeAgain(one, now)
    }
  }

  async #judgeAgain(held: Held, now: number): Promise<void> {
    const waiting = [...held.rows.values()].filter((row) => row.code === WAITING)
    held.waiting.clear()
    for (const row of waiting) {
      const version = row.control ? this.parse(row) : await this.#withBody(row)
      const one = await this.#judge(held, version, null)
      if (one.code === WAITING) continue
      row.code = one.code
      row.account = one.author
      row.record = one.judgement?.record ?? null
      this.tables.put('versions', row)
      this.#note(held, one, now)
      this.touched.add(held.id)
    }
  }

  /** A content with its body, which lies in the database. */
  async #withBody(row: VersionRow): Promise<Version> {
    const body = row.hasBody ? ((await this.tables.body(row.space, row.id))?.body ?? null) : null
    return envelope.parse(row.header, row.signature, body, row.bodyHash)
  }

  /** Keep a genesis made here; the server gets it like anything it lacks. */
  async adopt(what: Space, version: Version): Promise<Held> {
    const held = this.#hold(what)
    const judged = await this.#judge(held, version, null)
    if (judged.code !== null) throw new EnidError('bad_entry', `the new circle is not valid: ${judged.code}`)
    this.#addSpace(what)
    this.#keep(held, judged)
    this.#changeSpace(held.id, { repairAt: 0 })
    this.touched.add(held.id)
    return held
  }

  /** The space, held from now on even if its log is still empty. */
  ensure(what: Space): Held {
    const held = this.spaces.get(what.id)
    if (held) return held
    this.#addSpace(what)
    return this.#hold(what)
  }

  #addSpace(what: Space): void {
    if (this.tables.spaces.has(what.id)) return
    const row: SpaceRow = {
      id: what.id, circle: what.circle, kind: what.kind, subject: what.subject, inc: 0, seq: 0, head: ZERO32,
      checkedAt: null, repairAt: null, frozen: null, skipped: {},
    }
    this.tables.hold(what.id)
    this.tables.spaces.set(what.id, row)
    this.tables.put('spaces', row)
  }

  #changeSpace(space: Id, change: Partial<SpaceRow>): void {
    const row = this.tables.spaces.get(space)
    if (!row) return
    this.tables.hold(space)
    Object.assign(row, change)
    this.tables.put('spaces', row)
  }

  setRepair(space: Id, at: number | null): void {
    this.#changeSpace(space, { repairAt: at })
  }

  /**
   * Notice heads that came without their body, and read their space again.
   *
   * A body is dropped only when a newer version replaces it. Once for each start the space is read
   * from zero: the server may have become honest.
   */
  askForWithheld(now: number): void {
    for (const held of this.spaces.values()) {
      if (this.#askedAgain.has(held.id) || !this.#lacksAHead(held)) continue
      this.#askedAgain.add(held.id)
      this.tables.raiseAlarm(now, held.id, 'body_withheld')
      for (const row of held.rows.values()) {
        row.seq = null
        this.tables.put('versions', row)
      }
      held.forgetHeads()
      this.#changeSpace(held.id, { inc: 0, seq: 0, head: ZERO32 })
    }
  }

  #lacksAHead(held: Held): boolean {
    const contents = [...held.rows.values()].filter((row) => !row.control && row.code === null)
    if (contents.every((row) => row.hasBody || envelope.isDeletion(this.parse(row).header))) return false
    const replaced = new Set(contents.flatMap((row) => this.parse(row).header.parents.map((p) => `${row.record} ${p}`)))
    return contents.some((row) =>
      !row.hasBody && !envelope.isDeletion(this.parse(row).header) && !replaced.has(`${row.record} ${row.id}`))
  }

  // -- keys ---------------------------------------------------------------------------

  /** Take own wraps and what they carry; whether a key was gained (SEC-11). */
  async takeWraps(space: Id, wraps: readonly (readonly [Id, Bytes])[], now: number): Promise<boolean> {
    const held = this.spaces.get(space)
    if (!held) return false
    const before = new Set(held.ring.keys.keys())
    for (const [kid, wrapped] of wraps) await held.ring.takeWrap(this.account.identity.wrapKey, this.account.id, kid, wrapped)
    if (wraps.some(([kid]) => held.ring.lacks(kid))) this.tables.raiseAlarm(now, space, 'unopened')
    return this.#gained(held, before)
  }

  /** Take keys that came sealed in a record; whether one was gained. */
  async takeSecrets(held: Held, secrets: Iterable<readonly [Id, Bytes]>): Promise<boolean> {
    const before = new Set(held.ring.keys.keys())
    for (const [kid, secret] of secrets) await held.ring.takeSecret(kid, secret)
    return this.#gained(held, before)
  }

  async #gained(held: Held, before: ReadonlySet<Id>): Promise<boolean> {
    while (await held.ring.takeCarried()) continue // a carried key may carry others
    const gained = [...held.ring.keys].filter(([kid]) => !before.has(kid))
    for (const [, key] of gained) if (isOpen(key)) await this.keepKey(held, key)
    if (gained.length) {
      this.changed = true
      this.touched.add(held.id)
    }
    return gained.length > 0
  }

  /** Make an epoch key durable, sealed under the device key. */
  async keepKey(held: Held, key: OpenEpochKey): Promise<void> {
    const row = await this.account.sealKey(held.id, key.kid, key.secret)
    this.tables.keysOf(held.id).set(key.kid, row)
    this.tables.put('keys', row)
  }

  /** A key with its bytes at hand: for carrying and wrapping only. */
  async reveal(key: EpochKey): Promise<OpenEpochKey> {
    if (isOpen(key)) return key
    const row = this.tables.keysOf(key.space).get(key.kid)
    if (!row) throw new EnidError('no_key', 'this key is not kept here')
    return { ...key, secret: await this.account.vault.revealKey(row) }
  }

  // -- filing -------------------------------------------------------------------------

  /**
   * File the contents of the spaces that were touched: which are live, and of what type.
   *
   * A replaced version keeps its type only while its record needs it to be joined: several heads
   * stand, or an act in the outbox was made on it.
   */
  async fileTouched(bases: ReadonlySet<Id>): Promise<Id[]> {
    const done = [...this.touched]
    for (const id of done) {
      const held = this.spaces.get(id)
      if (held) await this.#file(held, bases)
    }
    // One log may be what makes another trusted.
    const logs = [...this.spaces.values()].filter((held) => held.space.kind === SpaceKind.CIRCLE)
    if (logs.some((held) => this.touched.has(held.id))) for (const held of logs) this.#keepCircle(held)
    this.touched.clear()
    return done
  }

  async #file(held: Held, bases: ReadonlySet<Id>): Promise<void> {
    const contents = [...held.rows.values()].filter((row) => !row.control && row.code === null)
    const judged = (row: VersionRow): Judgement => ({ account: row.account ?? '', record: row.record ?? '', entry: null })
    const counted = contents.filter((row) => stillCounts(this.parse(row), judged(row), held))
    const replaced = new Set(counted.flatMap((row) => this.parse(row).header.parents.map((p) => `${row.record} ${p}`)))
    const isLive = (row: VersionRow): boolean => !replaced.has(`${row.record} ${row.id}`)
    const heads = new Map<string, number>()
    for (const row of counted) if (isLive(row)) heads.set(row.record ?? '', (heads.get(row.record ?? '') ?? 0) + 1)
    const contested = new Set(counted.filter((row) => bases.has(row.id) && !isLive(row)).map((row) => row.record))
    for (const [record, count] of heads) if (count > 1) contested.add(record)
    const shown = new Set(counted.filter((row) => isLive(row) || contested.has(row.record)))
    await Promise.all([...shown].map(async (row) =>
      this.tables.file(held.id, row.id, await this.#classOf(held, row), isLive(row))))
    for (const row of contents) if (!shown.has(row)) this.tables.file(held.id, row.id, '-', false)
    const skipped: Record<string, number> = {}
    for (const row of held.rows.values()) if (row.code !== null) skipped[row.code] = (skipped[row.code] ?? 0) + 1
    for (const row of shown) {
      const cls = this.tables.filedIn(held.id).get(row.id)?.cls
      if (cls === '?' || cls === '!') skipped[cls === '?' ? 'no_key' : 'misplaced'] = (skipped[cls === '?' ? 'no_key' : 'misplaced'] ?? 0) + 1
    }
    const was = this.tables.spaces.get(held.id)
    if (was && JSON.stringify(was.skipped) !== JSON.stringify(skipped)) this.#changeSpace(held.id, { skipped })
  }

  /** The type of a content: `~` deleted, `?` no key yet, `!` misplaced or malformed, `*` not known to this app. */
  async #classOf(held: Held, row: VersionRow): Promise<string> {
    const old = this.tables.filedIn(held.id).get(row.id)?.cls ?? '?'
    if (!['?', '-'].includes(old)) return old
    const { header } = this.parse(row)
    if (envelope.isDeletion(header)) return '~'
    const key = held.ring.keys.get(header.kid)
    const stored = key ? await this.tables.body(held.id, row.id) : undefined
    if (!key || !stored?.body) return '?'
    const read = await this.account.read(stored, key)
    if (read === null) return '!'
    const { content, unknown } = read
    if (unknown) return '*'
    const account = held.membership.accounts.get(row.account ?? '')
    if (!account) return '!'
    const fits = concerns(content, held, account.person)
    const roles = roleNames(account.ever)
    const place = spaceName(held.space.kind)
    return fits && records.accepted(content.t, place, ruleName(header.rule), roles) ? content.t : '!'
  }

  /** What the log says, folded, for a start that folds nothing. */
  #keepCircle(held: Held): void {
    const { membership } = held
    if (!membership.length) return
    const state: CircleState & { trusted: boolean } = {
      id: held.space.circle,
      kind: circleName(membership.kind),
      seats: [...membership.accounts.values()].sort((a, b) => a.order - b.order).map((account) => ({
        account: account.id, person: account.person, roles: roleNames(account.roles),
      })),
      groups: [...membership.groups],
      frozen: this.frozen(held.space.circle),
      trusted: this.#isShown(held.space.circle),
    }
    this.tables.put('circles', { id: held.space.circle, state })
  }

  /** Opened records of one type, newest filing; for the few that syncing itself must read. */
  async contents(held: Held, type: string): Promise<Content[]> {
    const found: Content[] = []
    for (const [id, filed] of this.tables.filedIn(held.id)) {
      if (filed.cls !== type || !filed.live) continue
      const row = held.rows.get(id)
      const key = row && held.ring.keys.get(this.parse(row).header.kid)
      const stored = key && (await this.tables.body(held.id, id))
      if (!row || !key || !stored?.body) continue
      const read = await this.account.read(stored, key)
      if (read && !read.unknown) found.push(read.content)
    }
    return found
  }
}

const OWN_THREAD = new Set(['apology', 'agreement'])
const OWN_NAME = new Set(['apology_flag', 'sitting'])

/** Whether a record speaks of the person whom its author and its thread allow. */
function concerns(content: Content, held: Held, author: Id): boolean {
  if (OWN_THREAD.has(content.t)) return author === held.space.subject
  if (OWN_NAME.has(content.t)) return content['person'] === author
  if (content.t === 'statement') return content['person'] === held.space.subject
  return true
}

/** The device's later versions wait too, and the epochs that follow this one. */
function letWait(held: Held, version: Version): void {
  held.waiting.add(version.header.device)
  if (version.header.rule === 0) held.waiting.add(version.id)
}

function followsWaiting(held: Held, version: Version): boolean {
  if (version.header.rule !== 0 || !held.waiting.size) return false
  const entry = entries.decode(version.body ?? new Uint8Array())
  return entry.type === 'epoch' && held.waiting.has(entry.after)
}

