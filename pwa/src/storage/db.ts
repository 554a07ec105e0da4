/**
 * The only IndexedDB of the app: one database for each account, sealed rows only (SEC-40).
 *
 * Nothing here waits for anything but the database: crypto is done before a transaction
 * begins or after it has ended. Every write is one strict transaction (REL-01).
 */

import { deleteDB, openDB, unwrap, type DBSchema, type IDBPDatabase } from 'idb'
import type { Id } from '../protocol/local.ts'
import {
  KEYS,
  type BodyRow,
  type Change,
  type CircleRow,
  type KeyRow,
  type MetaRow,
  type OutboxRow,
  type Rows,
  type SecretRow,
  type SeenRow,
  type SpaceRow,
  type Table,
} from './rows.ts'

type Schema = DBSchema & {
  [T in Table]: { key: IDBValidKey; value: Rows[T]; indexes: { cls: [string, string]; editor: string } }
}

const VERSION = 1
/** Packs of invitations stand among the meta rows, by circle. */
export const PACK = 'pack '
const STRICT = { durability: 'strict' } as const

/** The page that comes first: what the phone opens with. */
export interface Launch {
  readonly spaces: SpaceRow[]
  readonly circles: CircleRow[]
  readonly keys: KeyRow[]
  readonly seen: SeenRow[]
  readonly outbox: OutboxRow[]
  readonly bodies: BodyRow[]
  readonly packs: MetaRow[]
}

/** A row that was sealed or changed by somebody else meanwhile: nothing was written. */
export class Overtaken extends Error {}

/**
 * One account's storage.
 *
 * `onWrite` is called before every single write; the crash stories end the page there.
 */
export class Store {
  readonly db: IDBPDatabase<Schema>
  readonly onWrite: () => void

  constructor(db: IDBPDatabase<Schema>, onWrite: () => void) {
    this.db = db
    this.onWrite = onWrite
  }

  /** Open the database of an account, making it when it is not there. */
  static async open(account: Id, onWrite: () => void = writeHook): Promise<Store> {
    const db = await openDB<Schema>(databaseName(account), VERSION, {
      upgrade(fresh) {
        for (const table of Object.keys(KEYS) as Table[]) {
          const keyPath = KEYS[table]
          const made = fresh.createObjectStore(table, {
            keyPath: keyPath as string | string[],
            autoIncrement: table === 'outbox',
          })
          if (table === 'bodies') made.createIndex('cls', ['space', 'cls'])
          if (table === 'outbox') made.createIndex('editor', 'editor')
        }
      },
      // Another tab takes the account off this phone, or a newer app wants newer tables.
      blocking: () => db.close(),
    })
    return new Store(db, onWrite)
  }

  /**
   * Everything that a start needs, in one read: rows whole, and bodies of some classes.
   *
   * `isWanted` says of which spaces the bodies are read; it must not wait.
   */
  async launch(classes: readonly string[], isWanted: (space: SpaceRow) => boolean): Promise<Launch> {
    const tx = this.db.transaction(
      ['spaces', 'circles', 'keys', 'seen', 'outbox', 'bodies', 'meta'], 'readonly',
    )
    const [spaces, circles, keys, seen, outbox, packs] = await Promise.all([
      tx.objectStore('spaces').getAll(),
      tx.objectStore('circles').getAll(),
      tx.objectStore('keys').getAll(),
      tx.objectStore('seen').getAll(),
      tx.objectStore('outbox').getAll(),
      tx.objectStore('meta').getAll(IDBKeyRange.bound(PACK, `${PACK}~`)),
    ])
    const index = tx.objectStore('bodies').index('cls')
    const asked = spaces.filter(isWanted).flatMap((space) =>
      classes.map((cls) => index.getAll(IDBKeyRange.only([space.id, cls]))))
    const bodies = (await Promise.all(asked)).flat()
    return { spaces, circles, keys, seen, outbox, bodies, packs }
  }

  /** A whole table, or those rows of it whose key begins with `first`. */
  all<T extends Table>(table: T, first?: Id): Promise<Rows[T][]> {
    const range = first === undefined ? null : IDBKeyRange.bound([first], [first, []])
    return this.db.getAll(table, range) as Promise<unknown> as Promise<Rows[T][]>
  }

  /** One row, or nothing. */
  get<T extends Table>(table: T, key: IDBValidKey): Promise<Rows[T] | undefined> {
    return this.db.get(table, key) as Promise<unknown> as Promise<Rows[T] | undefined>
  }

