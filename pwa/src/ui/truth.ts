/**
 * What is so, as signals. The only file with writable signals of facts; everything else that a
 * screen shows is computed from these. `act.ts` and the floors below write through `facts`.
 */

import { computed, signal, type ReadonlySignal } from '@preact/signals'
import { status as statusOf } from '../domain/status.ts'
import type { Net, Status } from '../domain/views.ts'
import type { World } from '../protocol/local.ts'

/** What stands between this phone and its words. */
export type Vault = 'empty' | 'open' | 'locked' | 'revoked'

/** A phone that knows nothing yet. */
export const emptyWorld: World = {
  account: '', circles: new Map(), spaces: new Map(), outbox: [], seen: new Map(),
}

/** For `act.ts` and the floors below alone: a screen never writes a fact. */
export const facts = {
  world: signal<World>(emptyWorld),
  net: signal<Net>({ state: 'unknown', lastOkAt: null, clockAhead: null, lastError: null }),
  now: signal(Date.now()),
  vault: signal<Vault>('empty'),
  madeUp: signal(false),
  whole: signal(false),
  progress: signal<{ done: number; of: number } | null>(null),
  persisted: signal<boolean | null>(null),
  update: signal<'none' | 'ready'>('none'),
  /** People of the demo server, where there is one. */
  people: signal<readonly DemoPerson[]>([]),
}

/** Somebody of the demo who opens in one tap. */
export interface DemoPerson {
  readonly name: string
  readonly role: string
  /** The recovery code of somebody who does not exist. */
  readonly code: string
}

export const world: ReadonlySignal<World> = facts.world
export const net: ReadonlySignal<Net> = facts.net
/** Milliseconds; moves once a minute while the page can be seen. */
export const now: ReadonlySignal<number> = facts.now
export const vault: ReadonlySignal<Vault> = facts.vault
/** The made-up group: nothing leaves this phone. */
export const madeUp: ReadonlySignal<boolean> = facts.madeUp
/** Whether all that this phone holds was read: the first paint needs little of it, so notes come after. */
export const whole: ReadonlySignal<boolean> = computed(() => facts.madeUp.value || facts.whole.value)
/** The first sync, as long as it lasts. */
export const progress: ReadonlySignal<{ done: number; of: number } | null> = facts.progress
/** Whether the browser promised to keep what is here; `null` while it was not asked. */
export const persisted: ReadonlySignal<boolean | null> = facts.persisted
export const update: ReadonlySignal<'none' | 'ready'> = facts.update
export const people: ReadonlySignal<readonly DemoPerson[]> = facts.people

/** The phone's own IANA zone. */
export const zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone

/** The one status line (ux 4.2). */
export const status: ReadonlySignal<Status> = computed(() =>
  statusOf(world.value, net.value, now.value, vault.value, madeUp.value))

/** Starts the minute; call once. It stands still while nobody looks. */
export function startClock(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tick = (): void => {
    clearTimeout(timer)
    if (document.hidden) return
    facts.now.value = Date.now()
    timer = setTimeout(tick, 60_000 - (Date.now() % 60_000))
  }
  document.addEventListener('visibilitychange', tick)
  tick()
}
