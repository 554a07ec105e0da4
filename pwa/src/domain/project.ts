/**
 * Records as people see them: the heads of each joined into one, with the outbox on top
 * (PROTOCOL 14.3, 14.4). The twin of `Outbox.overlay` and `sync/desk/items.py`.
 *
 * Two people who changed one record apart from each other have left two heads. Where they changed
 * different fields, both changes stand; where they changed the same one, both values are shown, and
 * a newer version that names both heads settles it. What was asked for once of one space is
 * remembered until that space or its part of the outbox is another. Leaves the joining of sheets
 * and notes to `sheets.ts` and `note.ts`, and judging who may write what to the floors below.
 */

import { byBytes } from '../protocol/encoding.ts'
import { ruleOf, ZERO16 } from '../protocol/kinds.ts'
import { localName } from '../protocol/local.ts'
import type {
  Content, Id, Opened, Pending, RuleName, SpaceName, SpaceRef, SpaceState, World,
} from '../protocol/local.ts'
import type { Fields, TypeName } from './fields.ts'

/** One record. */
export interface Item<T extends TypeName = TypeName> {
  readonly rec: Id
  /** Who wrote its newest heads; the first, when several did. */
  readonly account: Id
  readonly type: T
  readonly fields: Fields[T]
  /** Its heads: what a next version is written on. */
  readonly base: readonly Id[]
  /** For each field that heads disagree about, all its values; `undefined` where one has none. */
  readonly differ: Readonly<Record<string, readonly unknown[]>>
  /** Something of it is not sent yet. */
  readonly pending: boolean
}

/** A version that nothing replaces; one that is not in the verified log carries its outbox row. */
export interface Head extends Opened {
  readonly pending?: Pending
}

/** The heads of each record of one space, by `recordKey`. */
export type Heads = ReadonlyMap<string, readonly Head[]>

/** The subject of spaces that are not about one person. */
export const NOBODY: Id = ZERO16

// -- finding spaces -------------------------------------------------------------------

const indexes = new WeakMap<World['spaces'], ReadonlyMap<string, readonly SpaceState[]>>()

/** All spaces of a kind that this phone holds of a circle: many threads, one of any other. */
export function spacesOf(world: World, circle: Id, kind: SpaceName): readonly SpaceState[] {
  let index = indexes.get(world.spaces)
  if (!index) {
    index = Map.groupBy(world.spaces.values(), (space) => `${space.circle} ${space.kind}`)
    indexes.set(world.spaces, index)
  }
  return index.get(`${circle} ${kind}`) ?? []
}

/** A space, when this phone holds it. */
export function spaceOf(world: World, space: SpaceRef): SpaceState | null {
  const found = spacesOf(world, space.circle, space.kind)
  return found.find((one) => one.subject === space.subject) ?? null
}

/** The name of a circle's space; of a thread by its person. */
export function spaceIn(circle: Id, kind: SpaceName, subject: Id = NOBODY): SpaceRef {
  return { circle, kind, subject }
}

// -- folding --------------------------------------------------------------------------

interface Shown {
  readonly rows: readonly Pending[]
  readonly seen: World['seen']
  readonly heads: Heads
  readonly items: Map<TypeName, readonly Item[]>
}

const verified = new WeakMap<SpaceState, Heads>()
const shown = new WeakMap<SpaceState, Shown>()
const joinedHeads = new WeakMap<readonly Head[], Item>()
const outboxes = new WeakMap<World['outbox'], ReadonlyMap<Id, readonly Pending[]>>()
const NO_HEADS: Heads = new Map()

/** The name of a record in its space, so that nobody can squat another's (PROTOCOL 5.3). */
export function recordKey(rule: RuleName, account: Id, rec: Id): string {
  return `${ruleOf(rule)}${rule === 'own' ? account : ZERO16}${rec}`
}

/** All records of a type in a space, in the order of their names; none when it is not held. */
export function records<T extends TypeName>(
  world: World, space: SpaceRef, type: T,
): readonly Item<T>[] {
  const held = spaceOf(world, space)
  if (!held) return []
  const now = show(world, held)
  let items = now.items.get(type)
  if (!items) {
    items = [...now.heads]
      .filter(([, heads]) => heads.some((head) => isOf(head, type)))
      .sort(([a], [b]) => byBytes(a, b))
      .map(([, heads]) => itemOf(world, held, heads, type))
    now.items.set(type, items)
  }
  return items as readonly Item<T>[]
}

