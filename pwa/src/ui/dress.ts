/**
 * Theme and text size. `localStorage` holds exactly {lang, theme, text, account}: what the first
 * paint needs before any key is open. The account's settings carry a choice to its other phones.
 */

import { effect } from '@preact/signals'
import { settings } from '../domain/settings.ts'
import { world } from './truth.ts'

/** What can be chosen; the first is how it is when nothing was. */
export const looks = {
  theme: ['phone', 'light', 'dark'],
  text: ['usual', 'large', 'larger', 'largest'],
} as const

export type LookName = keyof typeof looks
export type Look<N extends LookName> = (typeof looks)[N][number]

const names = Object.keys(looks) as LookName[]

/** Wears what this phone remembers, before the first paint, so that no theme flashes. */
export function dress(): void {
  for (const name of names) put(name, stored(name))
}

/** What is worn now. */
export function worn<N extends LookName>(name: N): Look<N> {
  const known: readonly string[] = looks[name]
  const value = document.documentElement.dataset[name]
  return (value !== undefined && known.includes(value) ? value : known[0]) as Look<N>
}

/** Wears it at once and remembers it here; false when this browser remembers nothing. */
export function wear<N extends LookName>(name: N, value: Look<N>): boolean {
  put(name, value)
  try {
    if (value === looks[name][0]) localStorage.removeItem(name)
    else localStorage.setItem(name, value)
    return true
  } catch {
    return false
  }
}

/** What another phone of this account chose is worn here as well, as soon as it is known; call once. */
export function followSettings(): void {
  effect(() => {
    const chosen = settings(world.value)
    for (const name of names) {
      const value = looks[name].find((known) => known === chosen[name])
      if (value !== undefined && value !== worn(name)) wear(name, value)
    }
  })
}

function put(name: LookName, value: string | null): void {
  const { dataset } = document.documentElement
  if (value === null || value === looks[name][0]) delete dataset[name]
  else dataset[name] = value
}

function stored(name: LookName): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}
