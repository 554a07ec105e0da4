/**
 * Intents, and the batch that they are sealed into at send (PROTOCOL 14.3).
 *
 * A person's act is a row of the outbox, sealed under the device key. `sealBatch` turns rows into
 * versions under the newest epoch; a sealed batch is sent byte for byte until it has a definite
 * answer, and a row leaves only in the commit that stores the verified page holding it (`replica.ts`).
 */

import { spaceOf } from '../protocol/check.ts'
import { byBytes, type Bytes, type Id } from '../protocol/encoding.ts'
import * as entries from '../protocol/entries.ts'
import * as envelope from '../protocol/envelope.ts'
import type { Header, Sealed, Version } from '../protocol/envelope.ts'
import { EnidError, isCode } from '../protocol/errors.ts'
import { Rule, SPACES, SpaceKind, ZERO16, ZERO32, ZERO8 } from '../protocol/kinds.ts'
import { SIGN_VERSION } from '../protocol/labels.ts'
import { localName, type Content } from '../protocol/local.ts'
import { certify, type Account as Seated } from '../protocol/membership.ts'
import * as records from '../protocol/records.ts'
import * as sealing from '../protocol/sealing.ts'
import type { EpochKey } from '../protocol/sealing.ts'
import * as signing from '../protocol/signing.ts'
import type { OutboxRow } from '../storage/rows.ts'
import type { Account, LocalIntent } from '../vault/account.ts'
import type { Held, Replica } from './replica.ts'
import type { Tables } from './tables.ts'

export const SPACE_VERSIONS_MAX = 64
export const REQUEST_VERSIONS_MAX = 256
const BATCH_BYTES_MAX = 350_000

/** What is not yet in the verified log. */
export class Outbox {
  readonly replica: Replica
  readonly account: Account
  #rights = true

  constructor(replica: Replica, account: Account) {
    this.replica = replica
    this.account = account
    replica.device = account.device
  }

  get tables(): Tables {
    return this.replica.tables
  }

  // -- control entries ----------------------------------------------------------------

  /** Keep the intent to write a control entry in a circle's log. */
  async writeEntry(held: Held, entry: entries.Entry): Promise<void> {
    await this.#insert(held, { rule: 'control', entry: entries.encode(entry) }, null)
  }

  /** Ask for a derived entry unless it was asked for before. */
  async want(held: Held, derived: 'epoch' | 'device'): Promise<void> {
    if (this.#rowsOf(held.id).some((row) => row.derived === derived)) return
    await this.#insert(held, { rule: 'control', entry: null }, derived)
  }

  async #insert(
    held: Held, intent: { rule: 'control'; entry: Sealed | null }, derived: OutboxRow['derived'],
  ): Promise<OutboxRow> {
    const local: LocalIntent = { space: held.space, rule: Rule.CONTROL, rec: ZERO16, content: null, base: [], entry: intent.entry }
    return this.tables.addOutbox({
      space: held.id, intent: await this.account.sealIntent(local), record: '', bases: [], editor: null, derived,
      at: Date.now(), chain: null, id: null, header: null, signature: null, body: null, code: null,
    })
  }

