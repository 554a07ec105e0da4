/**
 * The opening half of `sealing.ts`: what a start needs, and nothing that wraps or carries (PROTOCOL 6).
 */

import { concat, sameBytes, type Bytes, type Id } from './encoding.ts'
import type { Version } from './envelope.ts'
import { EnidError } from './errors.ts'
import { SEALED_OVERHEAD, type Header } from './header.ts'
import { BUCKETS } from './kinds.ts'
import { EPOCH_CONTENT, type Label } from './labels.ts'

/** Secret bytes; or, so that no script can read them again, `concealed` ones. */
export type Secret = Bytes | CryptoKey

const HKDF = 'HKDF'
export const AES = 'AES-GCM'
export const ZERO_NONCE = new Uint8Array(12) // each key seals once

/** Secret bytes as an HKDF key that the vault may store and nobody can read. */
export function concealed(secret: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', secret, HKDF, false, ['deriveBits'])
}

/** `HKDF(secret, salt, info, size)` (RFC 5869, SHA-256); an empty salt is none. */
export async function derive(
  suite: number, secret: Secret, salt: Bytes, info: Bytes, size: number,
): Promise<Bytes> {
  mustKnow(suite)
  const key = secret instanceof Uint8Array ? await concealed(secret) : secret
  const how = { name: HKDF, hash: 'SHA-256', salt, info }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, size * 8))
}

/** Refuse a suite that is not known here with `upgrade_required` (SEC-10). */
export function mustKnow(suite: number): void {
  if (suite !== 1) throw new EnidError('upgrade_required', `suite ${suite} is not known here`)
}

/** What a seal is for: its label and everything that must not be swapped. */
export interface Context {
  readonly suite: number
  readonly label: Label
  readonly bound: Bytes
}

/**
 * The plaintext of `seal`; the only place that decrypts.
 *
 * Throws `unopened` for a wrong key, context or byte; it does not say which.
 */
export async function openSealed(
  secret: Secret, salt: Bytes, context: Context, sealed: Bytes,
): Promise<Bytes> {
  const { info, keys } = await oneTimeKeys(secret, salt, context)
  if (!sameBytes(keys.subarray(32), sealed.subarray(0, 32))) throw unopened()
  const key = await crypto.subtle.importKey('raw', keys.subarray(0, 32), AES, false, ['decrypt'])
  const how = { name: AES, iv: ZERO_NONCE, additionalData: info }
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.subarray(32)))
  } catch {
    throw unopened()
  }
}

/** The key of one seal, and the commitment to it. */
export async function oneTimeKeys(secret: Secret, salt: Bytes, context: Context) {
  const info = concat(context.label, context.bound)
  return { info, keys: await derive(context.suite, secret, salt, info, 64) }
}

/** The content of `pad`, or `unopened`. */
export function unpad(padded: Bytes): Bytes {
  if (!BUCKETS.some((size) => size === padded.length)) throw unopened()
  const end = 4 + new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  const isPadded = end <= padded.length && padded.subarray(end).every((byte) => byte === 0)
  if (!isPadded) throw unopened()
  return padded.slice(4, end)
}

/** One space's key of one epoch: its secret and what it belongs to. */
export interface EpochKey {
  readonly suite: number
  readonly space: Id
  readonly number: number
  /** 8 bytes that name the key. */
  readonly kid: Id
  readonly secret: Secret
}

/**
 * The content of a version.
 *
 * Throws `unopened`: altered, or another key's; or its body is no longer kept.
 */
export async function openContent(
  version: Pick<Version, 'raw' | 'body'> & { readonly header: Pick<Header, 'salt'> },
  key: EpochKey,
): Promise<Bytes> {
  const { raw, body, header } = version
  if (!body || body.length < SEALED_OVERHEAD) throw unopened()
  const context = contentContext(raw, key.suite)
  return unpad(await openSealed(key.secret, header.salt, context, body))
}

/** What a content is bound to: its header's bytes. */
export function contentContext(header: Bytes, suite: number): Context {
  return { suite, label: EPOCH_CONTENT, bound: header }
}

/** The one error of opening; it says nothing of the cause. */
export function unopened(): EnidError {
  return new EnidError('unopened')
}
