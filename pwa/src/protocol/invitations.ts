/**
 * Codes, packs, the account key and its slot (PROTOCOL 7).
 *
 * An invitation is one secret of 100 bits; through HKDF it gives a lookup id, an invite key
 * and a pack key. An account key of 160 bits gives a lookup id and the key that seals the
 * account secret. Nothing else is made of either.
 */

import { bytesFromCode, codeFromBytes } from './codes.ts'
import {
  b64, concat, fromText, toText, unb64, type Bytes, type Id, type Random,
} from './encoding.ts'
import type { Sealed } from './envelope.ts'
import { EnidError } from './errors.ts'
import * as labels from './labels.ts'
import type { Label } from './labels.ts'
import { accountId } from './names.ts'
import { derive, openBox, pad, sealBox, unpad, wrapPublic, type Context } from './sealing.ts'
import { publicKey } from './signing.ts'

const INVITE_GROUPS = 5
const ACCOUNT_GROUPS = 8
const NO_SALT = new Uint8Array(0)

/** What a pack holds; all but `circle` may be absent, and others are ignored (7.3). */
export type Pack = Readonly<Record<string, unknown>>

/** One invitation's secret: 13 bytes, the last 4 bits zero. */
export class Invitation {
  readonly secret: Bytes
  readonly suite: number

  constructor(secret: Bytes, suite = 1) {
    this.secret = secret
    this.suite = suite
  }

  /** A fresh invitation. */
  static make(random: Random, suite = 1): Invitation {
    const secret = random(13)
    secret[12]! &= 0xf0
    return new Invitation(secret, suite)
  }

  /** Read a typed code, or throw `bad_code` naming the wrong group. */
  static fromCode(code: string, suite = 1): Invitation {
    return new Invitation(bytesFromCode(code, INVITE_GROUPS), suite)
  }

  /** 25 characters in five groups. */
  get code(): string {
    return codeFromBytes(this.secret, INVITE_GROUPS)
  }

  /** 16 bytes under which the server keeps the pack. */
  async lookup(): Promise<Id> {
    return b64(await this.#derive(labels.INVITE_LOOKUP, 16))
  }

  /** The invite key's private half, 32 bytes. */
  seed(): Promise<Bytes> {
    return this.#derive(labels.INVITE_KEY, 32)
  }

  /** The invite key's public half, as the log knows it; 32 bytes. */
  async publicKey(): Promise<Bytes> {
    return publicKey(this.suite, await this.seed())
  }

  /** Seal what the joiner reads before any key has come. */
  async sealPack(pack: Pack, random: Random): Promise<Sealed> {
    const plaintext = pad(fromText(JSON.stringify(pack)), 1024)
    return sealBox(await this.#packKey(), await this.#context(), plaintext, random)
  }

  /** The pack, or `unopened`; the joiner believes only the circle id found in it. */
  async openPack(box: Bytes): Promise<Pack> {
    const plaintext = unpad(await openBox(await this.#packKey(), await this.#context(), box))
    let pack: unknown
    try {
      pack = JSON.parse(toText(plaintext))
    } catch {
      throw new EnidError('unopened')
    }
    if (typeof pack !== 'object' || pack === null || Array.isArray(pack)) {
      throw new EnidError('unopened')
    }
    return pack as Pack
  }

  #packKey(): Promise<Bytes> {
    return this.#derive(labels.INVITE_PACK, 32)
  }

  async #context(): Promise<Context> {
    const bound = await this.#derive(labels.INVITE_LOOKUP, 16)
    return { suite: this.suite, label: labels.INVITE_PACK, bound }
  }

  #derive(label: Label, size: number): Promise<Bytes> {
    return derive(this.suite, this.secret, NO_SALT, label, size)
  }
}

/** What one account is made of. */
export class Identity {
  /**
   * The account secret, 32 bytes; or, once that is erased, what `kept` gave: 96 bytes that
   * open the same identity but no slot.
   */
  readonly secret: Bytes
  readonly suite: number

  constructor(secret: Bytes, suite = 1) {
    this.secret = secret
    this.suite = suite
  }

  /** Private half of the signing identity, 32 bytes. */
  signSeed(): Promise<Bytes> {
    return this.#part(0, labels.SECRET_SIGN)
  }

  /** Private half of the key that epoch keys are wrapped to, 32 bytes. */
  wrapSeed(): Promise<Bytes> {
    return this.#part(1, labels.SECRET_WRAP)
  }

  /** The key under which an owner's devices meet on one record id, 32 bytes. */
  recordSecret(): Promise<Bytes> {
    return this.#part(2, labels.SECRET_RECORD)
  }

  /** What stays on the device when the account secret is erased, 96 bytes. */
  async kept(): Promise<Bytes> {
    return concat(await this.signSeed(), await this.wrapSeed(), await this.recordSecret())
  }

  /** 32 public bytes. */
  async signKey(): Promise<Bytes> {
    return publicKey(this.suite, await this.signSeed())
  }

  /** 32 public bytes. */
  async wrapKey(): Promise<Bytes> {
    return wrapPublic(this.suite, await this.wrapSeed())
  }

  /** The account's id, 16 bytes. */
  async account(): Promise<Id> {
    return accountId(await this.signKey(), await this.wrapKey())
  }

  async #part(place: number, label: Label): Promise<Bytes> {
    if (this.secret.length === 96) return this.secret.slice(place * 32, place * 32 + 32)
    return derive(this.suite, this.secret, NO_SALT, label, 32)
  }
}

/** The recovery code: 20 random bytes, eight groups, 40 typed characters. */
export class AccountKey {
  readonly key: Bytes
  readonly suite: number

  constructor(key: Bytes, suite = 1) {
    this.key = key
    this.suite = suite
  }

  /** Read a typed recovery code, or throw `bad_code`. */
  static fromCode(code: string, suite = 1): AccountKey {
    return new AccountKey(bytesFromCode(code, ACCOUNT_GROUPS), suite)
  }

  /** 40 characters in eight groups. */
  get code(): string {
    return codeFromBytes(this.key, ACCOUNT_GROUPS)
  }

  /** 16 bytes under which the server keeps the slot. */
  async lookup(): Promise<Id> {
    return b64(await derive(this.suite, this.key, NO_SALT, labels.SLOT_LOOKUP, 16))
  }

  /** Account id and sealed secret: what the server keeps, 120 bytes. */
  async sealSlot(identity: Identity, random: Random): Promise<Bytes> {
    const account = unb64(await identity.account())
    const box = await sealBox(await this.#seal(), this.#context(account), identity.secret, random)
    return concat(account, box)
  }

  /** The identity, or `unopened`; its keys are computed again and held to the id (SEC-01). */
  async openSlot(slot: Bytes): Promise<Identity> {
    const account = slot.slice(0, 16)
    const secret = await openBox(await this.#seal(), this.#context(account), slot.slice(16))
    const identity = new Identity(secret, this.suite)
    if ((await identity.account()) !== b64(account)) throw new EnidError('unopened')
    return identity
  }

  #seal(): Promise<Bytes> {
    return derive(this.suite, this.key, NO_SALT, labels.SLOT_SEAL, 32)
  }

  #context(account: Bytes): Context {
    return { suite: this.suite, label: labels.SLOT_SEAL, bound: account }
  }
}
