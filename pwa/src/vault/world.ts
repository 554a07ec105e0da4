/**
 * What this phone holds, opened: the argument of every projection.
 *
 * A start reads few classes of contents and the rest after the first paint. A space that did not
 * change is the same object as before, so that what was computed of it stays.
 */

import { toText, type Bytes } from '../protocol/encoding.ts'
import { parseHeader } from '../protocol/header.ts'
import { ruleName, spaceName, type Rule, type SpaceKind } from '../protocol/kinds.ts'
import type { CircleState, Id, Opened, Pack, Pending, SpaceState, World } from '../protocol/local.ts'
import { PACK, type Store } from '../storage/db.ts'
import type { BodyRow, KeyRow, MetaRow, OutboxRow, SpaceRow } from '../storage/rows.ts'
import type { LocalIntent, Vault } from './vault.ts'

/** Deleted heads, and contents of a kind that this app does not know. */
const ALWAYS = ['~', '*']

/** What Today shows. */
export const FIRST_CLASSES = [
  'session', 'group', 'person', 'programme', 'programme_key', 'apology', 'apology_flag', 'sitting', 'notice', 'rules', 'agreement',
  'settings', ...ALWAYS,
]

/** Everything else that a screen shows. */
export const LATER_CLASSES = ['sheet', 'statement', 'note', 'contact', 'rota']

interface StoredCircle extends CircleState {
  readonly trusted: boolean
}

/** Reads a store again and again, and gives a world each time. */
export class WorldReader {
  readonly account: Id
  readonly #store: Store
  readonly #vault: Vault
  readonly #keys = new Map<string, Promise<CryptoKey | null>>()
  readonly #opened = new Map<string, Opened>()
  readonly #intents = new Map<number, LocalIntent>()
  readonly #spaces = new Map<Id, SpaceState>()
  readonly #packs = new Map<string, [Id, Pack]>()
  #classes: readonly string[] = []

  constructor(account: Id, store: Store, vault: Vault) {
    this.account = account
    this.#store = store
    this.#vault = vault
  }

  /** Read everything of some classes: all of them from now on. */
  async load(classes: readonly string[]): Promise<World> {
    this.#classes = [...new Set([...this.#classes, ...classes])]
    this.#spaces.clear()
    return this.#world()
  }

  /** Read again what is said to have changed. */
  async refresh(changed: Iterable<Id>): Promise<World> {
    for (const space of changed) this.#spaces.delete(space)
    return this.#world()
  }

  async #world(): Promise<World> {
    const isNew = (space: SpaceRow): boolean => !this.#spaces.has(space.id)
    const { spaces, circles, keys, seen, outbox, bodies, packs } = await this.#store.launch(this.#classes, isNew)
    const states = (circles.map((row) => row.state) as StoredCircle[]).filter((circle) => circle.trusted)
    const trusted = new Map(states.map((circle) => [circle.id, circle]))
    const bySpace = Map.groupBy(bodies, (row) => row.space)
    const keysBySpace = Map.groupBy(keys, (row) => row.space)
    await Promise.all(spaces.map(async (row) => {
      if (this.#spaces.has(row.id) || !trusted.has(row.circle)) return
      this.#spaces.set(row.id, await this.#space(row, bySpace.get(row.id) ?? [], keysBySpace.get(row.id) ?? []))
    }))
    const pending = await Promise.all(outbox.map((row) => this.#pending(row)))
    const written = pending.filter((row) => row !== null)
    const all = new Map<Id, SpaceState>()
    for (const row of spaces) {
      const state = this.#spaces.get(row.id)
      if (state) all.set(row.id, state)
    }
    for (const { row, intent } of written) {
      if (!all.has(row.space)) all.set(row.space, unsent(row.space, intent))
    }
    return {
      account: this.account,
      circles: trusted,
      spaces: all,
      outbox: written.map(({ row }) => row),
      seen: new Map(seen.map(({ name, version }) => [name, version])),
      packs: new Map(await Promise.all(packs.map((row) => this.#pack(row)))),
    }
  }

  async #pack(row: MetaRow): Promise<[Id, Pack]> {
    const known = this.#packs.get(row.name)
    if (known) return known
    const pack = JSON.parse(toText(await this.#vault.open('pack', row.value as Bytes))) as Pack
    const found: [Id, Pack] = [row.name.slice(PACK.length), pack]
    this.#packs.set(row.name, found)
    return found
  }

  async #space(row: SpaceRow, bodies: readonly BodyRow[], keys: readonly KeyRow[]): Promise<SpaceState> {
    const byKid = new Map(keys.map((key) => [key.kid, key]))
    const versions = await Promise.all(bodies.map((body) => this.#open(body, byKid)))
    return {
      id: row.id, circle: row.circle, kind: spaceName(row.kind as SpaceKind), subject: row.subject,
      versions: versions.filter((version) => version !== null),
      checkedAt: row.checkedAt === null ? null : row.checkedAt * 1000,
      skipped: row.skipped,
    }
  }

  async #open(row: BodyRow, keys: ReadonlyMap<Id, KeyRow>): Promise<Opened | null> {
    const name = `${row.id} ${row.live}`
    const known = this.#opened.get(name)
    if (known) return known
    const header = parseHeader(row.header)
    let content: Opened['content'] = null
    let unknown = false
    if (row.cls !== '~') {
      const stored = keys.get(header.kid)
      const secret = stored ? await this.#key(stored) : null
      const read = secret && (await this.#vault.read(row, { suite: header.suite, secret }))
      if (!read) return null
      content = read.content
      unknown = read.unknown
    }
    const opened: Opened = {
      id: row.id, account: row.account, rule: ruleName(header.rule) as Opened['rule'], rec: header.rec,
      parents: header.parents, content, unknown, live: row.live, order: header.view.seq,
    }
    this.#opened.set(name, opened)
    return opened
  }

  #key(row: KeyRow): Promise<CryptoKey | null> {
    const name = `${row.space} ${row.kid}`
    let key = this.#keys.get(name)
    if (!key) this.#keys.set(name, (key = this.#vault.concealedKey(row).catch(() => null)))
    return key
  }

  async #pending(row: OutboxRow): Promise<{ row: Pending; intent: LocalIntent } | null> {
    const n = row.n as number
    let intent = this.#intents.get(n)
    if (!intent) this.#intents.set(n, (intent = await this.#vault.openIntent(row)))
    if (row.derived || intent.rule === 0) return null
    const state = row.code !== null ? 'refused' : row.id !== null ? 'batched' : 'saved'
    const pending: Pending = {
      n, state, space: row.space, rule: ruleName(intent.rule as Rule) as Pending['rule'], rec: intent.rec,
      content: intent.content, base: row.bases, editor: row.editor ?? '', code: row.code, at: row.at,
    }
    return { row: pending, intent }
  }
}

/** A space that was only written to. */
function unsent(id: Id, { space }: LocalIntent): SpaceState {
  return {
    id, circle: space.circle, kind: spaceName(space.kind), subject: space.subject, versions: [], checkedAt: null, skipped: {},
  }
}