/** One of this account's own records. */
export function ownRecord<T extends TypeName>(
  world: World, space: SpaceRef, type: T, rec: Id,
): Item<T> | null {
  const found = records(world, space, type)
  return found.find((item) => item.rec === rec && item.account === world.account) ?? null
}

/** The heads of all records of a space, intents on top; none when it is not held. */
export function headsOf(world: World, space: SpaceRef): Heads {
  const held = spaceOf(world, space)
  return held ? show(world, held).heads : NO_HEADS
}

/** Whether a version holds a record of this type. */
export function isOf(head: Opened, type: TypeName): boolean {
  return !head.unknown && head.content?.t === type
}

/** The acts in the outbox, in the order in which they were done. */
export function rowsOf(world: World, space: Id): readonly Pending[] {
  let bySpace = outboxes.get(world.outbox)
  if (!bySpace) {
    const places = placesOf(world.outbox)
    const inOrder = world.outbox.toSorted((a, b) => places.get(a)! - places.get(b)! || b.n - a.n)
    bySpace = Map.groupBy(inOrder, (row) => row.space)
    outboxes.set(world.outbox, bySpace)
  }
  return bySpace.get(space) ?? []
}

/**
 * A row that is not kept yet has no place. It is newer than all that have one, except those that
 * were written on it: it could not be kept, and its owner went on.
 */
function placesOf(outbox: readonly Pending[]): ReadonlyMap<Pending, number> {
  const places = new Map(outbox.map((row) => [row, row.n < 0 ? Number.MAX_SAFE_INTEGER : row.n]))
  for (const row of outbox.filter((one) => one.n < 0).sort((a, b) => a.n - b.n)) {
    const later = outbox.filter((one) => one.base.includes(localName(row.n)))
    places.set(row, Math.min(places.get(row)!, ...later.map((one) => places.get(one)! - 0.5)))
  }
  return places
}

/** Whether what could not be kept is in a newer act of the same editor that was. */
export function isOvertaken(world: World, row: Pending): boolean {
  return row.state === 'unsaved' && world.outbox.some((one) => one.n > 0
    && one.editor === row.editor && one.rec === row.rec && one.base.includes(localName(row.n)))
}

function show(world: World, held: SpaceState): Shown {
  const rows = rowsOf(world, held.id)
  const known = shown.get(held)
  const same = known && known.rows.length === rows.length
    && rows.every((row, place) => row === known.rows[place])
    && (rows.length === 0 || known.seen === world.seen)
  if (same) return known
  const below = foldVerified(held)
  const heads = rows.length ? overlay(world, below, rows) : below
  const made: Shown = { rows, seen: world.seen, heads, items: new Map() }
  shown.set(held, made)
  return made
}

function foldVerified(held: SpaceState): Heads {
  let heads = verified.get(held)
  if (!heads) {
    const live = held.versions.filter((version) => version.live)
    heads = Map.groupBy(live, (head) => recordKey(head.rule, head.account, head.rec))
    verified.set(held, heads)
  }
  return heads
}

function overlay(world: World, below: Heads, rows: readonly Pending[]): Heads {
  const heads = new Map(below)
  for (const [place, row] of rows.entries()) {
    const parents = parentsOf(world, row, rows.slice(0, place))
    const key = recordKey(row.rule, world.account, row.rec)
    const kept = (heads.get(key) ?? []).filter((head) => !parents.includes(head.id))
    heads.set(key, [...kept, {
      id: localName(row.n), account: world.account, rule: row.rule, rec: row.rec, parents,
      content: row.content, unknown: false, live: true, pending: row,
    }])
  }
  return heads
}

/** What the editor was opened on, and its own version before this one. */
function parentsOf(world: World, row: Pending, before: readonly Pending[]): Id[] {
  const own = editorOf(row) && before.findLast((one) => editorOf(one) === row.editor)
  const named = [own ? localName(own.n) : row.editor, ...row.base]
  return [...new Set(named.map((name) => seenAs(world, name)))]
}

/** A refused act waits for its owner: nothing newer of its editor follows it (PROTOCOL 14.3). */
function editorOf(row: Pending): Id | null {
  return row.state === 'refused' ? null : row.editor || null
}

function seenAs(world: World, name: Id): Id {
  let found = name
  for (let next = world.seen.get(found); next; next = world.seen.get(found)) found = next
  return found
}

