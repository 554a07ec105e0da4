/**
 * Space keys by epoch, and what proves an epoch (PROTOCOL 6.3-6.5).
 *
 * A `Ring` holds the epoch entries of one space in order and the keys that this account
 * has of them. It says under which epoch one may write, takes keys from wraps and carried
 * keys, and makes the next epoch. It stores nothing by itself.
 */

import type { EpochMark, Space } from './check.ts'
import { byBytes, sameBytes, type Bytes, type Id, type Random } from './encoding.ts'
import type { Carried, DeviceTip, Epoch } from './entries.ts'
import { EnidError, isCode } from './errors.ts'
import { audienceOf, Rule, SpaceKind, ZERO32 } from './kinds.ts'
import type { Account, Membership } from './membership.ts'
import * as sealing from './sealing.ts'
import type { EpochKey, OpenEpochKey, WrapKey } from './sealing.ts'

const NO_LINK = new Uint8Array(32)

/** An epoch entry that stands in the log, and the account that made it. */
export interface Begun {
  readonly mark: EpochMark
  readonly entry: Epoch
  readonly author: Id
}

/** What `Ring.nextEpoch` makes. */
export interface NextEpoch {
  readonly entry: Epoch
  readonly key: OpenEpochKey
  readonly wraps: readonly { readonly account: Id; readonly wrapped: Bytes }[]
}

/**
 * Gives the bytes of a key that is held concealed: the vault opens them from its own box.
 * Only carrying and wrapping need them.
 */
export type Reveal = (key: EpochKey) => OpenEpochKey | Promise<OpenEpochKey>

/** For rings whose keys are all open. */
export const asHeld: Reveal = (key) => {
  if (!sealing.isOpen(key)) throw new EnidError('no_key', 'the bytes of this key are concealed')
  return key
}

/** The epochs of one space, oldest first, and the keys held. */
export class Ring {
  readonly suite: number
  readonly space: Space
  readonly begun: Begun[] = []
  readonly keys = new Map<Id, EpochKey>()
  /** Epoch entries that a person confirmed (PROTOCOL 6.4(2)). */
  confirmed = new Set<Id>()

  constructor(suite: number, space: Space) {
    this.suite = suite
    this.space = space
  }

  /** The epoch that is written under. */
  get newest(): Begun | null {
    return this.begun.at(-1) ?? null
  }

  /** A key that is held; throws `no_key` when it has not arrived (yet). */
  key(kid: Id): EpochKey {
    const key = this.keys.get(kid)
    if (!key) throw new EnidError('no_key', 'no key for this epoch yet')
    return key
  }

  /** Whether an epoch of this key has begun and its key is not held. */
  lacks(kid: Id): boolean {
    return this.#epoch(kid) !== null && !this.keys.has(kid)
  }

  /** Take an own wrap; false when it is not the committed key. */
  async takeWrap(key: WrapKey, account: Id, kid: Id, wrapped: Bytes): Promise<boolean> {
    const epoch = this.#epoch(kid)
    if (!epoch || this.keys.has(kid)) return false
    const { mark, entry } = epoch
    const wrap = {
      account, space: this.space.id, number: mark.number, kid, commitment: entry.commitment, wrapped,
    }
    return this.#keep(sealing.unwrap(this.suite, key, wrap))
  }

  /**
   * Take a key that came sealed in a record (the programme's), or from the vault; false
   * when it is not the committed key.
   */
  async takeSecret(kid: Id, secret: sealing.Secret): Promise<boolean> {
    const epoch = this.#epoch(kid)
    if (!epoch || this.keys.has(kid)) return false
    const key = { suite: this.suite, space: this.space.id, number: epoch.mark.number, kid, secret }
    return this.#keep(sealing.committed(key, kid, epoch.entry.commitment))
  }

  /** Open what held keys carry, newest first; whether a key was gained. */
  async takeCarried(): Promise<boolean> {
    let gained = false
    for (const { mark, entry } of this.begun.toReversed()) {
      const carrier = this.keys.get(mark.kid)
      if (!carrier) continue
      for (const { kid, sealed } of entry.carried) {
        if (!this.keys.has(kid) && (await this.#takeOne(carrier, kid, sealed))) gained = true
      }
    }
    return gained
  }

  async #takeOne(carrier: EpochKey, kid: Id, sealed: Bytes): Promise<boolean> {
    const secret = await openedOrNull(sealing.openCarried(carrier, kid, sealed))
    return secret !== null && this.takeSecret(kid, secret)
  }

  async #keep(found: Promise<EpochKey>): Promise<boolean> {
    const key = await openedOrNull(found)
    if (key) this.keys.set(key.kid, key)
    return key !== null
  }

