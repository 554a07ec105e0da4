/**
 * One immutable version of a record under one header (PROTOCOL 5).
 *
 * Parses and builds the bytes and names them by hash. Whether a version is genuine,
 * permitted and in place is `check.ts`'s to say; what it contains is `sealing.ts`'s to open.
 */

import {
  b64, concat, hashId, sha256, uint, unb64, type Bytes, type Id,
} from './encoding.ts'
import { EnidError } from './errors.ts'
import { HEADER_BYTES, PARENTS_MAX, parseHeader, SEALED_OVERHEAD, type Header } from './header.ts'
import { Rule, ZERO16 } from './kinds.ts'
import { VERSION } from './labels.ts'

export {
  DELETED, HEADER_BYTES, isDeletion, NO_VIEW, PARENTS_MAX, parseHeader, SEALED_OVERHEAD,
} from './header.ts'
export type { Header, View } from './header.ts'

declare const sealed: unique symbol

/**
 * Bytes that may be stored and sent: sealed content, a clear control entry (which holds no
 * typed word), or what came off the wire. Only this floor makes them.
 */
export type Sealed = Bytes & { readonly [sealed]: true }

export const BODY_BYTES_MAX = 65536 + SEALED_OVERHEAD

/** The body of a version that deletes its record. */
export const NO_BODY = new Uint8Array(0) as Sealed

/** The canonical bytes of a header. */
export function encodeHeader(header: Header): Bytes {
  const { view } = header
  return concat(
    VERSION, uint(header.suite, 1), unb64(header.space, 16), uint(header.epoch, 4),
    unb64(header.kid, 8), uint(header.rule, 1), uint(header.flags, 1), unb64(header.rec, 16),
    unb64(header.device, 16), u63(header.n), unb64(header.prev, 32), uint(view.inc, 4),
    u63(view.seq), unb64(view.head, 32), uint(header.parents.length, 1),
    ...header.parents.map((parent) => unb64(parent, 32)), header.salt,
  )
}

/** The largest lawful number, 2⁶³ − 1, is read as 2⁶³; it is written as it was. */
function u63(value: number): Bytes {
  if (value !== 2 ** 63) return uint(value, 8)
  return Uint8Array.of(0x7f, 255, 255, 255, 255, 255, 255, 255)
}

/** `H(header ‖ H(body))`, 32 bytes. */
export function versionId(raw: Uint8Array, bodyHash: Id): Id {
  return hashId(32, raw, unb64(bodyHash, 32))
}

/** The log's head after one more version: `H(head ‖ id)`. */
export function nextHead(head: Id, id: Id): Id {
  return hashId(32, unb64(head, 32), unb64(id, 32))
}

/** A record's name inside its space: rule, owner account (or zeros), rec; 33 bytes. */
export type RecordKey = Id

/** Name a record so that nobody can squat on another's (PROTOCOL 5.3). */
export function recordKey(rule: Rule, account: Id, rec: Id): RecordKey {
  const owner = rule === Rule.OWN ? account : ZERO16
  return b64(concat(uint(rule, 1), unb64(owner, 16), unb64(rec, 16)))
}

/** A header, its signature, and its body while the body is kept. */
export interface Version {
  /** 32 bytes; the same everywhere and for ever. */
  readonly id: Id
  readonly header: Header
  /** The header's bytes exactly as signed. */
  readonly raw: Bytes
  /** 64 bytes over `SIGN_VERSION ‖ id`. */
  readonly signature: Bytes
  /** `null` once the server has dropped what a newer version replaced. */
  readonly body: Sealed | null
  readonly bodyHash: Id
}

/** Make a version; `sign` takes the id's 32 bytes and gives 64. */
export async function build(
  header: Header, body: Sealed, sign: (id: Bytes) => Promise<Bytes> | Bytes,
): Promise<Version> {
  const raw = encodeHeader(header)
  const bodyHash = hashId(32, body)
  const id = versionId(raw, bodyHash)
  return { id, header, raw, signature: await sign(unb64(id)), body, bodyHash }
}

/**
 * Read a version as it came off the wire or disk.
 *
 * Throws `bad_envelope` or `too_large`.
 */
export function parse(
  raw: Bytes, signature: Bytes, body: Bytes | null, bodyHash: Id | null = null,
): Version {
  if (raw.length > HEADER_BYTES + 32 * PARENTS_MAX || signature.length !== 64) {
    throw bad('header or signature has a wrong size')
  }
  if (body && body.length > BODY_BYTES_MAX) {
    throw new EnidError('too_large', 'a body has at most 65,584 bytes')
  }
  const hash = body ? b64(sha256(body)) : bodyHash
  if (hash === null || unb64(hash).length !== 32) throw bad('neither a body nor its hash')
  const header = parseHeader(raw)
  const id = versionId(raw, hash)
  return { id, header, raw, signature, body: body as Sealed | null, bodyHash: hash }
}

/** A version's row on the wire: header, signature, body or `null` and the body's hash. */
export type WireVersion = readonly [string, string, string] | readonly [string, string, null, string]

/** Read a row of the wire; throws `bad_envelope` or `too_large`. */
export function fromWire(row: unknown): Version {
  if (!Array.isArray(row) || row.length < 3 || row.length > 4) throw bad('not a row of a version')
  const [raw, signature, body, hash] = row as unknown[]
  return parse(
    unb64(raw), unb64(signature), body === null ? null : unb64(body),
    hash === undefined ? null : b64(unb64(hash, 32)),
  )
}

/** A version as it goes onto the wire. */
export function toWire(version: Version): WireVersion {
  const [raw, signature] = [b64(version.raw), b64(version.signature)]
  return version.body
    ? [raw, signature, b64(version.body)]
    : [raw, signature, null, version.bodyHash]
}

function bad(detail: string): EnidError {
  return new EnidError('bad_envelope', detail)
}