  /**
   * Keep one intent; what the same editor wrote before and nobody has sealed is replaced by it.
   *
   * `merge` gets that older row and returns the row to keep: under a new number, so that what
   * another tab was opened on does not change. It must not wait: the transaction is open.
   */
  async addIntents(
    rows: readonly OutboxRow[],
    merge: (older: OutboxRow, newer: OutboxRow) => OutboxRow,
  ): Promise<number[]> {
    const tx = this.db.transaction('outbox', 'readwrite', STRICT)
    const numbers: number[] = []
    for (const row of rows) {
      const mine = row.editor === null ? [] : await tx.store.index('editor').getAll(row.editor)
      const last = mine.at(-1)
      const waits = last && last.id === null && last.code === null
        && last.space === row.space && last.record === row.record
      this.onWrite()
      if (waits) await tx.store.delete(last.n as number)
      this.onWrite()
      numbers.push((await tx.store.add(waits ? merge(last, row) : row)) as number)
    }
    this.onWrite()
    await tx.done
    return numbers
  }

  /**
   * Write all of `changes`, or nothing.
   *
   * `expect` names rows as they were read: if one is another now, somebody was quicker and
   * nothing is written (REL-07). A space is held to its cursor, an outbox row to its seal.
   * New outbox rows come with a number below zero; the numbers that they got are returned.
   */
  async commit(changes: readonly Change[], expect: Expected): Promise<Map<number, number>> {
    const tables = [...new Set(['spaces', 'outbox', ...changes.map((c) => c.table)])] as Table[]
    const tx = this.db.transaction(tables, 'readwrite', STRICT)
    try {
      await hold(tx, expect)
      const made = new Map<number, number>()
      for (const change of changes) {
        this.onWrite()
        // Bare requests: a promise for each of thousands of rows costs more than the row.
        const store: IDBObjectStore = unwrap(tx.objectStore(change.table))
        if ('drop' in change) store.delete(change.drop)
        else if ('patch' in change) {
          const asked = store.get([...change.patch])
          asked.onsuccess = () => { if (asked.result) store.put({ ...asked.result, ...change.with }) }
        } else if (change.table === 'outbox' && (change.put.n ?? -1) < 0) {
          const { n, ...fresh } = change.put
          const added = store.add(fresh)
          added.onsuccess = () => made.set(n ?? 0, added.result as number)
        } else store.put(change.put)
      }
      this.onWrite()
      await tx.done
      return made
    } catch (error) {
      tx.done.catch(() => undefined)
      try {
        tx.abort()
      } catch {
        // it has ended by itself
      }
      throw error
    }
  }

  close(): void {
    this.db.close()
  }
}

/** How rows must still stand when a commit begins. */
export interface Expected {
  /** Space id -> its cursor `inc:seq:head`; `null` for a space not kept yet. */
  readonly cursors: ReadonlyMap<Id, string | null>
  /** Outbox number -> the version id it was sealed as, or `null`. */
  readonly rows: ReadonlyMap<number, Id | null>
}

/** Nothing has to stand as it did: for rows that one act alone ever changes. */
export const cursorless: Expected = { cursors: new Map(), rows: new Map() }

/** A cursor in one word. */
export function cursorOf(row: SpaceRow | undefined): string | null {
  return row ? `${row.inc}:${row.seq}:${row.head}` : null
}

type Writing = {
  objectStore: (table: 'spaces' | 'outbox') => { get: (key: IDBValidKey) => Promise<unknown> }
}

async function hold(tx: unknown, expect: Expected): Promise<void> {
  const stores = tx as Writing
  const spaces = stores.objectStore('spaces')
  const outbox = stores.objectStore('outbox')
  const found = await Promise.all([
    ...[...expect.cursors].map(async ([id, was]) =>
      cursorOf((await spaces.get(id)) as SpaceRow | undefined) === was),
    ...[...expect.rows].map(async ([n, was]) => {
      const row = (await outbox.get(n)) as OutboxRow | undefined
      return row !== undefined && row.id === was
    }),
  ])
  if (!found.every(Boolean)) throw new Overtaken('another page or tab came first')
}

export function databaseName(account: Id): string {
  return `enid-${account}`
}

/** Take an account off this phone. */
export function wipe(account: Id): Promise<void> {
  return deleteDB(databaseName(account))
}

/** Read a secret row outside an open store's transactions. */
export function secretsOf(store: Store): Promise<SecretRow[]> {
  return store.db.getAll('secrets')
}

/** The crash stories put a counter here before the app starts. */
function writeHook(): void {
  const hook = (globalThis as { enidOnWrite?: () => void }).enidOnWrite
  if (hook) hook()
}
