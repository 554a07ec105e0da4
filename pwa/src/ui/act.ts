/**
 * The only way to write. Rows stand in the outbox as 'writing' at once and as 'saved' after their
 * transaction has completed; what could not be kept stays as 'unsaved', with its value.
 *
 * Also the only way in and out: join, open, lock, sign out, copy. The account on this phone lives in
 * `phone.ts`; the made-up group lives in this page alone.
 */

import { batch } from '@preact/signals'
import type * as MadeUp from '../domain/madeup.ts'
import { setSetting } from '../domain/settings.ts'
import type { Act } from '../domain/views.ts'
import { groupFits, unb64, type Id } from '../protocol/encoding.ts'
import { EnidError } from '../protocol/errors.ts'
import type { Pen, Pending } from '../protocol/local.ts'
import { wipe } from '../storage/db.ts'
import type { Account } from '../vault/account.ts'
import { chooseAccount, forgetAccount, lastAccount, Phone, random } from './phone.ts'
import { emptyWorld, facts, type DemoPerson } from './truth.ts'

/** What a person reads as a sentence: `words` has one for every code. */
export { EnidError as Refused }

let phone: Phone | null = null
/** The made-up group comes when it is asked for. */
let made: typeof MadeUp | null = null

// -- writing ----------------------------------------------------------------------------

/** Hands an act over; the answer comes when it is durable here, or is not. */
export async function act(intents: Act): Promise<'saved' | 'unsaved'> {
  return phone ? phone.act(intents) : actMadeUp(intents)
}

/** Writes a row again that could not be kept, or sends one again that was refused. */
export async function retry(row: number): Promise<'saved' | 'unsaved'> {
  return phone ? phone.retry(row) : 'saved'
}

/** Takes a row out of the outbox, with what it says: only ever at a person's word. */
export async function discard(row: number): Promise<void> {
  if (phone) return phone.discard(row)
  facts.world.value = { ...facts.world.value, outbox: facts.world.value.outbox.filter((p) => p.n !== row) }
}

/** Where acts get moments, random names and the names on which phones meet. */
export function pen(): Pen {
  if (phone) return phone.pen()
  if (!made) throw new EnidError('no_account')
  return made.madeUpPen(facts.world.value, Date.now())
}

/** Asks the server now. Nothing leaves a made-up group. */
export async function syncNow(): Promise<void> {
  await phone?.syncNow()
}

let written = 0

async function actMadeUp(intents: Act): Promise<'saved'> {
  const rows: readonly Pending[] = intents.map((intent) => ({
    n: --written, state: 'writing', space: pen().spaceId(intent.space), rule: intent.rule, rec: intent.rec,
    content: intent.content, base: intent.base, editor: intent.editor, code: null, at: Date.now(),
  }))
  const { world } = facts
  world.value = { ...world.value, outbox: [...world.value.outbox, ...rows] }
  await new Promise((done) => setTimeout(done))
  const saved = new Set(rows.map((row) => row.n))
  world.value = {
    ...world.value,
    outbox: world.value.outbox.map((row) => (saved.has(row.n) ? { ...row, n: -row.n, state: 'saved' } : row)),
  }
  return 'saved'
}

// -- starting ---------------------------------------------------------------------------

/** Opens what this phone holds; call once, before the first paint. */
export async function start(): Promise<void> {
  const account = lastAccount()
  if (account === null) return
  const opened = await Phone.open(account)
  if (opened === 'empty') return forgetAccount(account)
  if (opened === 'locked') facts.vault.value = 'locked'
  else phone = opened
}

/** What can wait until the first paint. */
export async function settle(): Promise<void> {
  await phone?.settle()
}

/** The page is hidden, or seen again, or has a network again. */
export function wake(reason: 'visible' | 'online' | 'hidden'): void {
  if (reason === 'hidden') phone?.rest()
  else phone?.wake(reason)
}

async function enter(account: Id): Promise<void> {
  await phone?.close()
  chooseAccount(account)
  facts.madeUp.value = false
  phone = null
  await start()
  await settle()
}

/** The made-up group, seen as a member or as a leader. */
export async function startMadeUp(role: 'member' | 'leader'): Promise<void> {
  await phone?.close()
  phone = null
  made = await import('../domain/madeup.ts')
  const world = made.madeUpWorld(Date.now(), role)
  batch(() => {
    facts.world.value = world
    facts.madeUp.value = true
    facts.whole.value = true
    facts.vault.value = 'open'
  })
}

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
  const account = phone ? await phone.account() : await Account.create(random)
  const client = await Client.load(account.store, account, transport, Date.now, random, { changed: () => undefined, progress: () => undefined })
  await client.join(invitation)
  await client.personCircle()
  await client.sync(3)
  await client.keepSlot()
  if (phone) {
    await phone.syncNow()
    return
  }
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
  if (phone) {
    if (!force && facts.world.value.outbox.length > 0) throw EnidError.told('unsent', 'after_user')
    const { id } = phone
    const client = await (await phone.loop()).client().catch(() => null)
    await client?.signOut().catch(() => undefined) // the phone is left behind even without a network
    await phone.close('gone')
    phone = null
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
  if (!phone) {
    facts.vault.value = 'locked'
    return
  }
  const { lock } = await import('../vault/account.ts')
  await lock(phone.store)
  await phone.close('locked')
  phone = null
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
  const code = phone ? await (await phone.account()).recoveryCode() : null
  if (code === null) throw new EnidError('no_account')
  return code
}

/** Whether the recovery code was saved: private notes wait for that. */
export async function isKitSaved(): Promise<boolean> {
  return phone ? (await (await phone.account()).recoveryCode()) === null : true
}

/** The kit is in its owner's hands. */
export async function kitSaved(): Promise<void> {
  if (!phone) return
  await (await phone.account()).kitSaved()
  await act(setSetting(facts.world.value, pen(), 'kit', 'saved'))
}

// -- the app itself -----------------------------------------------------------------------

let updater: (() => Promise<boolean>) | null = null

/** Who knows how to put a new version in place; told once at the start. */
export function setUpdater(apply: () => Promise<boolean>): void {
  updater = apply
}

/** The new version takes over; the page starts again. */
export function applyUpdate(): void {
  void updater?.()
}

/** Asks the browser to keep what is here. */
export async function askPersist(): Promise<void> {
  facts.persisted.value = (await navigator.storage?.persist?.()) ?? false
}
