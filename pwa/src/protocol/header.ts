/** The clear header of a version, as a start reads it (PROTOCOL 5.1). The rest is `envelope.ts`'s. */

import { b64, byBytes, Reader, type Bytes, type Id } from './encoding.ts'
import { EnidError } from './errors.ts'
import { Rule, ZERO32 } from './kinds.ts'
import { VERSION } from './labels.ts'

export const DELETED = 1
export const PARENTS_MAX = 8
/** Plus 32 for each parent. */
export const HEADER_BYTES = VERSION.length + 172
/** Commitment and tag around the padded plaintext. */
export const SEALED_OVERHEAD = 32 + 16

/** What an author had verified of a space's log. */
export interface View {
  readonly inc: number
  readonly seq: number
  readonly head: Id
}

/** A view of nothing. */
export const NO_VIEW: View = { inc: 0, seq: 0, head: ZERO32 }

/** The clear, signed and authenticated part of a version (PROTOCOL 5.1). */
export interface Header {
  readonly suite: number
  /** 16 bytes; zeros in a genesis only. */
  readonly space: Id
  /** Zero in a circle's log. */
  readonly epoch: number
  /** 8 bytes; zeros in a circle's log. */
  readonly kid: Id
  readonly rule: Rule
  readonly flags: number
  /** 16 bytes; zeros in control entries. */
  readonly rec: Id
  /** The author's device, 16 bytes. */
  readonly device: Id
  /** Counts the device's versions in this space from 1. */
  readonly n: number
  /** Id of the device's version before this one, 32 bytes; zeros at first. */
  readonly prev: Id
  readonly view: View
  /** Ids of the versions that this one replaces: at most 8, ascending (`byBytes`). */
  readonly parents: readonly Id[]
  /** 24 random bytes, new for every version. */
  readonly salt: Bytes
}

/** Read a header, refusing every other spelling with `bad_envelope`. */
export function parseHeader(data: Uint8Array): Header {
  const reader = new Reader(data)
  if (reader.id(VERSION.length) !== b64(VERSION)) throw bad('not a version of this protocol')
  const suite = reader.number(1)
  const space = reader.id(16)
  const epoch = reader.number(4)
  const kid = reader.id(8)
  const rule = reader.number(1)
  const flags = reader.number(1)
  const rec = reader.id(16)
  const device = reader.id(16)
  const n = readU63(reader)
  const prev = reader.id(32)
  const view = { inc: reader.number(4), seq: readU63(reader), head: reader.id(32) }
  const count = reader.number(1)
  if (count > PARENTS_MAX) throw bad('a version has at most 8 parents')
  const parents = Array.from({ length: count }, () => reader.id(32))
  const salt = reader.take(24)
  reader.end()
  const isLawful =
    rule <= Rule.ALL && flags <= DELETED && n > 0
    && view.inc < 2 ** 31 && epoch < 2 ** 31
    && parents.every((parent, i) => i === 0 || byBytes(parents[i - 1]!, parent) < 0)
    && n > 1 === (prev !== ZERO32)
  if (!isLawful) throw bad('a header field is out of range')
  return {
    suite, space, epoch, kid, rule: rule as Rule, flags, rec, device, n, prev, view, parents,
    salt,
  }
}

function readU63(reader: Reader): number {
  if ((reader.data[reader.at] ?? 0) >= 0x80) throw bad('a header field is out of range')
  return reader.number(8)
}

/** Whether a version deletes its record. */
export function isDeletion(header: Header): boolean {
  return (header.flags & DELETED) !== 0
}

function bad(detail: string): EnidError {
  return new EnidError('bad_envelope', detail)
}
