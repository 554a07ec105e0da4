/**
 * Control entries: the clear bodies of a circle's log and of epochs (PROTOCOL 4).
 *
 * Each entry is a number and fixed fields in a fixed order. No typed word and no date
 * stands in one. What an entry may do is decided in `membership.ts` and `check.ts`.
 */

import {
  b64, byBytes, concat, Reader, uint, unb64, type Bytes, type Id,
} from './encoding.ts'
import type { Sealed } from './envelope.ts'
import { EnidError } from './errors.ts'

export const REMOVE_ACCOUNT = 1
export const REMOVE_DEVICE = 2

/** Begins a circle; its id is the circle's id. */
export interface Genesis {
  readonly type: 'genesis'
  readonly kind: number
  readonly person: Id
  readonly roles: number
  readonly signKey: Bytes
  readonly wrapKey: Bytes
  readonly deviceKey: Bytes
  readonly certificate: Bytes
}

/** Opens a place for whoever holds the private half of `inviteKey`. */
export interface Invite {
  readonly type: 'invite'
  readonly person: Id
  readonly roles: number
  readonly inviteKey: Bytes
}

/** Closes an invitation that nobody has used. */
export interface Revoke {
  readonly type: 'revoke'
  readonly inviteKey: Bytes
}

/** Takes an open place; signed by the invite key and by the new device. */
export interface Join {
  readonly type: 'join'
  readonly inviteKey: Bytes
  readonly signKey: Bytes
  readonly wrapKey: Bytes
  readonly deviceKey: Bytes
  readonly certificate: Bytes
  readonly proof: Bytes
}

/** Seats an account that the author has verified in another circle. */
export interface Grant {
  readonly type: 'grant'
  readonly person: Id
  readonly roles: number
  readonly signKey: Bytes
  readonly wrapKey: Bytes
}

/** A device shows the certificate of an identity that is seated here. */
export interface Device {
  readonly type: 'device'
  readonly account: Id
  readonly deviceKey: Bytes
  readonly certificate: Bytes
}

/** Replaces an account's roles; compare-and-set on `after`. */
export interface SetRoles {
  readonly type: 'set_roles'
  readonly after: Id
  readonly account: Id
  readonly roles: number
}

/** Ends an account's seat or a device; compare-and-set on `after`. */
export interface Removal {
  readonly type: 'removal'
  readonly after: Id
  readonly what: number
  readonly subject: Id
}

/** A programme lists (1) or drops (0) one of its groups. */
export interface Listing {
  readonly type: 'listing'
  readonly group: Id
  readonly listed: number
}

/** An older key sealed under a new one: 80 bytes. */
export interface Carried {
  readonly kid: Id
  readonly sealed: Bytes
}

/** Where a device's chain ends in a space. */
export interface DeviceTip {
  readonly device: Id
  readonly n: number
  readonly id: Id
}

/** Begins an epoch of a space; compare-and-set on `after`. */
export interface Epoch {
  readonly type: 'epoch'
  /** Whose space this is: its id is derived from circle, kind and subject. */
  readonly circle: Id
  readonly kind: number
  readonly subject: Id
  /** Id of the epoch entry before this one; zeros at first. */
  readonly after: Id
  /** The last removal or role change that the author knows. */
  readonly membership: Id
  /** 32 bytes derived from the epoch key (PROTOCOL 6.2). */
  readonly commitment: Bytes
  readonly carried: readonly Carried[]
  /** 32 bytes under the key before, or zeros. */
  readonly link: Bytes
  /** Accounts first wrapped to, ascending. */
  readonly wrapped: readonly Id[]
  /** Where lost devices end, ascending by device. */
  readonly tips: readonly DeviceTip[]
}

export type Entry =
  | Genesis | Invite | Revoke | Join | Grant | Device | SetRoles | Removal | Listing | Epoch

// Layouts ----------------------------------------------------------------------

interface Field<T> {
  readonly write: (value: T) => Bytes
  readonly read: (reader: Reader) => T
}

function id(size: number): Field<Id> {
  return { write: (value) => unb64(value, size), read: (reader) => reader.id(size) }
}

function bytes(size: number): Field<Bytes> {
  return {
    write: (value) => {
      if (value.length === size) return value
      throw bad(`${value.length} bytes, not ${size}`)
    },
    read: (reader) => reader.take(size),
  }
}

