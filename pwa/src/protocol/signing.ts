/**
 * Strict Ed25519 behind a suite byte (PROTOCOL 5.5, SEC-07, RFC 8032).
 *
 * One function signs and one verifies; both demand the label of what is signed. The curve
 * arithmetic is WebCrypto's; that S and R are in range is seen here, and public keys are
 * examined by `strictkeys.ts`, which is loaded when a key is new. Leaves to callers whose
 * key it is.
 */

import { b64, concat, type Bytes, type Id } from './encoding.ts'
import { EnidError } from './errors.ts'
import type { Label } from './labels.ts'

/** A private key: its 32-byte seed, or what `signingKey` made of it. */
export type SignKey = Bytes | CryptoKey

/** Public keys that passed the strict check. The caller keeps the set and may store it. */
export type CheckedKeys = Set<Id>

const ED25519 = 'Ed25519'
const PKCS8 = Uint8Array.of(
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20)

// The group order L and the field's prime, with the lowest byte first as on the wire.
const ORDER = unhex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
const PRIME = unhex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')

function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

/** Refuse a suite that is not known here with `upgrade_required` (SEC-10). */
export function mustKnow(suite: number): void {
  if (suite !== 1) throw new EnidError('upgrade_required', `suite ${suite} is not known here`)
}

/** A seed as a key that no script can read again. */
export async function signingKey(suite: number, seed: Bytes): Promise<CryptoKey> {
  mustKnow(suite)
  return crypto.subtle.importKey('pkcs8', concat(PKCS8, seed), ED25519, false, ['sign'])
}

/** The 32-byte public key of a 32-byte seed. */
export async function publicKey(suite: number, seed: Bytes): Promise<Bytes> {
  mustKnow(suite)
  return (await import('./strictkeys.ts')).publicOf(seed)
}

/** Sign `label ‖ message`; 64 bytes. */
export async function sign(
  suite: number, key: SignKey, label: Label, message: Uint8Array,
): Promise<Bytes> {
  mustKnow(suite)
  const held = key instanceof Uint8Array ? await signingKey(suite, key) : key
  return new Uint8Array(await crypto.subtle.sign(ED25519, held, concat(label, message)))
}

/** Verifications that `verifyAhead` began, by the very signature, and what they are of. */
const ahead = new WeakMap<Bytes, { readonly claim: Id; readonly done: Promise<void> }>()

/**
 * Begin to verify a signature that `verify` will be asked about with the same arguments.
 *
 * A page of versions is judged one after the other; their signatures need not wait for that.
 */
export function verifyAhead(
  suite: number, key: Bytes, label: Label, message: Uint8Array, signature: Bytes,
  checked: CheckedKeys,
): void {
  const done = verifyNow(suite, key, label, message, signature, checked)
  // A bad signature is bad again; what failed for want of a network may not.
  done.catch(() => ahead.delete(signature))
  ahead.set(signature, { claim: claimOf(suite, key, label, message), done })
}

function claimOf(suite: number, key: Bytes, label: Label, message: Uint8Array): Id {
  return b64(concat(Uint8Array.of(suite), key, label, message))
}

/**
 * Verify a signature over `label ‖ message`.
 *
 * Throws `bad_signature` for a wrong signature, a wrong label or an unsafe key, and
 * `upgrade_required` for a suite that is not known here.
 */
export async function verify(
  suite: number, key: Bytes, label: Label, message: Uint8Array, signature: Bytes,
  checked: CheckedKeys,
): Promise<void> {
  const begun = ahead.get(signature)
  if (begun?.claim === claimOf(suite, key, label, message)) return begun.done
  return verifyNow(suite, key, label, message, signature, checked)
}

async function verifyNow(
  suite: number, key: Bytes, label: Label, message: Uint8Array, signature: Bytes,
  checked: CheckedKeys,
): Promise<void> {
  if (signature.length !== 64) throw refused('a signature has 64 bytes')
  await checkKey(suite, key, checked)
  const inRange = isBelow(signature.subarray(32), ORDER)
    && isBelow(signature.subarray(0, 32), PRIME, 0x7f)
  const held = await imported(key)
  const fits = await crypto.subtle.verify(ED25519, held, signature, concat(label, message))
  if (!fits || !inRange) throw refused('signature does not fit')
}

/** Refuse a public key that must not stand in a log (SEC-07). */
export async function checkKey(suite: number, key: Bytes, checked: CheckedKeys): Promise<void> {
  mustKnow(suite)
  const id = b64(key)
  if (checked.has(id)) return
  // A server that supplies the identity point as a key has a signature for every message.
  if (!(await import('./strictkeys.ts')).isStrictKey(key)) {
    throw refused('public key is not canonical and torsion-free')
  }
  checked.add(id)
}

/** Refuse a key that nothing can be wrapped to: it would stop every rotation. */
export async function checkWrapKey(suite: number, key: Bytes): Promise<void> {
  mustKnow(suite)
  if (!(await import('./strictkeys.ts')).isStrictWrapKey(key)) {
    throw refused('wrap key has a small order')
  }
}

/** Whether 32 little-endian bytes are below a bound; `top` masks the sign bit away. */
function isBelow(number: Uint8Array, bound: Uint8Array, top = 0xff): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (number[i]! & (i === 31 ? top : 0xff)) - bound[i]!
    if (difference) return difference < 0
  }
  return false
}

const IMPORTED_MAX = 4096
const importedKeys = new Map<Id, Promise<CryptoKey>>()

/** A first sync verifies thousands of versions by a few devices. */
function imported(key: Bytes): Promise<CryptoKey> {
  const id = b64(key)
  const known = importedKeys.get(id)
  if (known) return known
  if (importedKeys.size >= IMPORTED_MAX) importedKeys.clear()
  const made = crypto.subtle.importKey('raw', key, ED25519, false, ['verify'])
  importedKeys.set(id, made)
  return made
}

function refused(detail: string): EnidError {
  return new EnidError('bad_signature', detail)
}
