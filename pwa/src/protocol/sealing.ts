/**
 * Seal, open, wrap, unwrap (PROTOCOL 6; RFC 5869, RFC 9180, SP 800-38D).
 *
 * One function seals and one opens; both demand a typed `Context`. Every seal has its own
 * key: HKDF-SHA256 gives a one-time AES-256-GCM key (so the nonce is zero) and a 32-byte
 * commitment, which is compared first. A wrap can only be made for an `Account` of a
 * verified log. What a launch needs is small; HPKE is loaded when there is something to
 * wrap or unwrap.
 */

import { concat, fromText, hashId, sameBytes, uint, unb64, type Bytes, type Id, type Random } from './encoding.ts'
import { encodeHeader, type Header, type Sealed } from './envelope.ts'
import { EnidError } from './errors.ts'
import { BUCKETS } from './kinds.ts'
import * as labels from './labels.ts'
import type { Label } from './labels.ts'
import type { Account } from './membership.ts'
import {
  AES, concealed, contentContext, derive, mustKnow, oneTimeKeys, openSealed, unopened, ZERO_NONCE,
  type Context, type EpochKey, type Secret,
} from './opening.ts'

export { concealed, derive, openContent, openSealed, unpad } from './opening.ts'
export type { Context, EpochKey, Secret } from './opening.ts'

export const SALT_BYTES = 24
export const WRAP_BYTES = 80

const X25519 = 'X25519'
const NOTHING = new Uint8Array(0)

/** Commitment (32 bytes), ciphertext and tag; the only place that encrypts. */
export async function seal(
  secret: Secret, salt: Bytes, context: Context, plaintext: Bytes,
): Promise<Sealed> {
  const { info, keys } = await oneTimeKeys(secret, salt, context)
  const key = await crypto.subtle.importKey('raw', keys.subarray(0, 32), AES, false, ['encrypt'])
  const how = { name: AES, iv: ZERO_NONCE, additionalData: info }
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt(how, key, plaintext))
  return concat(keys.subarray(32), ciphertext) as Sealed
}

/** Salt, commitment and ciphertext under a fresh salt. */
export async function sealBox(
  secret: Secret, context: Context, plaintext: Bytes, random: Random,
): Promise<Sealed> {
  const salt = random(SALT_BYTES)
  return concat(salt, await seal(secret, salt, context, plaintext)) as Sealed
}

/** The plaintext of `sealBox`, or `unopened`. */
export function openBox(secret: Secret, context: Context, box: Bytes): Promise<Bytes> {
  const [salt, sealed] = [box.slice(0, SALT_BYTES), box.slice(SALT_BYTES)]
  return openSealed(secret, salt, context, sealed)
}

/** What a seal on one device is bound to: `LOCAL` and these parts (PROTOCOL 14.1). */
export function localContext(suite: number, ...parts: readonly (string | Bytes)[]): Context {
  const bytes = parts.map((part) => (typeof part === 'string' ? fromText(part) : part))
  return { suite, label: labels.LOCAL, bound: concat(...bytes) }
}

// Contents (PROTOCOL 5.4, 6.2) ---------------------------------------------------

/** Length, content and zeros up to the smallest bucket of `least` or more, or `too_large`. */
export function pad(content: Uint8Array, least: number): Bytes {
  const size = Math.max(content.length + 4, least)
  const bucket = BUCKETS.find((each) => size <= each)
  if (!bucket) throw new EnidError('too_large', 'a record holds at most 65,532 bytes')
  const padded = new Uint8Array(bucket)
  padded.set(uint(content.length, 4))
  padded.set(content, 4)
  return padded
}

/** An epoch key whose 32 bytes are at hand: what carrying and wrapping need. */
export type OpenEpochKey = EpochKey & { readonly secret: Bytes }

/** Name a key: 8 bytes (PROTOCOL 6.2). */
export function kidOf(secret: Uint8Array): Id {
  return hashId(8, labels.ID_KEY, secret)
}

/** An epoch key from its 32 secret bytes. */
export function epochKey(suite: number, space: Id, number: number, secret: Bytes): OpenEpochKey {
  return { suite, space, number, kid: kidOf(secret), secret }
}

/** The same key, out of every script's sight. */
export async function conceal(key: OpenEpochKey): Promise<EpochKey> {
  return { ...key, secret: await concealed(key.secret) }
}

/** Whether the bytes of a key are at hand. */
export function isOpen(key: EpochKey): key is OpenEpochKey {
  return key.secret instanceof Uint8Array
}

/** 32 bytes for the epoch entry; they tell nothing of the key. */
export function commitmentOf(key: EpochKey): Promise<Bytes> {
  return ofEpoch(key, labels.EPOCH_COMMIT, NOTHING)
}

/** 32 bytes that only a holder of `key` can give the epoch that follows. */
export function linkTo(key: EpochKey, next: number, nextCommitment: Bytes): Promise<Bytes> {
  return ofEpoch(key, labels.EPOCH_LINK, concat(uint(next, 4), nextCommitment))
}