function number(size: number): Field<number> {
  return { write: (value) => uint(value, size), read: (reader) => reader.number(size) }
}

function part<T extends object>(fields: { readonly [K in keyof T]: Field<T[K]> }): Field<T> {
  const names = Object.keys(fields) as (keyof T)[]
  return {
    write: (value) => concat(...names.map((name) => fields[name].write(value[name]))),
    read: (reader) =>
      Object.fromEntries(names.map((name) => [name, fields[name].read(reader)])) as T,
  }
}

/** A u16 count and the rows; `sorted` ones ascend as bytes, without doubles. */
function listOf<T>(row: Field<T>, sorted = false): Field<readonly T[]> {
  return {
    write: (rows) => concat(uint(rows.length, 2), ...rows.map((each) => row.write(each))),
    read: (reader) => {
      let before = ''
      return Array.from({ length: reader.number(2) }, () => {
        const start = reader.at
        const value = row.read(reader)
        const spelled = b64(reader.data.subarray(start, reader.at))
        if (sorted && byBytes(before, spelled) >= 0) throw bad("an epoch's lists are not in order")
        before = spelled
        return value
      })
    },
  }
}

const ID = id(16)
const HASH = id(32)
const KEY = bytes(32)
const SIGNATURE = bytes(64)

type Fields<E> = Omit<E, 'type'>
type Layouts = {
  readonly [E in Entry as E['type']]: readonly [number: number, fields: Field<Fields<E>>]
}

// The entries of PROTOCOL 4.1: number, and fields in their order.
const LAYOUTS: Layouts = {
  genesis: [1, part<Fields<Genesis>>({
    kind: number(1), person: ID, roles: number(2), signKey: KEY, wrapKey: KEY,
    deviceKey: KEY, certificate: SIGNATURE,
  })],
  invite: [2, part<Fields<Invite>>({ person: ID, roles: number(2), inviteKey: KEY })],
  revoke: [3, part<Fields<Revoke>>({ inviteKey: KEY })],
  join: [4, part<Fields<Join>>({
    inviteKey: KEY, signKey: KEY, wrapKey: KEY, deviceKey: KEY, certificate: SIGNATURE,
    proof: SIGNATURE,
  })],
  grant: [5, part<Fields<Grant>>({ person: ID, roles: number(2), signKey: KEY, wrapKey: KEY })],
  device: [6, part<Fields<Device>>({ account: ID, deviceKey: KEY, certificate: SIGNATURE })],
  set_roles: [7, part<Fields<SetRoles>>({ after: HASH, account: ID, roles: number(2) })],
  removal: [8, part<Fields<Removal>>({ after: HASH, what: number(1), subject: ID })],
  listing: [9, part<Fields<Listing>>({ group: HASH, listed: number(1) })],
  epoch: [16, part<Fields<Epoch>>({
    circle: HASH, kind: number(1), subject: ID, after: HASH, membership: HASH,
    commitment: KEY, carried: listOf(part<Carried>({ kid: id(8), sealed: bytes(80) })),
    link: KEY, wrapped: listOf(ID, true),
    tips: listOf(part<DeviceTip>({ device: ID, n: number(8), id: HASH }), true),
  })],
}

const BY_NUMBER = new Map(
  Object.entries(LAYOUTS).map(([type, [number, fields]]) =>
    [number, { type: type as Entry['type'], fields: fields as Field<Fields<Entry>> }]),
)

/** An entry's number. */
export function numberOf(entry: Entry): number {
  return LAYOUTS[entry.type][0]
}

/** The entry's only spelling: the body of the version that carries it. */
export function encode(entry: Entry): Sealed {
  const number = numberOf(entry)
  return concat(uint(number, 1), BY_NUMBER.get(number)!.fields.write(entry)) as Sealed
}

/**
 * Read an entry.
 *
 * Throws `upgrade_required` for a number that is not known here (the circle freezes), and
 * `bad_envelope`.
 */
export function decode(data: Uint8Array): Entry {
  const reader = new Reader(data)
  const number = reader.number(1)
  const layout = BY_NUMBER.get(number)
  if (!layout) {
    throw new EnidError('upgrade_required', `control entry ${number} is not known here`)
  }
  const fields = layout.fields.read(reader)
  reader.end()
  return { type: layout.type, ...fields } as Entry
}

function bad(detail: string): EnidError {
  return new EnidError('bad_envelope', detail)
}
