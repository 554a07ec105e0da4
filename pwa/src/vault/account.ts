/**
 * One account on this phone: what signs, what wraps are opened with, and how it comes and goes.
 *
 * Until the kit is saved the account key and the account secret stay here, sealed under the device
 * key; then they are erased (protocol.md 2). `lock` takes the device key away: what is here can be
 * opened again only with the recovery code.
 */

import { b64, concat, fromText, unb64, type Bytes, type Id, type Random } from '../protocol/encoding.ts'
import { EnidError } from '../protocol/errors.ts'
import { AccountKey, Identity } from '../protocol/invitations.ts'
import { accountId, deviceId } from '../protocol/names.ts'
import { load } from '../protocol/records.ts'
import { derive, wrapKeys, type WrapKey } from '../protocol/sealing.ts'
import { publicKey } from '../protocol/signing.ts'
import { cursorless, secretsOf, Store } from '../storage/db.ts'
import type { Change, KeyRow, OutboxRow, SecretRow } from '../storage/rows.ts'
import { SUITE, Vault, type LocalIntent, type Read } from './vault.ts'

const LOCK_LABEL = fromText('enid/app/lock\0')
const NO_SALT = new Uint8Array(0)

/** The keys of an account, as far as signing and opening wraps need them. */
export interface Keys {
  readonly signKey: Bytes
  readonly wrapKey: WrapKey
  readonly publicSignKey: Bytes
  readonly publicWrapKey: Bytes
}

export class Account {
  readonly suite = SUITE
  readonly store: Store
  readonly vault: Vault
  readonly id: Id
  readonly identity: Keys
  readonly recordSecret: Bytes
  readonly deviceSeed: Bytes
  readonly deviceKey: Bytes
  readonly device: Id

  private constructor(store: Store, vault: Vault, identity: Keys, recordSecret: Bytes, deviceSeed: Bytes, deviceKey: Bytes) {
    this.store = store
    this.vault = vault
    this.identity = identity
    this.recordSecret = recordSecret
    this.deviceSeed = deviceSeed
    this.deviceKey = deviceKey
    this.id = accountId(identity.publicSignKey, identity.publicWrapKey)
    this.device = deviceId(deviceKey)
  }