// -- joining --------------------------------------------------------------------------

function itemOf(
  world: World, held: SpaceState, heads: readonly Head[], type: TypeName,
): Item {
  const known = joinedHeads.get(heads)
  if (known?.type === type) return known
  // The first stands among the fields meanwhile: every phone must take the same one.
  const mine = heads.filter((head) => isOf(head, type))
    .sort((a, b) => byBytes(a.account, b.account) || byBytes(a.id, b.id))
  const sides = mine.map((head) => fieldsOf(head.content!))
  const base = sides.length > 1 ? baseOf(world, held, heads) : null
  const first = mine[0]!
  const made = {
    rec: first.rec, account: first.account, type, ...join(base && fieldsOf(base), sides),
    base: heads.filter((head) => head.content === null || mine.includes(head)).map((head) => head.id),
    pending: heads.some((head) => head.pending !== undefined),
  } as unknown as Item
  joinedHeads.set(heads, made)
  return made
}

/** The content of the one version that all heads of a record come from, if it is held. */
export function baseOf(world: World, held: SpaceState, heads: readonly Head[]): Content | null {
  const versions = byId(held)
  const written = new Map(heads.map((head) => [head.id, head.parents]))
  const rows = rowsOf(world, held.id)
  for (const [place, row] of rows.entries()) {
    written.set(localName(row.n), parentsOf(world, row, rows.slice(0, place)))
  }
  const ancestors = (id: Id): Set<Id> => {
    const found = new Set<Id>()
    const ahead = [id]
    for (let one = ahead.pop(); one !== undefined; one = ahead.pop()) {
      for (const parent of written.get(one) ?? versions.get(one)?.parents ?? []) {
        if (!found.has(parent)) ahead.push(parent)
        found.add(parent)
      }
    }
    return found
  }
  const lines = heads.map((head) => ancestors(head.id))
  const shared = lines.reduce((all, line) => all.intersection(line))
  const older = new Set([...shared].flatMap((id) => [...ancestors(id)]))
  const [nearest, ...others] = shared.difference(older)
  const version = nearest !== undefined && !others.length ? versions.get(nearest) : undefined
  return version && !version.unknown ? version.content : null
}

const byIds = new WeakMap<SpaceState, ReadonlyMap<Id, Opened>>()

function byId(held: SpaceState): ReadonlyMap<Id, Opened> {
  let found = byIds.get(held)
  if (!found) {
    found = new Map(held.versions.map((version) => [version.id, version]))
    byIds.set(held, found)
  }
  return found
}

type Side = Readonly<Record<string, unknown>>

function fieldsOf(content: Content): Side {
  const { t: _type, v: _version, ...fields } = content
  return fields
}

/**
 * Join versions of one record field by field.
 *
 * `base` is what all of them were made from, `null` when it is not held; `sides` stand in an order
 * that every device shares. Gives the fields, and all values of each field on which sides disagree.
 */
export function join(
  base: Side | null, sides: readonly Side[],
): { fields: Side; differ: Record<string, readonly unknown[]> } {
  const fields: Record<string, unknown> = {}
  const differ: Record<string, readonly unknown[]> = {}
  for (const name of new Set(sides.flatMap(Object.keys))) {
    const standing = standingOf(base, sides, name)
    const values = name === 'changes' && standing.length > 1 ? [toldOnce(standing)] : standing
    if (values.length > 1) differ[name] = values
    if (values[0] !== undefined) fields[name] = values[0]
  }
  return { fields, differ }
}

function standingOf(base: Side | null, sides: readonly Side[], name: string): unknown[] {
  const values = distinct(sides.map((side) => side[name]))
  if (base === null || values.length === 1) return values
  return values.filter((value) => !same(value, base[name]))
}

/** The changes of a session that two people told apart from each other. */
function toldOnce(values: readonly unknown[]): unknown[] {
  const told = distinct(values.flatMap((rows) => rows ?? [])) as { at: string; what: string }[]
  const text = (row: { at: string; what: string }) => `${row.at} ${row.what}`
  return told.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0))
}

function distinct(values: readonly unknown[]): unknown[] {
  return values.filter((value, place) => values.findIndex((other) => same(other, value)) === place)
}

/** Whether two values of JSON are equal. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length
    && names.every((name) => Object.hasOwn(b, name)
      && same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]))
}