function ofEpoch(key: EpochKey, label: Label, bound: Bytes): Promise<Bytes> {
  const info = concat(label, unb64(key.space), uint(key.number, 4), bound)
  return derive(key.suite, key.secret, NOTHING, info, 32)
}

/** A version's body: `content` padded and bound to its header. */
export function sealContent(
  header: Header, key: EpochKey, content: Uint8Array, least: number,
): Promise<Sealed> {
  const context = contentContext(encodeHeader(header), key.suite)
  return seal(key.secret, header.salt, context, pad(content, least))
}

// Carrying (PROTOCOL 6.3) --------------------------------------------------------

/** 80 bytes: an old key sealed under a new one. */
export function carry(carrier: EpochKey, old: OpenEpochKey): Promise<Sealed> {
  return seal(carrier.secret, NOTHING, carryContext(carrier, old.kid), old.secret)
}

/** The 32 secret bytes of an old key; the caller holds them to its entry (`committed`). */
export function openCarried(carrier: EpochKey, kid: Id, sealed: Bytes): Promise<Bytes> {
  return openSealed(carrier.secret, NOTHING, carryContext(carrier, kid), sealed)
}

function carryContext(carrier: EpochKey, kid: Id): Context {
  const bound = concat(unb64(carrier.space), unb64(carrier.kid), unb64(kid))
  return { suite: carrier.suite, label: labels.EPOCH_CARRY, bound }
}

/** The key, if it is the one that the epoch entry commits to; else `unopened` (SEC-11). */
export async function committed<Key extends EpochKey>(
  key: Key, kid: Id, commitment: Bytes,
): Promise<Key> {
  const named = key.kid === kid && (!isOpen(key) || kidOf(key.secret) === kid)
  if (!sameBytes(await commitmentOf(key), commitment) || !named) throw unopened()
  return key
}

// Wraps (PROTOCOL 6.2, 6.6) --------------------------------------------------------

/** An account's wrap key: its 32-byte seed, or what `wrapKeys` made of it. */
export type WrapKey = Bytes | CryptoKeyPair

const PKCS8 = Uint8Array.of(
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20)
const BASE_POINT = Uint8Array.from({ length: 32 }, (_, i) => (i ? 0 : 9))

/** The 32-byte public key that others wrap to. */
export async function wrapPublic(suite: number, seed: Bytes): Promise<Bytes> {
  mustKnow(suite)
  const base = await crypto.subtle.importKey('raw', BASE_POINT, X25519, false, [])
  const key = await wrapPrivate(seed)
  return new Uint8Array(await crypto.subtle.deriveBits({ name: X25519, public: base }, key, 256))
}

/** A seed as a pair of keys that no script can read again. */
export async function wrapKeys(suite: number, seed: Bytes): Promise<CryptoKeyPair> {
  const raw = await wrapPublic(suite, seed)
  return {
    privateKey: await wrapPrivate(seed),
    publicKey: await crypto.subtle.importKey('raw', raw, X25519, true, []),
  }
}

function wrapPrivate(seed: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', concat(PKCS8, seed), X25519, false, ['deriveBits'])
}

/** 80 bytes: the epoch key for one account of a verified log (SEC-02). */
export async function wrap(key: OpenEpochKey, to: Account): Promise<Bytes> {
  const hpke = await loadHpke(key.suite)
  const info = wrapInfo(key.space, key.number, key.kid, to.id)
  const recipientPublicKey = await hpke.kem.deserializePublicKey(to.wrapKey.slice().buffer)
  const { enc, ct } = await hpke.seal({ recipientPublicKey, info }, key.secret)
  return concat(new Uint8Array(enc), new Uint8Array(ct))
}

/** One wrap as it came, and what the epoch entry says of its key. */
export interface Wrapped {
  readonly account: Id
  readonly space: Id
  readonly number: number
  readonly kid: Id
  readonly commitment: Bytes
  /** 80 bytes. */
  readonly wrapped: Bytes
}

/**
 * The epoch key from a wrap, held against the signed commitment (SEC-11).
 *
 * Throws `unopened`: not for this account and epoch, or not the committed key.
 */
export async function unwrap(suite: number, key: WrapKey, wrap: Wrapped): Promise<OpenEpochKey> {
  const hpke = await loadHpke(suite)
  const { space, number, kid, wrapped } = wrap
  const info = wrapInfo(space, number, kid, wrap.account)
  let secret: Bytes
  try {
    const recipientKey = key instanceof Uint8Array ? await wrapKeys(suite, key) : key
    const enc = wrapped.slice(0, 32)
    secret = new Uint8Array(await hpke.open({ recipientKey, enc, info }, wrapped.slice(32)))
  } catch {
    throw unopened()
  }
  return committed(epochKey(suite, space, number, secret), kid, wrap.commitment)
}

async function loadHpke(suite: number) {
  mustKnow(suite)
  const { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } = await import('@hpke/core')
  return new CipherSuite({
    kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm(),
  })
}

function wrapInfo(space: Id, number: number, kid: Id, account: Id): Bytes {
  return concat(labels.EPOCH_WRAP, unb64(space), uint(number, 4), unb64(kid), unb64(account))
}
