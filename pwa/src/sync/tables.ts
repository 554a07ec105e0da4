/**
 * The rows that syncing works on, in memory, and the one commit that makes their changes last.
 *
 * What changes is noted; `commit` writes all of it in one transaction or throws, and then this
 * object is thrown away and read anew. Contents' bodies stay in the database until they are asked for.
 */

import type { Id } from '../protocol/local.ts'
import { cursorOf, type Store } from '../storage/db.ts'
import { KEYS, type BodyRow, type Change, type KeyRow, type OutboxRow, type PackRow, type Rows, type SpaceRow, type Table, type VersionRow, type WrapRow } from '../storage/rows.ts'

type Key = string | readonly string[] | number

export class Tables {
  readonly store: Store
  readonly spaces = new Map<Id, SpaceRow>()
  /** By space, then by id, in the order in which they were met. */
  readonly versions = new Map<Id, Map<Id, VersionRow>>()
  /** By space, then by key id. */
  readonly keys = new Map<Id, Map<Id, KeyRow>>()
  readonly wraps = new Map<string, WrapRow>()
  readonly packs = new Map<Id, PackRow>()
  readonly confirmed = new Map<Id, Set<Id>>()
  readonly seen = new Map<Id, Id>()
  /** How each content is filed: its class, and whether nothing newer replaces it. */
  readonly filed = new Map<Id, Map<Id, { cls: string; live: boolean }>>()
  outbox: OutboxRow[] = []
  readonly #meta = new Map<string, unknown>()
  readonly #changes = new Map<string, Change>()
  readonly #cursors = new Map<Id, string | null>()
  readonly #rows = new Map<number, Id | null>()
  #ord = 0
  #next = -1

  private constructor(store: Store) {
    this.store = store
  }

  /** Read everything but the bodies of contents. */
  static async read(store: Store): Promise<Tables> {
    const made = new Tables(store)
    const [spaces, versions, keys, wraps, packs, confirmed, seen, meta, bodies] = await Promise.all([
      store.all('spaces'), store.all('versions'), store.all('keys'), store.all('wraps'), store.all('packs'),
      store.all('confirmed'), store.all('seen'), store.all('meta'), store.all('bodies'),
    ])
    for (const row of spaces) made.spaces.set(row.id, row)
    versions.sort((a, b) => a.ord - b.ord)
    for (const row of versions) made.versionsOf(row.space).set(row.id, row)
    made.#ord = versions.at(-1)?.ord ?? 0
    for (const row of keys) made.keysOf(row.space).set(row.kid, row)
    for (const row of wraps) made.wraps.set(wrapKey(row), row)
    for (const row of packs) made.packs.set(row.lookup, row)
    for (const row of confirmed) made.confirmedIn(row.circle).add(row.subject)
    for (const row of seen) made.seen.set(row.name, row.version)
    for (const row of meta) made.#meta.set(row.name, row.value)
    for (const row of bodies) made.filedIn(row.space).set(row.id, { cls: row.cls, live: row.live })
    await made.readOutbox()
    return made
  }

  /** The outbox as it stands: every tab writes to it. */
  async readOutbox(): Promise<void> {
    this.outbox = await this.store.all('outbox')
  }

  versionsOf(space: Id): Map<Id, VersionRow> {
    return within(this.versions, space, () => new Map())
  }

  keysOf(space: Id): Map<Id, KeyRow> {
    return within(this.keys, space, () => new Map())
  }

  filedIn(space: Id): Map<Id, { cls: string; live: boolean }> {
    return within(this.filed, space, () => new Map())
  }

  confirmedIn(circle: Id): Set<Id> {
    return within(this.confirmed, circle, () => new Set())
  }

