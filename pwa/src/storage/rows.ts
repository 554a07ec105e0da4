/** The rows of one account's database (PROTOCOL 14.1). Everything that a person typed is sealed in them. */

import type { Bytes, Id } from '../protocol/encoding.ts'
import type { Sealed } from '../protocol/envelope.ts'

export type { Bytes, Sealed }

/** A space, and how far its log has been verified: the cursor. */
export interface SpaceRow {
  id: Id
  circle: Id
  kind: number
  subject: Id
  inc: number
  seq: number
  head: Id
  checkedAt: number | null
  repairAt: number | null
  frozen: string | null
  /** Versions kept and not shown, by code. */
  skipped: Record<string, number>
}

/** One version of a verified log. Those without `seq` are known here and missing on the server. */
export interface VersionRow {
  space: Id
  id: Id
  /** The order in which versions were first met on this phone. */
  ord: number
  seq: number | null
  header: Bytes
  signature: Bytes
  /** Of a control entry; contents keep theirs in `bodies`. */
  entry: Sealed | null
  bodyHash: Id
  hasBody: boolean
  device: Id
  n: number
  account: Id | null
  record: Id | null
  control: boolean
  code: string | null
  head: Id | null
  tries: number
}

/**
 * The sealed body of one content version. `cls` is its type while it may be shown and `-` otherwise,
 * so that launching reads just the types that a screen needs.
 */
export interface BodyRow {
  space: Id
  id: Id
  cls: string
  live: boolean
  account: Id
  header: Bytes
  body: Sealed | null
}

/** One act that is not in the verified log yet. */
export interface OutboxRow {
  n?: number
  space: Id
  intent: Sealed
  /** `rule:rec` of the intent, so that the same editor's newer words find the older ones. */
  record: string
  /** What it was written on, and what of the same editor it stands in for. */
  bases: Id[]
  editor: Id | null
  derived: 'epoch' | 'device' | null
  at: number
  chain: number | null
  id: Id | null
  header: Bytes | null
  signature: Bytes | null
  body: Sealed | null
  code: string | null
}

export interface KeyRow { space: Id; kid: Id; sealed: Sealed }
export interface WrapRow { space: Id; kid: Id; account: Id; wrapped: Bytes }
export interface PackRow {
  lookup: Id
  log: Id
  inviteKey: Bytes
  expiresAt: number
  pack: Sealed
  sent: boolean
}
export interface ConfirmedRow { circle: Id; subject: Id }
/** A local name or an editor, and the version that it became. */
export interface SeenRow { name: Id; version: Id }
export interface AlarmRow { at: number; space: Id; code: string }
export interface MetaRow { name: string; value: unknown }
/** What a circle's log says, folded when it last changed: launching folds no log. */
export interface CircleRow { id: Id; state: unknown }
/** A secret under the device key, or the device key itself, which nothing can read out. */
export interface SecretRow { name: string; value: Sealed | CryptoKey }

export interface Rows {
  spaces: SpaceRow
  versions: VersionRow
  bodies: BodyRow
  outbox: OutboxRow
  keys: KeyRow
  wraps: WrapRow
  packs: PackRow
  confirmed: ConfirmedRow
  seen: SeenRow
  alarms: AlarmRow
  meta: MetaRow
  circles: CircleRow
  secrets: SecretRow
}

export type Table = keyof Rows

/** The key path of each table; the outbox counts by itself. */
export const KEYS: { readonly [T in Table]: string | readonly string[] } = {
  spaces: 'id',
  versions: ['space', 'id'],
  bodies: ['space', 'id'],
  outbox: 'n',
  keys: ['space', 'kid'],
  wraps: ['space', 'kid', 'account'],
  packs: 'lookup',
  confirmed: ['circle', 'subject'],
  seen: 'name',
  alarms: ['space', 'code'],
  meta: 'name',
  circles: 'id',
  secrets: 'name',
}

/** One row to write, or to delete by its key. */
export type Change = {
  [T in Table]:
    | { readonly table: T; readonly put: Rows[T] }
    | { readonly table: T; readonly drop: IDBValidKey }
}[Table] | Refile

/** A content that is shown otherwise now; its sealed bytes stay as they are. */
export interface Refile {
  readonly table: 'bodies'
  readonly patch: readonly [space: Id, id: Id]
  readonly with: Pick<BodyRow, 'cls' | 'live'>
}
