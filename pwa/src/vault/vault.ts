/**
 * Opens and seals for one account on one phone: the only floor where bytes become words.
 *
 * Everything kept here is sealed under one AES key that no script can read out (SEC-40). What a
 * start needs is small: the device key, epoch keys, contents. Identity and device seed are opened by
 * `account.ts` when something is to be signed or wrapped.
 */

import { concat, fromText, toText, type Bytes, type Id } from '../protocol/encoding.ts'
import type { Sealed } from '../protocol/envelope.ts'
import { EnidError } from '../protocol/errors.ts'
import { parseHeader } from '../protocol/header.ts'
import { Rule, ruleOf, spaceKind, type SpaceKind } from '../protocol/kinds.ts'
import type { Content, Intent } from '../protocol/local.ts'
import { openContent, type EpochKey } from '../protocol/opening.ts'
import { secretsOf, type Store } from '../storage/db.ts'
import type { BodyRow, KeyRow, OutboxRow, SecretRow } from '../storage/rows.ts'

export const SUITE = 1
const AES = 'AES-GCM'
const NONCE_BYTES = 12

/** An intent as the outbox keeps it; `entry` is set in control entries only. */
export interface LocalIntent {
  readonly space: { readonly circle: Id; readonly kind: SpaceKind; readonly subject: Id }
  readonly rule: Rule
  readonly rec: Id
  readonly content: Content | null
  readonly base: readonly Id[]
  readonly entry: Bytes | null
}

/** What a version says: a content, or one of a kind that this app does not know. */
export interface Read {
  readonly content: Content
  readonly unknown: boolean
}

/** What a seal on this phone is for; bound to it, so that no two can be swapped. */
type Purpose = 'intent' | 'copy' | 'pack' | `key ${Id} ${Id}` | `secret ${string}`

export class Vault {
  readonly #key: CryptoKey
  readonly #read = new Map<Id, Read | null>()

  constructor(key: CryptoKey) {
    this.#key = key
  }

  /** The vault of a store, or `null` while it is locked: its key is not on this phone. */
  static async of(store: Store): Promise<Vault | null> {
    return Vault.from(await secretsOf(store))
  }

  static from(secrets: readonly SecretRow[]): Vault | null {
    const key = secrets.find((row) => row.name === 'device')?.value
    return key instanceof CryptoKey ? new Vault(key) : null
  }

  // -- this phone's own seal ----------------------------------------------------------

  /** Seal for this phone only: nonce, ciphertext and tag. */
  async seal(purpose: Purpose, data: Bytes): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
    const how = { name: AES, iv, additionalData: fromText(purpose) }
    return concat(iv, new Uint8Array(await crypto.subtle.encrypt(how, this.#key, data))) as Sealed
  }

  /** The inverse of `seal`; throws `unopened`. */
  async open(purpose: Purpose, sealed: Bytes): Promise<Bytes> {
    try {
      const how = this.#how(purpose, sealed)
      return new Uint8Array(await crypto.subtle.decrypt(how, this.#key, sealed.subarray(NONCE_BYTES)))
    } catch {
      throw new EnidError('unopened', 'this is not what this phone sealed')
    }
  }

  #how(purpose: Purpose, sealed: Bytes): AesGcmParams {
    return { name: AES, iv: sealed.subarray(0, NONCE_BYTES), additionalData: fromText(purpose) }
  }

  /** The key under which this account's phones meet on one record name; 32 bytes. */
  async recordSecret(secrets: readonly SecretRow[]): Promise<Bytes> {
    const kept = secrets.find((row) => row.name === 'kept')?.value
    if (!(kept instanceof Uint8Array)) throw new EnidError('no_account', 'no account is on this phone yet')
    return (await this.open('secret kept', kept)).slice(64, 96)
  }

  // -- epoch keys ---------------------------------------------------------------------

  async sealKey(space: Id, kid: Id, secret: Bytes): Promise<KeyRow> {
    return { space, kid, sealed: await this.seal(`key ${space} ${kid}`, secret) }
  }

  /** The 32 bytes of an epoch key: for carrying and wrapping only. */
  revealKey(row: KeyRow): Promise<Bytes> {
    return this.open(`key ${row.space} ${row.kid}`, row.sealed)
  }

  /** An epoch key out of every script's sight. */
  async concealedKey(row: KeyRow): Promise<CryptoKey> {
    const how = this.#how(`key ${row.space} ${row.kid}`, row.sealed)
    try {
      return await crypto.subtle.unwrapKey(
        'raw', row.sealed.subarray(NONCE_BYTES), this.#key, how, 'HKDF', false, ['deriveBits'])
    } catch {
      throw new EnidError('unopened', 'this is not what this phone sealed')
    }
  }

  // -- contents -----------------------------------------------------------------------

  /**
   * Read one content; `null` when it cannot be opened or is malformed.
   *
   * When it came it was verified, and its fields were checked by `records.load` before it was filed
   * under its type: a start only reads it. What was read once is remembered: a version never changes.
   */
  async read(
    row: Pick<BodyRow, 'id' | 'cls' | 'header' | 'body'>, key: Pick<EpochKey, 'suite' | 'secret'>,
    load: (content: Bytes) => Read = (content) => asFiled(row, content),
  ): Promise<Read | null> {
    const known = this.#read.get(row.id)
    if (known !== undefined) return known
    let found: Read | null = null
    try {
      const header = parseHeader(row.header)
      const version = { raw: row.header, body: row.body, header }
      found = load(await openContent(version, key as EpochKey))
    } catch (error) {
      if (!(error instanceof EnidError)) throw error
    }
    this.#read.set(row.id, found)
    return found
  }

  // -- intents ------------------------------------------------------------------------

  sealIntent(intent: LocalIntent): Promise<Sealed> {
    const entry = intent.entry === null ? null : [...intent.entry]
    return this.seal('intent', fromText(JSON.stringify({ ...intent, entry })))
  }

  async openIntent(row: Pick<OutboxRow, 'intent'>): Promise<LocalIntent> {
    const found = JSON.parse(toText(await this.open('intent', row.intent))) as LocalIntent & { entry: number[] | null }
    return { ...found, entry: found.entry === null ? null : Uint8Array.from(found.entry) }
  }
}

function asFiled({ cls }: Pick<BodyRow, 'cls'>, content: Bytes): Read {
  return { content: JSON.parse(toText(content)) as Content, unknown: cls === '*' }
}

/** An act's intent as the outbox keeps it. */
export function localIntent(intent: Intent): LocalIntent {
  const { circle, kind, subject } = intent.space
  return {
    space: { circle, kind: spaceKind(kind), subject }, rule: ruleOf(intent.rule), rec: intent.rec,
    content: intent.content, base: intent.base, entry: null,
  }
}
