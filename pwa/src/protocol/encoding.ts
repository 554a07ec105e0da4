/**
 * Canonical bytes: base64url and fixed layouts (PROTOCOL 3). Typed codes are `codes.ts`'s.
 *
 * Every layout has exactly one spelling; a decoder refuses all others. Leaves the
 * meaning of the bytes to the modules above.
 */

import { sha256 as digest } from '@noble/hashes/sha2.js'
import { EnidError } from './errors.ts'
import type { Id } from './local.ts'

export type { Id } from './local.ts'

/** Bytes that WebCrypto takes as they are. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Gives `size` random bytes. */
export type Random = (size: number) => Bytes

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Two characters for every 12 bits: an id takes a third of the time it takes by single ones. */
const PAIRS = Array.from({ length: 4096 }, (_, i) => ALPHABET[i >> 6]! + ALPHABET[i & 63]!)
const NONE = 255
const VALUES = new Uint8Array(128).fill(NONE)
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Base64url without padding (RFC 4648 section 5). */
export function b64(data: Uint8Array): Id {
  const whole = data.length - (data.length % 3)
  let text = ''
  for (let i = 0; i < whole; i += 3) {
    const [a, b, c] = [data[i]!, data[i + 1]!, data[i + 2]!]
    text += PAIRS[(a << 4) | (b >> 4)]! + PAIRS[((b & 15) << 8) | c]!
  }
  const [a, b] = [data[whole], data[whole + 1]]
  if (a === undefined) return text
  if (b === undefined) return text + PAIRS[a << 4]!
  return text + PAIRS[(a << 4) | (b >> 4)]! + ALPHABET[(b & 15) << 2]!
}

/**
 * Decode canonical base64url, to exactly `size` bytes when that is given.
 *
 * Throws `bad_envelope` for any other spelling or size.
 */
export function unb64(text: unknown, size?: number): Bytes {
  if (typeof text !== 'string' || text.length % 4 === 1) throw misspelled()
  const data = new Uint8Array(Math.floor((text.length * 3) / 4))
  if (size !== undefined && data.length !== size) throw misspelled()
  let held = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? NONE
    if (value === NONE) throw misspelled()
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      data[at++] = held >> bits
    }
  }
  if (held & ((1 << bits) - 1)) throw misspelled() // spare bits are zero
  return data
}

function misspelled(): EnidError {
  return new EnidError('bad_envelope', 'not canonical base64url of the right size')
}

/**
 * Order ids as their bytes are ordered. Strings of base64url compare otherwise, so
 * whatever is sorted on the wire must be sorted by this.
 */
export function byBytes(a: Id, b: Id): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const difference = VALUES[a.charCodeAt(i)]! - VALUES[b.charCodeAt(i)]!
    if (difference) return difference
  }
  return a.length - b.length
}

/** Bytes put one after another. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether two byte strings are the same; takes as long wherever they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let different = 0
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ b[i]!
  return different === 0
}

/** SHA-256 of the concatenation of `parts`, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  return new Uint8Array(digest(parts.length === 1 ? parts[0]! : concat(...parts)))
}

/** The id that a hash gives: its first `size` bytes. */
export function hashId(size: 8 | 16 | 32, ...parts: readonly Uint8Array[]): Id {
  return b64(sha256(...parts).subarray(0, size))
}

/** A big-endian unsigned integer of `size` bytes; exact below 2⁵³. */
export function uint(value: number, size: number): Bytes {
  if (!Number.isInteger(value) || value < 0 || value >= 256 ** size) {
    throw new RangeError(`${value} does not fit ${size} bytes`)
  }
  const out = new Uint8Array(size)
  for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) {
    out[i] = rest % 256
  }
  return out
}

/** Text as UTF-8. */
export function fromText(text: string): Bytes {
  return utf8.encode(text)
}

/** UTF-8 as text; throws a `TypeError` for bytes that are not. */
export function toText(data: Uint8Array): string {
  return strictUtf8.decode(data)
}

/** Takes fixed-size fields off a byte string, never past its end. */
export class Reader {
  readonly data: Uint8Array
  at = 0

  constructor(data: Uint8Array) {
    this.data = data
  }

  /** The next `size` bytes, as a copy. */
  take(size: number): Bytes {
    return new Uint8Array(this.#next(size))
  }

  /** The next `size` bytes as an id. */
  id(size: number): Id {
    return b64(this.#next(size))
  }

  /**
   * The next big-endian unsigned integer of `size` bytes. From 2⁵³ on it is the nearest
   * number that JavaScript has: no chain or log ever gets there.
   */
  number(size: number): number {
    return this.#next(size).reduce((number, byte) => number * 256 + byte, 0)
  }

  /** Refuse bytes left over. */
  end(): void {
    if (this.at !== this.data.length) throw new EnidError('bad_envelope', 'bytes left over')
  }

  #next(size: number): Uint8Array {
    const end = this.at + size
    if (end > this.data.length) throw new EnidError('bad_envelope', 'too short')
    const next = this.data.subarray(this.at, end)
    this.at = end
    return next
  }
}