  #epoch(kid: Id): Begun | null {
    return this.begun.findLast((begun) => begun.mark.kid === kid) ?? null
  }

  /**
   * The key to write under.
   *
   * Throws `no_key`, or `unproven_epoch` when the newest epoch proves nothing and waits
   * for a person to confirm it (PROTOCOL 6.4).
   */
  async writable(membership: Membership): Promise<EpochKey> {
    if (!this.newest) throw new EnidError('no_key', 'this space has no epoch yet')
    const key = this.key(this.newest.mark.kid)
    if (!(await this.#isProven(membership))) {
      throw new EnidError('unproven_epoch', 'an epoch began that proves nothing')
    }
    return key
  }

  /**
   * Whether every epoch back to one that needs no word follows from the last.
   *
   * An epoch whose predecessor's key never came cannot be judged: it is accepted only by
   * an account that has held no older key of this space.
   */
  async #isProven(membership: Membership): Promise<boolean> {
    for (let place = this.begun.length - 1; place > 0; place--) {
      const before = this.begun[place - 1]!
      const epoch = this.begun[place]!
      if (this.confirmed.has(epoch.mark.id)) return true
      if (!this.keys.has(before.mark.kid)) {
        const older = this.begun.slice(0, place - 1).some((each) => this.keys.has(each.mark.kid))
        const claims = !sameBytes(epoch.entry.link, NO_LINK) || epoch.entry.carried.length > 0
        return (claims && !older) || this.#needsNoProof(epoch, before, membership)
      }
      const follows = await this.#follows(before, epoch)
      if (!follows && !this.#needsNoProof(epoch, before, membership)) return false
    }
    return true
  }

  /** Whether an epoch proves knowledge of the key before it (PROTOCOL 6.4). */
  async #follows(before: Begun, epoch: Begun): Promise<boolean> {
    const old = this.keys.get(before.mark.kid)!
    const next = this.keys.get(epoch.mark.kid)
    if (!next) return false
    const { link, carried } = epoch.entry
    if (!sameBytes(link, NO_LINK)) {
      const commitment = await sealing.commitmentOf(next)
      return sameBytes(link, await sealing.linkTo(old, next.number, commitment))
    }
    // Of two rows for one key the last counts.
    const row = carried.findLast((each) => each.kid === before.mark.kid)
    if (!row) return false
    const secret = await openedOrNull(sealing.openCarried(next, row.kid, row.sealed))
    if (!secret) return false
    // Both are held to one commitment, so that this works with concealed keys, too.
    const opened = sealing.epochKey(this.suite, this.space.id, before.mark.number, secret)
    return sameBytes(await sealing.commitmentOf(opened), before.entry.commitment)
  }

  /** Nobody is left who could give it, or it is the person's own thread. */
  #needsNoProof(epoch: Begun, before: Begun, membership: Membership): boolean {
    const { kind, subject } = this.space
    if (kind === SpaceKind.THREAD && membership.actsFor(epoch.author, subject)) return true
    // By what stood then: somebody may have come back since.
    return !before.entry.wrapped.some((id) => {
      const account = membership.accounts.get(id)
      if (!account) return false
      const then = membership.rolesAt(account, epoch.entry.membership)
      return membership.mayWrite(account, then, kind, subject, Rule.ALL)
    })
  }

  /** Whether somebody who held the newest key has lost the space. */
  isDue(membership: Membership): boolean {
    const { kind, subject } = this.space
    return this.newest !== null && membership.isDue(this.newest.mark.membership, kind, subject)
  }

  /**
   * Make the next epoch: its entry, its key and a wrap for each account.
   *
   * `to` are the accounts to wrap to (the caller has decided who may have the key), `tips`
   * where the chains of lost devices end.
   */
  async nextEpoch(
    membership: Membership, to: Iterable<Account>, tips: Iterable<DeviceTip>, random: Random,
    reveal: Reveal = asHeld,
  ): Promise<NextEpoch> {
    const { newest, space } = this
    const number = (newest?.mark.number ?? 0) + 1
    const key = sealing.epochKey(this.suite, space.id, number, random(32))
    const commitment = await sealing.commitmentOf(key)
    const accounts = [...to].sort((a, b) => byBytes(a.id, b.id))
    const { carried, link } = await this.#proof(key, commitment, reveal)
    const entry: Epoch = {
      type: 'epoch',
      circle: space.circle, kind: space.kind, subject: space.subject,
      after: newest?.mark.id ?? ZERO32,
      membership: membership.lastChange, commitment, carried, link,
      wrapped: accounts.map((account) => account.id),
      tips: [...tips].sort((a, b) => byBytes(a.device, b.device) || a.n - b.n || byBytes(a.id, b.id)),
    }
    const wraps = []
    for (const account of accounts) {
      wraps.push({ account: account.id, wrapped: await sealing.wrap(key, account) })
    }
    return { entry, key, wraps }
  }

  async #proof(key: OpenEpochKey, commitment: Bytes, reveal: Reveal) {
    const old = this.newest && this.keys.get(this.newest.mark.kid)
    if (!old) return { carried: [], link: NO_LINK }
    if (!audienceOf(this.space.kind).carried) {
      return { carried: [], link: await sealing.linkTo(old, key.number, commitment) }
    }
    const reached = new Set(this.begun.flatMap(({ entry }) => entry.carried.map(({ kid }) => kid)))
    const held = [...this.keys.values()].sort((a, b) => a.number - b.number)
    const carried: Carried[] = []
    for (const each of held) {
      if (reached.has(each.kid)) continue
      carried.push({ kid: each.kid, sealed: await sealing.carry(key, await reveal(each)) })
    }
    return { carried, link: NO_LINK }
  }
}

async function openedOrNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (isCode(error, 'unopened')) return null
    throw error
  }
}
