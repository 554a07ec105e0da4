/**
 * An account's copy in a file: everything this phone holds, under the recovery code.
 *
 * The rows are sealed under the phone's local key, and that key stands beside them under the account
 * key. So the copy opens again without a server, on any phone, with the code and with nothing else.
 */

import { b64, fromText, toText, unb64, type Bytes, type Id } from '../protocol/encoding.ts'
import { EnidError } from '../protocol/errors.ts'
import type { AccountKey } from '../protocol/invitations.ts'
import { cursorless, secretsOf, Store } from '../storage/db.ts'
import { KEYS, type Change, type Table } from '../storage/rows.ts'
import { deviceKeyOf, openLockBox } from './account.ts'
import { Vault } from './vault.ts'

const MARK = 'Enid copy 1'
const MARK_BYTES_MAX = 2_000

interface Head {
  readonly account: Id
  readonly lock: string
}

/** Seal all rows of a store into one file. */
export async function makeCopy(store: Store, vault: Vault, account: Id): Promise<Blob> {
  const lock = (await secretsOf(store)).find((row) => row.name === 'lock')?.value
  if (!(lock instanceof Uint8Array)) throw new EnidError('no_account', 'nothing is kept here that could be copied')
  const rows: Record<string, unknown[]> = {}
  for (const table of Object.keys(KEYS) as Table[]) rows[table] = await store.all(table)
  const plain = JSON.stringify(rows, (_, value: unknown) =>
    value instanceof Uint8Array ? { $b: b64(value) } : value instanceof CryptoKey ? null : value)
  const head: Head = { account, lock: b64(lock) }
  const sealed = await vault.seal('copy', fromText(plain))
  return new Blob([`${MARK}\n${JSON.stringify(head)}\n`, sealed], { type: 'application/octet-stream' })
}

/**
 * Bring a copy back; gives the account that is now on this phone.
 *
 * Throws `bad_request` for another file, `unopened` for another account's code, `declined` when that
 * account is on this phone already.
 */
export async function bringBack(file: Blob, accountKey: AccountKey): Promise<Id> {
  const { head, sealed } = await split(file)
  const local = await openLockBox(accountKey, unb64(head.lock))
  const device = await deviceKeyOf(local)
  const plain = toText(await new Vault(device).open('copy', sealed))
  const rows = JSON.parse(plain, (_, value: unknown) =>
    isBytes(value) ? unb64(value.$b) : value) as Record<Table, { name?: string }[]>
  const store = await Store.open(head.account)
  if ((await secretsOf(store)).length) {
    store.close()
    throw new EnidError('declined', 'this account is on this phone already')
  }
  const changes: Change[] = [{ table: 'secrets', put: { name: 'device', value: device } }]
  for (const table of Object.keys(KEYS) as Table[]) {
    for (const row of rows[table] ?? []) {
      if (table !== 'secrets' || row.name !== 'device') changes.push({ table, put: row } as Change)
    }
  }
  await store.commit(changes, cursorless)
  store.close()
  return head.account
}

async function split(file: Blob): Promise<{ head: Head; sealed: Bytes }> {
  const data = new Uint8Array(await file.arrayBuffer())
  const first = data.indexOf(10)
  const second = data.indexOf(10, first + 1)
  try {
    if (toText(data.slice(0, first)) !== MARK || second < 0 || second > MARK_BYTES_MAX) throw new Error('another file')
    return { head: JSON.parse(toText(data.slice(first + 1, second))) as Head, sealed: data.slice(second + 1) }
  } catch {
    throw new EnidError('bad_request', 'this file is not a copy made by Enid')
  }
}

function isBytes(value: unknown): value is { $b: string } {
  return typeof value === 'object' && value !== null && typeof (value as { $b?: unknown }).$b === 'string'
}