  meta<T>(name: string): T | null {
    return (this.#meta.get(name) as T | undefined) ?? null
  }

  setMeta(name: string, value: unknown): void {
    this.#meta.set(name, value)
    this.#note('meta', name, { table: 'meta', put: { name, value } })
  }

  /** Note that a row is new or was changed in place. */
  put<T extends Table>(table: T, row: Rows[T]): void {
    const key = keyOf(table, row)
    this.#note(table, key, { table, put: row } as Change)
  }

  drop(table: Table, key: Key): void {
    this.#note(table, key, { table, drop: key as IDBValidKey } as Change)
  }

  // -- rows with rules of their own ---------------------------------------------------

  addVersion(row: Omit<VersionRow, 'ord'>): void {
    const kept: VersionRow = { ...row, ord: ++this.#ord }
    this.versionsOf(row.space).delete(row.id) // one that was refused before counts from now on
    this.versionsOf(row.space).set(row.id, kept)
    this.put('versions', kept)
  }

  addBody(row: BodyRow): void {
    this.filedIn(row.space).set(row.id, { cls: row.cls, live: row.live })
    this.put('bodies', row)
  }

  /** File a content anew; its body stays as it is. */
  file(space: Id, id: Id, cls: string, live: boolean): void {
    const old = this.filedIn(space).get(id)
    if (!old || (old.cls === cls && old.live === live)) return
    this.filedIn(space).set(id, { cls, live })
    const name = changeName('bodies', [space, id])
    const waiting = this.#changes.get(name)
    if (waiting && 'put' in waiting) Object.assign(waiting.put, { cls, live })
    else this.#changes.set(name, { table: 'bodies', patch: [space, id], with: { cls, live } })
  }

  /** Expect a space's cursor to be still what it was when this was first asked. */
  hold(space: Id): void {
    if (!this.#cursors.has(space)) this.#cursors.set(space, cursorOf(this.spaces.get(space)))
  }

  addOutbox(row: OutboxRow): OutboxRow {
    const kept = { ...row, n: this.#next-- }
    this.outbox.push(kept)
    this.#note('outbox', kept.n, { table: 'outbox', put: kept })
    return kept
  }

  /** Change a row of the outbox, as long as no tab has typed it over. */
  changeOutbox(row: OutboxRow, change: Partial<OutboxRow>): void {
    const n = row.n as number
    if (n > 0 && !this.#rows.has(n)) this.#rows.set(n, row.id)
    Object.assign(row, change)
    this.#note('outbox', n, { table: 'outbox', put: row })
  }

  dropOutbox(row: OutboxRow): void {
    const n = row.n as number
    this.outbox = this.outbox.filter((other) => other !== row)
    if (n < 0) this.#changes.delete(changeName('outbox', n))
    else {
      if (!this.#rows.has(n)) this.#rows.set(n, row.id)
      this.#note('outbox', n, { table: 'outbox', drop: n })
    }
  }

  putWrap(row: WrapRow): void {
    this.wraps.set(wrapKey(row), row)
    this.put('wraps', row)
  }

  dropWrap(row: WrapRow): void {
    this.wraps.delete(wrapKey(row))
    this.drop('wraps', [row.space, row.kid, row.account])
  }

  see(name: Id, version: Id): void {
    this.seen.set(name, version)
    this.put('seen', { name, version })
  }

  raiseAlarm(at: number, space: Id, code: string): void {
    this.put('alarms', { at, space, code })
  }

  confirm(circle: Id, subject: Id): void {
    this.confirmedIn(circle).add(subject)
    this.put('confirmed', { circle, subject })
  }

  // -- bodies -------------------------------------------------------------------------

  /** The stored body row of a content, also one that is not committed yet. */
  async body(space: Id, id: Id): Promise<BodyRow | undefined> {
    const waiting = this.#changes.get(changeName('bodies', [space, id]))
    if (waiting && 'put' in waiting) return waiting.put as BodyRow
    return this.store.get('bodies', [space, id])
  }

  // -- making it last -----------------------------------------------------------------

  /** Whether nobody else has committed since these rows were read. */
  async isNewest(): Promise<boolean> {
    const row = await this.store.get('meta', 'commit')
    return row === undefined || row.value === this.#meta.get('commit')
  }

  get changed(): boolean {
    return this.#changes.size > 0
  }

  /** Write all that changed, or throw: then nothing of it was written. */
  async commit(): Promise<void> {
    if (!this.changed) return
    this.setMeta('commit', crypto.randomUUID())
    const changes = [...this.#changes.values()]
    const made = await this.store.commit(changes, { cursors: this.#cursors, rows: this.#rows })
    for (const row of this.outbox) {
      const n = made.get(row.n as number)
      if (n !== undefined) row.n = n
    }
    this.#changes.clear()
    this.#cursors.clear()
    this.#rows.clear()
  }

  #note(table: Table, key: Key, change: Change): void {
    this.#changes.set(changeName(table, key), change)
  }
}

function within<V>(map: Map<Id, V>, key: Id, make: () => V): V {
  let found = map.get(key)
  if (found === undefined) map.set(key, (found = make()))
  return found
}

function keyOf<T extends Table>(table: T, row: Rows[T]): Key {
  const fields = row as unknown as Record<string, Key>
  const path = KEYS[table]
  return typeof path === 'string' ? (fields[path] as Key) : path.map((name) => fields[name] as string)
}

function changeName(table: Table, key: Key): string {
  return `${table} ${String(key)}`
}

function wrapKey(row: { space: Id; kid: Id; account: Id }): string {
  return `${row.space} ${row.kid} ${row.account}`
}
