/**
 * What is being typed in one opening of a note. It is handed over after each pause, and at the
 * latest a second after the first letter that was not; whoever leaves hands over the rest (`flush`).
 * Knows nothing of notes: what handing over means is the caller's `keep`.
 */

import { signal, type ReadonlySignal } from '@preact/signals'

/** How long nothing is typed before it is handed over, and how long at most. Milliseconds. */
export const PAUSE_MS = 400
export const LONGEST_MS = 1000

export interface Typed {
  readonly title: string
  readonly text: string
}

export interface Draft {
  /** What stands on the screen. */
  readonly typed: ReadonlySignal<Typed>
  /** Some of it was not handed over yet. */
  readonly dirty: ReadonlySignal<boolean>
  /** What was last handed over, or opened: a note that says something else was changed elsewhere. */
  readonly handed: () => Typed
  type(change: Partial<Typed>): void
  /** Hands over at once what was not yet; `keep` is called before this returns. */
  flush(): Promise<void>
  /** Hands over what stands on the screen though it was before: it was deleted elsewhere. */
  again(): Promise<void>
}

/** A draft on what was opened. */
export function draftOf(opened: Typed, keep: (typed: Typed) => Promise<unknown>, now = Date.now): Draft {
  const typed = signal(opened)
  const dirty = signal(false)
  let handed = opened
  let since = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    if (!dirty.value) return
    if (same(typed.value, handed)) dirty.value = false
    else await again()
  }

  function type(change: Partial<Typed>): void {
    typed.value = { ...typed.value, ...change }
    if (!dirty.value) since = now()
    dirty.value = true
    clearTimeout(timer)
    timer = setTimeout(() => void flush(), Math.max(0, Math.min(PAUSE_MS, since + LONGEST_MS - now())))
  }

  async function again(): Promise<void> {
    clearTimeout(timer)
    dirty.value = false
    handed = typed.value
    await keep(handed)
  }

  return { typed, dirty, handed: () => handed, type, flush, again }
}

function same(a: Typed, b: Typed): boolean {
  return a.title === b.title && a.text === b.text
}
