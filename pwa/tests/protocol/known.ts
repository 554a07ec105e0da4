/** What the protocol's tests share: reading vectors, and one space as somebody knows it. */

import { readFileSync } from 'node:fs'
import {
  check, NO_TIP, spaceOf,
  type EpochMark, type Judgement, type Serving, type Space, type State, type Tip,
} from '../../src/protocol/check.ts'
import { b64, type Bytes, type Id } from '../../src/protocol/encoding.ts'
import type { Epoch } from '../../src/protocol/entries.ts'
import { nextHead, parse, type RecordKey, type Version } from '../../src/protocol/envelope.ts'
import { EnidError } from '../../src/protocol/errors.ts'
import type { Begun } from '../../src/protocol/keyring.ts'
import { SpaceKind, ZERO32 } from '../../src/protocol/kinds.ts'
import { Membership } from '../../src/protocol/membership.ts'

/** Keys that passed the strict check, once for all tests of a process. */
export const checked = new Set<Id>()

/** A version as the vectors write it: hex of header, signature, body, body hash. */
export type Row = readonly (string | null)[]

/** A circle's log and the spaces beside it. */
export interface Scene {
  readonly log: readonly Row[]
  readonly spaces: readonly { readonly kind: SpaceKind; readonly subject: string
    readonly versions: readonly Row[] }[]
}

/** One case of a vector file; which members it has depends on the file. */
export interface Case {
  readonly name: string
  readonly expect: string
  readonly [member: string]: unknown
}

export interface VectorFile {
  readonly cases: readonly Case[]
  readonly scenes?: Readonly<Record<string, Scene>>
}

/** Read `sync/vectors/<stem>.json`. */
export function vectors(stem: string): VectorFile {
  const file = new URL(`../../../sync/vectors/${stem}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as VectorFile
}

/** Bytes from hex; nothing is no bytes. */
export function raw(hex: unknown): Bytes {
  return Uint8Array.from(Buffer.from(typeof hex === 'string' ? hex : '', 'hex'))
}

/** An id from hex. */
export function id(hex: unknown): Id {
  return b64(raw(hex))
}

/** Hex of bytes or of an id. */
export function hex(value: Uint8Array | Id): string {
  return Buffer.from(value as string, 'base64url').toString('hex')
}

/** Read a version as the vectors write it. */
export function versionOf(row: Row): Version {
  const [header, signature, body, hash] = row
  return parse(
    raw(header), raw(signature), body === null ? null : raw(body),
    hash === undefined ? null : id(hash),
  )
}

/** `ok`, or the code of the one error that came out. */
export async function outcome(act: () => unknown): Promise<string> {
  try {
    await act()
    return 'ok'
  } catch (error) {
    if (error instanceof EnidError) return error.code
    throw error
  }
}

/** One space as somebody knows it: the `State` that judging needs. */
export class Known implements State {
  readonly space: Space
  readonly membership: Membership
  readonly records = new Map<Id, RecordKey>()
  readonly heads: Id[] = [ZERO32]
  readonly tips = new Map<Id, Tip>()
  readonly begun: Begun[] = []
  readonly closed = new Map<Id, Tip>()

  constructor(space: Space, membership: Membership) {
    this.space = space
    this.membership = membership
  }

  get epoch(): EpochMark | null {
    return this.begun.at(-1)?.mark ?? null
  }

  tip(device: Id): Tip {
    return this.tips.get(device) ?? NO_TIP
  }

  recordOf(version: Id): RecordKey | null {
    return this.records.get(version) ?? null
  }

  kidOf(epoch: number): Id | null {
    return this.begun.findLast((each) => each.mark.number === epoch)?.mark.kid ?? null
  }

  closedAt(device: Id): Tip | null {
    return this.closed.get(device) ?? null
  }

  /** What a server knows besides. */
  serving(inc: number, settled: boolean): Serving {
    return { inc, settled, headAt: (seq) => this.heads[seq] ?? null, complete: settled }
  }

  /** Judge a version and keep it. */
  async take(version: Version, serving: Serving | null = null): Promise<Judgement> {
    const judged = await check(version, this, checked, serving)
    const { header, id } = version
    if (judged.entry?.type === 'epoch') {
      this.#close(judged.entry)
      const { membership } = judged.entry
      const mark = { number: header.epoch, kid: header.kid, id, membership }
      this.begun.push({ mark, entry: judged.entry, author: judged.account })
    }
    this.records.set(id, judged.record)
    this.heads.push(nextHead(this.heads.at(-1)!, id))
    this.tips.set(header.device, { n: header.n, id })
    return judged
  }

  /** PROTOCOL 8.3: at the tip that is listed, or at n = 0. */
  #close(entry: Epoch): void {
    const { kind, subject } = this.space
    const since = this.epoch?.membership ?? ZERO32
    for (const device of this.membership.lost(since, entry.membership, kind, subject)) {
      this.closed.set(device, NO_TIP)
    }
    for (const { device, n, id } of entry.tips) this.closed.set(device, { n, id })
  }
}

/** A scene, folded as a client folds it: by space id, the log first. */
export async function fold(scene: Scene, circle: unknown = ''): Promise<Map<Id, Known>> {
  const log = scene.log.map(versionOf)
  const first = log[0]?.id ?? id(circle)
  const state = new Known(spaceOf(first, SpaceKind.CIRCLE), new Membership())
  const found = new Map([[state.space.id, state]])
  for (const version of log) await state.take(version)
  for (const { kind, subject, versions } of scene.spaces) {
    const known = new Known(spaceOf(first, kind, id(subject)), state.membership)
    found.set(known.space.id, known)
    for (const row of versions) await known.take(versionOf(row))
  }
  return found
}

/** What a log says, as the vectors write it. */
export function folded(membership: Membership): unknown {
  const byHex = <T>(map: ReadonlyMap<Id, T>): [string, T][] =>
    [...map].map(([key, value]): [string, T] => [hex(key), value])
      .sort(([a], [b]) => (a < b ? -1 : 1))
  const people = new Set([...membership.accounts.values()].map((each) => each.person))
  const acting = [...people].flatMap((person) => {
    const account = membership.acting(person)
    return account ? [[hex(person), hex(account.id)]] : []
  })
  return {
    circle: hex(membership.circle),
    kind: membership.kind,
    accounts: byHex(membership.accounts).map(([account, { person, roles, ever }]) =>
      ({ account, person: hex(person), roles, ever })),
    devices: byHex(membership.devices).map(([device, { account, revoked }]) =>
      ({ device, account: hex(account), revoked })),
    places: byHex(membership.invites).map(([key, { person, roles, state }]) =>
      ({ key, person: hex(person), roles, state })),
    groups: [...membership.groups].map(hex).sort(),
    changes: membership.changes.map((change) => hex(change.id)),
    acting: Object.fromEntries(acting) as unknown,
  }
}
