/**
 * The way in and out: join, open, lock, sign out, copy, the kit. What is written goes through `act.ts`;
 * none of this is needed by a start, so it comes when it is asked for.
 */

import { batch } from '@preact/signals'
import { setSetting } from '../domain/settings.ts'
import { groupFits } from '../protocol/codes.ts'
import { unb64 } from '../protocol/encoding.ts'
import { EnidError } from '../protocol/errors.ts'
import { wipe } from '../storage/db.ts'
import type { Account } from '../vault/account.ts'
import { act, enter, leave, pen, settle, start, thePhone } from './act.ts'
import { forgetAccount, lastAccount, random } from './phone.ts'
import { emptyWorld, facts, type DemoPerson } from './truth.ts'

// -- the door ---------------------------------------------------------------------------

/** A typed invitation. Throws 'bad_code', 'no_such_invite', 'invite_used', 'invite_expired', 'no_answer'. */
export async function joinWithCode(code: string): Promise<void> {
  const [{ Invitation }, { Account }, { Client }, { HttpTransport, ask }] = await Promise.all([
    import('../protocol/invitations.ts'), import('../vault/account.ts'), import('../sync/client.ts'), import('../sync/net.ts'),
  ])
  const invitation = Invitation.fromCode(code)
  const transport = new HttpTransport(location.origin)
  // Asked for before anything is made here: a wrong code leaves nothing behind.
  await ask(transport, 'POST', '/v1/invitation', { lookup: await invitation.lookup() }, null)
  const phone = thePhone()
  if (phone) {
    await (await phone.loop()).alone(async (client) => void (await client.join(invitation)))
    return phone.syncNow()
  }
  const account = await Account.create(random)
  const quiet = { changed: () => undefined, progress: () => undefined }
  const client = await Client.load(account.store, account, transport, Date.now, random, quiet)
  await client.join(invitation)
  await client.personCircle()
  await client.sync(3)
  await client.keepSlot()
  account.store.close()
  await enter(account.id)
}

/** A second phone, or a phone that lost its copy. Throws 'bad_code', 'no_such_slot', 'no_answer'. */
export async function openWithRecoveryCode(code: string): Promise<void> {
  const [{ AccountKey }, { Account }, { HttpTransport, ask }] = await Promise.all([
    import('../protocol/invitations.ts'), import('../vault/account.ts'), import('../sync/net.ts'),
  ])
  const accountKey = AccountKey.fromCode(code)
  const answer = await ask(new HttpTransport(location.origin), 'POST', '/v1/slot', { lookup: await accountKey.lookup() }, null)
  const slot = answer['slot']
  if (typeof slot !== 'string') throw new EnidError('server_fault', 'the answer has not the right shape')
  const account: Account = await Account.reopen(accountKey, unb64(slot), random)
  account.store.close()
  await enter(account.id)
}

/** Opens as somebody of the demo server. */
export async function openDemo(person: DemoPerson): Promise<void> {
  await openWithRecoveryCode(person.code)
}

/** Asks whether this server has a demo, and who is in it. Any failure means that there is none. */
export async function lookForDemo(): Promise<void> {
  const answer = await fetch('/demo/people.json').catch(() => null)
  const json: unknown = answer?.ok ? await answer.json().catch(() => null) : null
  if (Array.isArray(json)) facts.people.value = json.filter(isPerson)
}

function isPerson(value: unknown): value is DemoPerson {
  const { name, role, code } = (value ?? {}) as Record<string, unknown>
  return typeof name === 'string' && typeof role === 'string' && typeof code === 'string'
}

/** Whether each group of a typed code fits its check character (PROTOCOL 3.4). */
export async function goodGroups(groups: readonly string[]): Promise<readonly boolean[]> {
  return groups.map((group, place) => groupFits(place, group))
}

// -- locking and leaving ----------------------------------------------------------------

/** Leaves the account on this phone. Blocks with 'unsent' while something is not sent. */
export async function signOut({ force = false }: { force?: boolean } = {}): Promise<void> {
  const phone = thePhone()
  if (phone) {
    if (!force && facts.world.value.outbox.length > 0) throw EnidError.told('unsent', 'after_user')
    const { id } = phone
    const client = await (await phone.loop()).client().catch(() => null)
    await client?.signOut().catch(() => undefined) // the phone is left behind even without a network
    await leave('gone')
    await wipe(id)
    forgetAccount(id)
  }
  batch(() => {
    facts.world.value = emptyWorld
    facts.madeUp.value = false
    facts.vault.value = 'empty'
  })
}

/** Closes the vault until the recovery code opens it. Throws 'declined' while that code was not saved. */
export async function lockNow(): Promise<void> {
  const phone = thePhone()
  if (!phone) {
    facts.vault.value = 'locked'
    return
  }
  const { lock } = await import('../vault/account.ts')
  await lock(phone.store)
  await leave('locked')
  facts.vault.value = 'locked'
}

/** Opens a locked phone; needs no network. Throws 'bad_code', 'unopened'. */
export async function unlock(recoveryCode: string): Promise<void> {
  const account = lastAccount()
  if (account === null || facts.madeUp.value) {
    facts.vault.value = 'open'
    return
  }
  const [{ AccountKey }, vault, { Store }] = await Promise.all([
    import('../protocol/invitations.ts'), import('../vault/account.ts'), import('../storage/db.ts'),
  ])
  const store = await Store.open(account)
  try {
    await vault.unlock(store, AccountKey.fromCode(recoveryCode))
  } finally {
    store.close()
  }
  await start()
  await settle()
}

// -- copies and the kit -----------------------------------------------------------------

/** A sealed copy of everything here; it opens with the recovery code alone. */
export async function exportCopy(): Promise<Blob> {
  const phone = thePhone()
  if (!phone) throw new EnidError('no_account')
  const { makeCopy } = await import('../vault/copy.ts')
  return makeCopy(phone.store, phone.vault, phone.id)
}

/** Brings a copy back. Throws 'bad_request', 'bad_code', 'unopened', 'declined'. */
export async function importCopy(file: Blob, recoveryCode: string): Promise<void> {
  const [{ bringBack }, { AccountKey }] = await Promise.all([import('../vault/copy.ts'), import('../protocol/invitations.ts')])
  await enter(await bringBack(file, AccountKey.fromCode(recoveryCode)))
}

/** The recovery code, for the kit. Throws 'no_account' once the kit is saved: it is nowhere on this phone then. */
export async function recoveryCode(): Promise<string> {
  const phone = thePhone()
  const code = phone ? await (await phone.account()).recoveryCode() : null
  if (code === null) throw new EnidError('no_account')
  return code
}

/** Whether the recovery code was saved: private notes wait for that. */
export async function isKitSaved(): Promise<boolean> {
  const phone = thePhone()
  return phone ? (await (await phone.account()).recoveryCode()) === null : true
}

/** The kit is in its owner's hands. */
export async function kitSaved(): Promise<void> {
  const phone = thePhone()
  if (!phone) return
  await (await phone.account()).kitSaved()
  await act(setSetting(facts.world.value, pen(), 'kit', 'saved'))
}
