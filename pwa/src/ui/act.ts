/**
 * The only way to write. Rows stand in the outbox as 'writing' at once and as 'saved' after their
 * transaction has completed; what could not be kept stays as 'unsaved', with its value.
 *
 * The account on this phone lives in `phone.ts`; the made-up group lives in this page alone. The way in
 * and out is `door.ts`.
 */

import type * as MadeUp from './made-up.ts'
import type { Act } from '../domain/views.ts'
import type { Id } from '../protocol/encoding.ts'
import { EnidError } from '../protocol/errors.ts'
import type { Pen } from '../protocol/local.ts'
import { chooseAccount, forgetAccount, lastAccount, Phone } from './phone.ts'
import { facts } from './truth.ts'

/** What a person reads as a sentence: `words` has one for every code. */
export { EnidError as Refused }

let phone: Phone | null = null
/** The made-up group comes when it is asked for. */
let made: typeof MadeUp | null = null

// -- writing ----------------------------------------------------------------------------

/** Hands an act over; the answer comes when it is durable here, or is not. */
export async function act(intents: Act): Promise<'saved' | 'unsaved'> {
  return phone ? phone.act(intents) : made ? made.act(intents) : 'unsaved'
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
  return made.pen()
}

/** Asks the server now. Nothing leaves a made-up group. */
export async function syncNow(): Promise<void> {
  await phone?.syncNow()
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

/** The account on this phone; `null` at the door and in the made-up group. */
export function thePhone(): Phone | null {
  return phone
}

/** Stops what this phone shows, so that it can be locked or taken away. */
export async function leave(news: 'gone' | 'locked'): Promise<void> {
  await phone?.close(news)
  phone = null
}

/** Makes an account this tab's, and opens it. */
export async function enter(account: Id): Promise<void> {
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
  made = await import('./made-up.ts')
  made.begin(role)
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