  /** What the server calls this account's session: the start of its id in hex. */
  get name(): string {
    return [...unb64(this.id).subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  // -- coming -------------------------------------------------------------------------

  /** Make an account: account key, secret and device, durably, before anybody hears of it. */
  static async create(random: Random, onWrite?: () => void): Promise<Account> {
    const accountKey = new AccountKey(random(20), SUITE)
    const identity = new Identity(random(32), SUITE)
    return Account.#settle(identity, accountKey, random, true, onWrite)
  }

  /** Make this phone a further device of the account of a recovery code; `slot` is the server's answer. */
  static async reopen(accountKey: AccountKey, slot: Bytes, random: Random): Promise<Account> {
    return Account.#settle(await accountKey.openSlot(slot), accountKey, random, false)
  }

  static async #settle(
    identity: Identity, accountKey: AccountKey, random: Random, isNew: boolean, onWrite?: () => void,
  ): Promise<Account> {
    const store = await Store.open(await identity.account(), onWrite)
    if (!isNew && (await secretsOf(store)).length) { // it was here before, locked or not
      await unlock(store, accountKey)
      return Account.open(store)
    }
    const local = random(32)
    const vault = new Vault(await deviceKeyOf(local))
    const put = async (name: string, value: Bytes): Promise<Change> => (
      { table: 'secrets', put: { name, value: await vault.seal(`secret ${name}`, value) } })
    const changes: Change[] = [
      { table: 'secrets', put: { name: 'device', value: await deviceKeyOf(local) } },
      { table: 'secrets', put: { name: 'lock', value: await lockBox(accountKey, local, random) } },
      await put('kept', await identity.kept()),
      await put('seed', random(32)),
      await put('slot', concat(unb64(await accountKey.lookup()), await accountKey.sealSlot(identity, random))),
    ]
    if (isNew) changes.push(await put('account_key', accountKey.key))
    await store.commit(changes, cursorless)
    return Account.open(store)
  }

  /** Open the account of a store; throws `no_account` when there is none, `unopened` when it is locked. */
  static async open(store: Store, known: Vault | null = null): Promise<Account> {
    const secrets = await secretsOf(store)
    if (!secrets.length) throw new EnidError('no_account', 'no account is on this phone yet')
    const vault = known ?? Vault.from(secrets)
    if (!vault) throw new EnidError('unopened', 'this phone is locked')
    const kept = await opened(vault, secrets, 'kept')
    const seed = await opened(vault, secrets, 'seed')
    if (!kept || !seed) throw new EnidError('unopened', 'this phone has lost its keys')
    const identity = new Identity(kept, SUITE)
    const keys: Keys = {
      signKey: await identity.signSeed(),
      wrapKey: await wrapKeys(SUITE, await identity.wrapSeed()),
      publicSignKey: await identity.signKey(),
      publicWrapKey: await identity.wrapKey(),
    }
    return new Account(store, vault, keys, await identity.recordSecret(), seed, await publicKey(SUITE, seed))
  }

  /** This profile was copied: the same account as a new device. */
  async withNewDevice(random: Random): Promise<Account> {
    const value = await this.vault.seal('secret seed', random(32))
    await this.store.commit([{ table: 'secrets', put: { name: 'seed', value } }], cursorless)
    return Account.open(this.store)
  }

  // -- the kit ------------------------------------------------------------------------

  /** The recovery code, until the kit has been saved. */
  async recoveryCode(): Promise<string | null> {
    const key = await opened(this.vault, await secretsOf(this.store), 'account_key')
    return key ? new AccountKey(key, SUITE).code : null
  }

  /** The kit is saved: the account key leaves this phone. */
  async kitSaved(): Promise<void> {
    await this.store.commit([{ table: 'secrets', drop: 'account_key' }], cursorless)
  }

  /** The sealed account secret that the server keeps for its owner, and the name it lies under. */
  async slot(): Promise<{ lookup: Id; sealed: Bytes } | null> {
    const slot = await opened(this.vault, await secretsOf(this.store), 'slot')
    return slot && { lookup: b64(slot.slice(0, 16)), sealed: slot.slice(16) }
  }

  // -- what syncing asks of the vault ---------------------------------------------------

  sealKey(space: Id, kid: Id, secret: Bytes): Promise<KeyRow> {
    return this.vault.sealKey(space, kid, secret)
  }

  sealIntent(intent: LocalIntent): ReturnType<Vault['sealIntent']> {
    return this.vault.sealIntent(intent)
  }

  openIntent(row: OutboxRow): Promise<LocalIntent> {
    return this.vault.openIntent(row)
  }

  /** Read one content and check its fields (PROTOCOL 9). */
  read(row: Parameters<Vault['read']>[0], key: Parameters<Vault['read']>[1]): Promise<Read | null> {
    return this.vault.read(row, key, load)
  }
}

export type { LocalIntent, Read } from './vault.ts'

// -- locking --------------------------------------------------------------------------

/** Take the device key off this phone; throws `declined` while the recovery code was not saved. */
export async function lock(store: Store): Promise<void> {
  const secrets = await secretsOf(store)
  if (secrets.some((row) => row.name === 'account_key')) {
    throw new EnidError('declined', 'save your recovery code first: nothing else opens this phone again')
  }
  await store.commit([{ table: 'secrets', drop: 'device' }], cursorless)
}

/** Bring the device key back with the recovery code; throws `unopened` when it is another account's. */
export async function unlock(store: Store, accountKey: AccountKey): Promise<void> {
  const local = await openLockBox(accountKey, (await secretsOf(store)).find((row) => row.name === 'lock')?.value)
  const device = await deviceKeyOf(local)
  await store.commit([{ table: 'secrets', put: { name: 'device', value: device } }], cursorless)
}

/** The local key under the account key: what opens a locked phone, or a copy of it. */
export async function openLockBox(accountKey: AccountKey, box: Bytes | CryptoKey | undefined): Promise<Bytes> {
  if (!(box instanceof Uint8Array)) throw new EnidError('unopened', 'nothing is kept here for this code')
  const how = { name: 'AES-GCM', iv: box.subarray(0, 12), additionalData: LOCK_LABEL }
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, await lockKey(accountKey), box.subarray(12)))
  } catch {
    throw new EnidError('unopened', 'this is not the recovery code of this account')
  }
}

async function lockBox(accountKey: AccountKey, local: Bytes, random: Random): Promise<SecretRow['value']> {
  const iv = random(12)
  const how = { name: 'AES-GCM', iv, additionalData: LOCK_LABEL }
  const sealed = await crypto.subtle.encrypt(how, await lockKey(accountKey), local)
  return concat(iv, new Uint8Array(sealed)) as unknown as SecretRow['value']
}

async function lockKey(accountKey: AccountKey): Promise<CryptoKey> {
  const raw = await derive(SUITE, accountKey.key, NO_SALT, LOCK_LABEL, 32)
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** A device key that no script can read out again. */
export function deviceKeyOf(local: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', local, 'AES-GCM', false, ['encrypt', 'decrypt', 'unwrapKey'])
}

async function opened(vault: Vault, secrets: readonly SecretRow[], name: string): Promise<Bytes | null> {
  const value = secrets.find((row) => row.name === name)?.value
  return value instanceof Uint8Array ? vault.open(`secret ${name}`, value) : null
}
