/**
 * The only way to write. Rows stand in the outbox as 'writing' at once and as 'saved' after their
 * transaction has completed; what could not be kept stays as 'unsaved', with its value.
 *
 * First version: the made-up group is the only source, and it lives in this page.
 */

import { batch } from '@preact/signals'
import type * as MadeUp from '../domain/madeup.ts'
import type { Act } from '../domain/views.ts'
import type { Pen, Pending } from '../protocol/local.ts'
import { emptyWorld, facts, type DemoPerson } from './truth.ts'

/** What a person reads as a sentence: `words` has one for every code. */
export class Refused extends Error {
  readonly code: string
  readonly detail: string
  constructor(code: string, detail = code) {
    super(detail)
    this.code = code
    this.detail = detail
  }
}

/** The made-up group comes when it is asked for. */
let made: typeof MadeUp | null = null
let n = 0

/** Hands an act over; the answer comes when it is durable here, or is not. */
export async function act(intents: Act): Promise<'saved' | 'unsaved'> {
  const rows: readonly Pending[] = intents.map((intent) => ({
    n: --n, state: 'writing', space: pen().spaceId(intent.space), rule: intent.rule, rec: intent.rec,
    content: intent.content, base: intent.base, editor: intent.editor, code: null, at: Date.now(),
  }))
  const world = facts.world
  world.value = { ...world.value, outbox: [...world.value.outbox, ...rows] }
  await new Promise((done) => setTimeout(done))
  const saved = new Set(rows.map((row) => row.n))
  world.value = {
    ...world.value,
    outbox: world.value.outbox.map((row) => (saved.has(row.n) ? { ...row, n: -row.n, state: 'saved' } : row)),
  }
  return 'saved'
}

/** Writes a row that stands as 'unsaved' again. */
export async function retry(row: number): Promise<'saved' | 'unsaved'> {
  facts.world.value = {
    ...facts.world.value,
    outbox: facts.world.value.outbox.map((p) => (p.n === row ? { ...p, state: 'saved', code: null } : p)),
  }
  return 'saved'
}

/** Takes a row out of the outbox, with what it says: only ever at a person's word. */
export async function discard(row: number): Promise<void> {
  facts.world.value = { ...facts.world.value, outbox: facts.world.value.outbox.filter((p) => p.n !== row) }
}

/** Where acts get moments, random names and the names on which phones meet. */
export function pen(): Pen {
  if (!made) throw new Refused('no_account')
  return made.madeUpPen(facts.world.value, Date.now())
}

/** Asks the server now. Nothing leaves a made-up group. */
export async function syncNow(): Promise<void> {}

/** The made-up group, seen as a member or as a leader. */
export async function startMadeUp(role: 'member' | 'leader'): Promise<void> {
  made = await import('../domain/madeup.ts')
  const world = made.madeUpWorld(Date.now(), role)
  batch(() => {
    facts.world.value = world
    facts.madeUp.value = true
    facts.vault.value = 'open'
  })
}

/** Leaves the account on this phone. Blocks with 'unsent' while something is not sent. */
export async function signOut({ force = false }: { force?: boolean } = {}): Promise<void> {
  if (!force && !facts.madeUp.value && facts.world.value.outbox.length > 0) throw new Refused('unsent')
  batch(() => {
    facts.world.value = emptyWorld
    facts.madeUp.value = false
    facts.vault.value = 'empty'
  })
}

/** Closes the vault until the recovery code opens it. */
export async function lockNow(): Promise<void> {
  facts.vault.value = 'locked'
}

/** Opens a locked phone. Throws 'bad_code', 'no_such_slot'. */
export async function unlock(_recoveryCode: string): Promise<void> {
  facts.vault.value = 'open'
}

/** A typed invitation. Throws 'bad_code', 'no_such_invite', 'invite_used', 'invite_expired', 'no_answer'. */
export async function joinWithCode(_code: string, _name?: string): Promise<void> {
  throw new Refused('no_answer')
}

/** A second phone, or a phone that lost its copy. Throws 'bad_code', 'no_such_slot', 'no_answer'. */
export async function openWithRecoveryCode(_code: string): Promise<void> {
  throw new Refused('no_answer')
}

/** Opens as somebody of the demo server. */
export async function openDemo(_person: DemoPerson): Promise<void> {
  throw new Refused('no_answer')
}

/** Asks whether this server has a demo, and who is in it. Any failure means that there is none. */
export async function lookForDemo(): Promise<void> {
  const answer = await fetch('/demo/people.json').catch(() => null)
  const people: unknown = answer?.ok ? await answer.json().catch(() => null) : null
  if (Array.isArray(people)) facts.people.value = people.filter(isPerson)
}

function isPerson(value: unknown): value is DemoPerson {
  const { name, role, code } = (value ?? {}) as Record<string, unknown>
  return typeof name === 'string' && typeof role === 'string' && typeof code === 'string'
}

/** Whether each group of a typed code fits its check character (PROTOCOL 3.4). */
export async function goodGroups(groups: readonly string[]): Promise<readonly boolean[]> {
  return Promise.all(groups.map(async (group, i) => {
    const letters = group.replaceAll('O', '0').replaceAll(/[IL]/g, '1')
    const bytes = Uint8Array.of(i, ...new TextEncoder().encode(letters.slice(0, 4)))
    const [first = 0] = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    return alphabet[first >> 3] === letters[4] && [...letters].every((letter) => alphabet.includes(letter))
  }))
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A sealed copy of everything here that is not sent, and of what is needed to read it. */
export async function exportCopy(): Promise<Blob> {
  throw new Refused('no_account')
}

/** Brings a copy back. Throws 'bad_copy', 'bad_code'. */
export async function importCopy(_file: Blob, _recoveryCode: string): Promise<void> {
  throw new Refused('bad_copy')
}

/** The recovery code, shown for the kit; gone from this phone once the kit is saved. */
export async function recoveryCode(): Promise<string> {
  throw new Refused('no_account')
}

/** The kit is in its owner's hands. */
export async function kitSaved(): Promise<void> {}

/** The new version takes over; the page starts again. */
export function applyUpdate(): void {
  location.reload()
}

/** Asks the browser to keep what is here. */
export async function askPersist(): Promise<void> {
  facts.persisted.value = (await navigator.storage?.persist?.()) ?? false
}