  #rowsOf(space: Id): OutboxRow[] {
    return this.tables.outbox.filter((row) => row.space === space)
  }

  // -- sealing ------------------------------------------------------------------------

  /**
   * Seal what can be sealed now, logs first, within the limits of a request.
   *
   * A row whose key, seat or device is not there yet stays as it is; so do changes of rights
   * unless `rights` (a server just restored refuses them).
   */
  async sealBatch(rights = true): Promise<void> {
    this.#rights = rights
    for (const row of this.tables.outbox) {
      if (row.id !== null || row.code !== null || this.replica.spaces.has(row.space)) continue
      const { space } = await this.account.openIntent(row)
      this.replica.ensure(spaceOf(space.circle, space.kind, space.subject))
    }
    const waiting = new Set(this.tables.outbox.filter((r) => r.id === null && r.code === null).map((r) => r.space))
    const spaces = [...waiting].map((id) => this.replica.spaces.get(id)).filter((held) => held !== undefined)
    spaces.sort((a, b) => Number(a.space.kind !== SpaceKind.CIRCLE) - Number(b.space.kind !== SpaceKind.CIRCLE))
    for (const held of spaces) {
      if (this.replica.frozen(held.space.circle) === null) await this.#sealSpace(held)
    }
    await this.tables.commit()
  }

  async #sealSpace(held: Held): Promise<void> {
    const rows = this.#rowsOf(held.id)
    let room = SPACE_VERSIONS_MAX - rows.filter((row) => row.id !== null).length
    const order = (row: OutboxRow): number => (row.derived === 'device' ? 0 : row.derived === 'epoch' ? 1 : 2)
    rows.sort((a, b) => order(a) - order(b) || (a.n as number) - (b.n as number))
    for (const row of rows) {
      if (room <= 0 || this.#batched() >= REQUEST_VERSIONS_MAX) return
      if (row.id !== null || row.code !== null) continue
      const intent = await this.account.openIntent(row)
      try {
        if (this.#isDenied(held, intent)) this.toTray(row, 'role_denied')
        else if (this.#isMoot(held, row, intent)) this.tables.dropOutbox(row)
        else room -= await this.#sealRow(held, row, intent)
      } catch (error) {
        if (isCode(error, 'bad_record', 'too_large')) this.toTray(row, error.code) // it holds up nothing else
        // Otherwise it waits for a key, a seat or a person's word.
        else if (!isCode(error, 'no_key', 'not_seated', 'restoring', 'unproven_epoch')) throw error
      }
    }
  }

  /** Whether the log took the right to write this away after it was written. */
  #isDenied(held: Held, intent: LocalIntent): boolean {
    const mine = held.membership.accounts.get(this.account.id)
    if (!mine || intent.rule === Rule.CONTROL) return false
    return !held.membership.mayWrite(mine, mine.roles, held.space.kind, held.space.subject, intent.rule)
  }

  /** What was asked for has happened meanwhile, by somebody else's act. */
  #isMoot(held: Held, row: OutboxRow, intent: LocalIntent): boolean {
    const { membership } = held
    if (row.derived === 'device') return membership.devices.has(this.account.device)
    if (row.derived === 'epoch') return !this.newcomers(held).size && !held.ring.isDue(membership)
    if (intent.rule !== Rule.CONTROL || !membership.length || !intent.entry) return false
    const entry = entries.decode(intent.entry)
    if (entry.type !== 'removal') return false
    if (entry.what === entries.REMOVE_DEVICE) return membership.devices.get(entry.subject)?.revoked ?? false
    const account = membership.accounts.get(entry.subject)
    return account !== undefined && !account.roles
  }

  /** Recipients whom the newest epoch does not name, where none is carried. */
  newcomers(held: Held, ownAct = false): Set<Id> {
    const { newest } = held.ring
    if (!newest || SPACES.get(held.space.kind)?.carried) return new Set()
    const found = new Set(this.recipients(held, ownAct).map((account) => account.id))
    for (const account of newest.entry.wrapped) found.delete(account)
    return found
  }

  #batched(): number {
    const sealed = this.tables.outbox.filter((row) => row.id !== null)
    const size = sealed.reduce((sum, row) => sum + (row.body?.length ?? 0), 0)
    return size > BATCH_BYTES_MAX ? REQUEST_VERSIONS_MAX : sealed.length
  }

  async #sealRow(held: Held, row: OutboxRow, intent: LocalIntent): Promise<number> {
    if (held.space.kind === SpaceKind.CIRCLE) {
      await this.#sealEntry(held, row, intent)
      return 1
    }
    this.#mustBeSeated(held)
    if (row.derived === 'epoch') {
      this.#mustHaveRights()
      await this.#beginEpoch(held, row)
      return 1
    }
    const extra = await this.#rotateIfDue(held, true)
    const key = await this.#writingKey(held)
    const header: Header = {
      ...this.#header(held, intent.rule, intent.rec, key),
      flags: intent.content === null ? envelope.DELETED : 0,
      parents: this.#sealedParents(held, row),
    }
    const body = intent.content === null ? envelope.NO_BODY : await this.#sealContent(held, header, key, intent)
    await this.#keepSealed(row, header, body)
    return 1 + extra
  }

  #sealContent(held: Held, header: Header, key: EpochKey, intent: LocalIntent): Promise<Sealed> {
    const content = intent.content as Content
    let least = records.leastBucket(content.t)
    if (header.rule === Rule.OWN) least = Math.max(least, SPACES.get(held.space.kind)?.least ?? 256)
    return sealing.sealContent(header, key, records.dump(content), least)
  }

  /** The editor's base and its own version before this one, as ids that a header may name. */
  #sealedParents(held: Held, row: OutboxRow): Id[] {
    const n = row.n as number
    const earlier = this.#rowsOf(held.id).filter((other) => (other.n as number) < n && other.id !== null)
    const own = row.editor === null ? undefined : earlier.filter((other) => other.editor === row.editor).at(-1)
    const named = [own ? localName(own.n as number) : (row.editor ?? ''), ...row.bases]
    const verified = named.map((name) => this.tables.seen.get(name) ?? name)
    const sealed = new Map(earlier.map((other) => [localName(other.n as number), other.id as Id]))
    const batched = new Set(sealed.values())
    const parents = [...new Set(verified)].map((name) => sealed.get(name) ?? name)
    const known = parents.filter((id) => batched.has(id) || held.recordOf(id) !== null)
    return known.slice(0, envelope.PARENTS_MAX).sort(byBytes)
  }

  async #sealEntry(held: Held, row: OutboxRow, intent: LocalIntent): Promise<void> {
    let entry = await this.#entry(row, intent)
    if (entry.type !== 'join' && entry.type !== 'device') this.#mustBeSeated(held)
    if (entry.type === 'removal' || entry.type === 'set_roles') {
      this.#mustHaveRights()
      entry = { ...entry, after: held.membership.lastChange }
    }
    await this.#keepSealed(row, this.#header(held, Rule.CONTROL, ZERO16, null), entries.encode(entry))
  }

  async #entry(row: OutboxRow, intent: LocalIntent): Promise<entries.Entry> {
    if (row.derived !== 'device') return entries.decode(intent.entry ?? new Uint8Array())
    const { id: account, deviceKey, identity, suite } = this.account
    const certificate = await certify(suite, identity.signKey, account, deviceKey)
    return { type: 'device', account, deviceKey, certificate }
  }

  /** The device stands in the log, or its entry goes out in this batch. */
  #mustBeSeated(held: Held): void {
    if (held.membership.devices.has(this.account.device)) return
    const log = this.replica.logOf(held.space.circle)
    if (!this.#rowsOf(log.id).some((row) => row.derived === 'device' && row.id !== null)) {
      throw new EnidError('not_seated', "this device is not in the circle's log yet")
    }
  }

  #mustHaveRights(): void {
    if (!this.#rights) throw new EnidError('restoring', 'the server takes no change of rights yet')
  }

  // -- epochs -------------------------------------------------------------------------

  #batchedEpoch(held: Held): Header | null {
    const row = this.#rowsOf(held.id).find((r) => r.derived === 'epoch' && r.id !== null)
    return row?.header ? envelope.parseHeader(row.header) : null
  }

  async #rotateIfDue(held: Held, ownAct: boolean): Promise<number> {
    if (this.#batchedEpoch(held) || !this.#rights) return 0
    const { ring, space, membership } = held
    const mine = membership.accounts.get(this.account.id)
    const permitted = mine && membership.mayRotate(mine, mine.roles, space.kind, space.subject)
    const due = !ring.newest || ring.isDue(membership) || (this.#isOwn(held) && this.newcomers(held, ownAct).size > 0)
    if (!permitted || !due || (ring.newest && !this.#mayReplace(held))) return 0
    const row = await this.#insert(held, { rule: 'control', entry: null }, 'epoch')
    await this.#beginEpoch(held, row, ownAct)
    return 1
  }

  /** A proof can be given, or none is needed. */
  #mayReplace(held: Held): boolean {
    const { newest, keys } = held.ring
    if (!newest || keys.has(newest.mark.kid) || this.#isOwn(held)) return true
    const readers = held.membership.readers(held.space.kind, held.space.subject)
    return !newest.entry.wrapped.some((account) => readers.has(account)) // nobody is left who could
  }

  #isOwn(held: Held): boolean {
    return held.space.kind === SpaceKind.THREAD && held.membership.actsFor(this.account.id, held.space.subject)
  }

  /**
   * Whom the next epoch of a space is wrapped to (PROTOCOL 6.5).
   *
   * `ownAct`: the person writes in their own thread, with the readers' names on the screen, and so
   * admits every leader.
   */
  recipients(held: Held, ownAct = false): Seated[] {
    const { space, membership, ring } = held
    const readers = membership.readers(space.kind, space.subject)
    if (SPACES.get(space.kind)?.automatic || (ownAct && this.#isOwn(held))) return [...readers.values()]
    const known = new Set<Id>([this.account.id, ...(ring.newest?.entry.wrapped ?? []), ...this.tables.confirmedIn(space.circle)])
    const person = membership.acting(space.subject)
    if (space.kind === SpaceKind.THREAD && person) known.add(person.id)
    return [...readers.values()].filter((account) => known.has(account.id))
  }

  async #beginEpoch(held: Held, row: OutboxRow, ownAct = false): Promise<void> {
    const { membership, space } = held
    const since = held.epoch?.membership ?? ZERO32
    const lost = membership.lost(since, membership.lastChange, space.kind, space.subject)
    const tips = [...lost].map((device) => ({ device, ...held.tip(device) })).filter((tip) => tip.n > 0)
    const { entry, key, wraps } = await held.ring.nextEpoch(
      membership, this.recipients(held, ownAct), tips, this.replica.random, (k) => this.replica.reveal(k))
    await this.replica.keepKey(held, key)
    for (const { account, wrapped } of wraps) this.tables.putWrap({ space: held.id, kid: key.kid, account, wrapped })
    await this.#keepSealed(row, this.#header(held, Rule.CONTROL, ZERO16, key), entries.encode(entry))
  }

  async #writingKey(held: Held): Promise<EpochKey> {
    const batched = this.#batchedEpoch(held)
    if (!batched) return held.ring.writable(held.membership)
    const row = this.tables.keysOf(held.id).get(batched.kid)
    if (!row) throw new EnidError('no_key', 'the key of a batched epoch is missing')
    return sealing.epochKey(this.account.suite, held.id, batched.epoch, await this.account.vault.revealKey(row))
  }

  // -- one version --------------------------------------------------------------------

  #header(held: Held, rule: Rule, rec: Id, key: EpochKey | null): Header {
    const { n, id } = this.#ownTip(held)
    let view = this.replica.cursor(held.id)
    // Nothing seen of this space, but of this server.
    if (!view.inc) view = { ...envelope.NO_VIEW, inc: this.tables.meta<number>('inc') ?? 0 }
    return {
      suite: this.account.suite, space: held.id, epoch: key?.number ?? 0, kid: key?.kid ?? ZERO8, rule, flags: 0, rec,
      device: this.account.device, n: n + 1, prev: id, view, parents: [], salt: this.replica.random(24),
    }
  }

  #ownTip(held: Held): { n: number; id: Id } {
    const tip = held.tip(this.account.device)
    let last: OutboxRow | null = null
    for (const row of this.#rowsOf(held.id)) {
      if (row.id !== null && (row.chain ?? 0) > (last?.chain ?? 0)) last = row
    }
    return last && (last.chain as number) > tip.n ? { n: last.chain as number, id: last.id as Id } : tip
  }

  /** Sign a version with the device key. */
  build(header: Header, body: Sealed): Promise<Version> {
    return envelope.build(header, body, (id: Bytes) =>
      signing.sign(this.account.suite, this.account.deviceSeed, SIGN_VERSION, id))
  }

  async #keepSealed(row: OutboxRow, header: Header, body: Sealed): Promise<void> {
    const version = await this.build(header, body)
    this.tables.changeOutbox(row, {
      chain: header.n, id: version.id, header: version.raw, signature: version.signature, body: version.body,
    })
  }

  // -- answers ------------------------------------------------------------------------

  /** Sealed rows by space, in the order of the device's chain. */
  batch(): Map<Id, OutboxRow[]> {
    const found = new Map<Id, OutboxRow[]>()
    for (const row of this.tables.outbox) {
      if (row.id !== null) found.set(row.space, [...(found.get(row.space) ?? []), row])
    }
    for (const rows of found.values()) rows.sort((a, b) => (a.chain as number) - (b.chain as number))
    return found
  }

  /** Undo the sealing of a space's rows from `chain` on; they were refused. */
  unseal(space: Id, chain: number): void {
    this.replica.changed = true // what was derived must be asked for again
    for (const row of this.#rowsOf(space)) {
      if (row.chain === null || row.chain < chain) continue
      if (row.derived === 'epoch' && row.header) {
        const { kid } = envelope.parseHeader(row.header)
        for (const wrap of [...this.tables.wraps.values()]) {
          if (wrap.space === space && wrap.kid === kid) this.tables.dropWrap(wrap)
        }
      }
      if (row.derived) this.tables.dropOutbox(row)
      else this.tables.changeOutbox(row, { chain: null, id: null, header: null, signature: null, body: null })
    }
  }

  /** Put one item aside, where its owner can see, export or retry it. */
  toTray(row: OutboxRow, code: string): void {
    // Its editor may go on meanwhile: what is in the tray follows nothing newer.
    this.tables.changeOutbox(row, { code, editor: null })
  }
}
