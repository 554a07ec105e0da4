/**
 * What only its owner reads besides notes: settings, and what was seen. The twin of
 * `sync/desk/personal.py`. Theme, language and text size stand in `localStorage` as well, for the
 * time before any key is open; that copy is the screens' business.
 */

import type { Id, Pen, SpaceRef, World } from '../protocol/local.ts'
import { circlesOf } from './people.ts'
import { ownRecord, records, spaceIn, type Item } from './project.ts'
import type { Act } from './views.ts'
import { intent } from './write.ts'

/** Settings by name; every value is a string, and what was never set is absent. */
export interface Settings {
  readonly lang?: string
  readonly theme?: string
  readonly text?: string
  /** The order of a register: 'name' or 'seat'. */
  readonly order?: string
  readonly [name: string]: string | undefined
}

const SEEN = 'seen:'
/** A settings record holds 200 (PROTOCOL 9); what was seen long ago makes room. */
const SEEN_MAX = 120

/** The space that nobody else reads; `null` before it was begun. */
export function personalSpace(world: World): SpaceRef | null {
  const [circle] = circlesOf(world, 'person')
  return circle ? spaceIn(circle.id, 'personal') : null
}

const joined = new WeakMap<readonly Item<'settings'>[], Settings>()

/** All settings of this account. */
export function settings(world: World): Settings {
  const space = personalSpace(world)
  if (!space) return {}
  const found = records(world, space, 'settings')
  let made = joined.get(found)
  if (!made) joined.set(found, (made = Object.assign({}, ...found.map(valuesOf)) as Settings))
  return made
}

/**
 * Keep one setting; nothing is written when it is so already. Two phones that set different things
 * apart have both set them; of the same thing, the one that all phones take first stands.
 */
export function setSetting(world: World, pen: Pen, name: string, value: string): Act {
  const space = personalSpace(world)
  if (!space) return []
  const rec = pen.ownRec('settings')
  const old = ownRecord(world, space, 'settings', rec)
  const values: Record<string, string> = old ? valuesOf(old) : {}
  if (values[name] === value && !old?.differ['values']) return []
  const content = { t: 'settings', v: 1, values: trimmed({ ...values, [name]: value }) }
  return [intent(pen, space, 'own', rec, content, old?.base)]
}

function valuesOf(item: Item<'settings'>): Record<string, string> {
  const sides = (item.differ['values'] ?? [item.fields.values]) as Readonly<Record<string, string>>[]
  const values: Record<string, string> = {}
  for (const side of sides) {
    for (const [name, value] of Object.entries(side)) {
      const known = values[name]
      if (known === undefined || (name.startsWith(SEEN) && value > known)) values[name] = value
    }
  }
  return values
}

function trimmed(values: Record<string, string>): Record<string, string> {
  const seen = Object.keys(values).filter((name) => name.startsWith(SEEN))
  seen.sort((a, b) => (values[a]! < values[b]! ? 1 : -1))
  const gone = new Set(seen.slice(SEEN_MAX))
  return Object.fromEntries(Object.entries(values).filter(([name]) => !gone.has(name)))
}

// -- what was seen --------------------------------------------------------------------

/** Whether a moment of a record, as it stands there, is newer than what this person has seen. */
export function isNew(world: World, rec: Id, at: string): boolean {
  return spelled(at) > (settings(world)[SEEN + rec] ?? '')
}

/** Remember that a record was seen up to a moment. */
export function see(world: World, pen: Pen, rec: Id, at: string): Act {
  return isNew(world, rec, at) ? setSetting(world, pen, SEEN + rec, spelled(at)) : []
}

/** A moment as Python spells it in these settings; both clients compare the strings. */
function spelled(at: string): string {
  return at.replace('Z', '+00:00')
}
