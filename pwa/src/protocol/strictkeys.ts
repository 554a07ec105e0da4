/**
 * Strict checks of public keys that WebCrypto leaves out (PROTOCOL 5.5(1), SEC-07).
 *
 * Heavy, so only `signing.ts` imports it, at the first key that nobody has checked.
 */

import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import type { Bytes } from './encoding.ts'

const PROBE = new Uint8Array(32).fill(64)

/** Whether an Ed25519 key is canonical, on the curve, not of small order and torsion-free. */
export function isStrictKey(key: Uint8Array): boolean {
  try {
    const point = ed25519.Point.fromBytes(key, false)
    return !point.isSmallOrder() && point.isTorsionFree()
  } catch {
    return false
  }
}

/** Whether an X25519 key gives a secret that is not all zeros. */
export function isStrictWrapKey(key: Uint8Array): boolean {
  try {
    return x25519.getSharedSecret(PROBE, key).some((byte) => byte !== 0)
  } catch {
    return false
  }
}

/** The Ed25519 public key of a 32-byte seed. */
export function publicOf(seed: Uint8Array): Bytes {
  return new Uint8Array(ed25519.getPublicKey(seed))
}
