/** What this phone keeps and does not show, and why (PROTOCOL 9.1, 14.4). */

import type { World } from '../../protocol/local.ts'

/** Codes that mean: the key has not come yet. */
const WAITING: readonly string[] = ['no_key', 'not_seated', 'unknown_epoch', 'unproven_epoch', 'unknown_author', 'unknown_parent', 'unknown_change']
/** Codes that mean: this app is too old. */
const NEWER = 'upgrade_required'

export interface Skipped {
  readonly newer: number
  readonly waiting: number
  readonly faulty: number
  readonly codes: readonly (readonly [code: string, n: number])[]
}

/** Counts over all spaces. */
export function skipped(world: World): Skipped {
  const byCode = new Map<string, number>()
  let newer = 0
  for (const space of world.spaces.values()) {
    newer += space.versions.filter((version) => version.unknown && version.live).length
    for (const [code, n] of Object.entries(space.skipped)) byCode.set(code, (byCode.get(code) ?? 0) + n)
  }
  const sum = (counts: (code: string) => boolean): number =>
    [...byCode].reduce((all, [code, n]) => (counts(code) ? all + n : all), 0)
  const isWaiting = (code: string): boolean => WAITING.includes(code)
  return {
    newer: newer + sum((code) => code === NEWER),
    waiting: sum(isWaiting),
    faulty: sum((code) => code !== NEWER && !isWaiting(code)),
    codes: [...byCode].filter(([, n]) => n > 0),
  }
}
