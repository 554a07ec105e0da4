/** The made-up group: a world of this page alone. Nothing of it is stored, and nothing is sent. */

import { batch } from '@preact/signals'
import { madeUpPen, madeUpWorld } from '../domain/madeup.ts'
import type { Act } from '../domain/views.ts'
import type { Pen, Pending } from '../protocol/local.ts'
import { facts } from './truth.ts'

/** Shows it, seen as a member or as a leader. */
export function begin(role: 'member' | 'leader'): void {
  const world = madeUpWorld(Date.now(), role)
  batch(() => {
    facts.world.value = world
    facts.madeUp.value = true
    facts.whole.value = true
    facts.vault.value = 'open'
  })
}

export function pen(): Pen {
  return madeUpPen(facts.world.value, Date.now())
}

let written = 0

/** Rows are written and saved as on a real phone, but for the storage. */
export async function act(intents: Act): Promise<'saved'> {
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
