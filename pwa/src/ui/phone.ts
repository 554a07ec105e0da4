/**
 * The account on this phone: storage, vault and sync tied to the facts that screens are computed from.
 *
 * Only `act.ts` calls this. What another tab did comes as a name over the channel and is read again
 * from storage; it is never believed from the message. Syncing loads after the first paint.
 */

import { batch } from '@preact/signals'
import { b64, fromText, hashId, unb64, type Bytes, type Id } from '../protocol/encoding.ts'
import { EnidError } from '../protocol/errors.ts'
import { spaceKind, ZERO16 } from '../protocol/kinds.ts'
import { ID_RECORD } from '../protocol/labels.ts'
import { spaceId } from '../protocol/names.ts'
import type { Intent, Pen, Pending, World } from '../protocol/local.ts'
import { circlesOf, leads } from '../domain/people.ts'
import { cursorless, Store, secretsOf, wipe } from '../storage/db.ts'
import type { OutboxRow } from '../storage/rows.ts'
import type { Loop, Reason } from '../sync/loop.ts'
import type { Account } from '../vault/account.ts'
import { ownRec } from '../vault/names.ts'
import { localIntent, Vault } from '../vault/vault.ts'
import { FIRST_CLASSES, LATER_CLASSES, WorldReader } from '../vault/world.ts'
import { emptyWorld, facts } from './truth.ts'

const ACCOUNT = 'account'
/** While a first sync brings page after page, what came is shown this often. */
const FIRST_SYNC_MS = 700
/** Marks and what is typed come one after the other: they are sent after a moment of quiet. */
const COMES_IN_ROWS: ReadonlySet<unknown> = new Set(['sheet', 'note'])

/** This tab's own name for as long as it is not loaded anew: two tabs are two editors. */
const tab = b64(random(16))

type News = { readonly kind: 'changed'; readonly spaces: readonly Id[] } | { readonly kind: 'gone' } | { readonly kind: 'locked' }

/** Random bytes. */
export function random(size: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(size))
}

/** The account of this tab, or the one used last. */
export function lastAccount(): Id | null {
  return sessionStorage.getItem(ACCOUNT) ?? localStorage.getItem(ACCOUNT)
}

/** Make an account this tab's, and the one that the next tab opens with. */
export function chooseAccount(account: Id): void {
  sessionStorage.setItem(ACCOUNT, account)
  localStorage.setItem(ACCOUNT, account)
}

export class Phone {
  readonly store: Store
  readonly vault: Vault
  readonly id: Id
  readonly #reader: WorldReader
  readonly #secret: Bytes
  readonly #channel: BroadcastChannel
  /** Acts are kept one after the other: an editor's later words must not come first. */
  #queue: Promise<unknown> = Promise.resolve()
  #reading: Promise<unknown> = Promise.resolve()
  /** Rows that are being written, and those that could not be, with their values. */
  #unwritten: readonly (Pending & { readonly intent: Intent })[] = []
  #base: World = emptyWorld
  #loop: Promise<Loop> | null = null
  #next = -1
  #closed = false
  readonly #coming = new Set<Id>()
  #gathering = false

  private constructor(store: Store, vault: Vault, id: Id, secret: Bytes) {
    this.store = store
    this.vault = vault
    this.id = id
    this.#secret = secret
    this.#reader = new WorldReader(id, store, vault)
    this.#channel = new BroadcastChannel(`enid-${id}`)
    this.#channel.onmessage = ({ data }: MessageEvent<News>) => void this.#hear(data)
  }

  /** Open what is here: the phone, or why it does not open. */
  static async open(account: Id): Promise<Phone | 'empty' | 'locked'> {
    const store = await Store.open(account)
    const secrets = await secretsOf(store)
    const vault = Vault.from(secrets)
    if (!secrets.length || !vault) {
      store.close()
      if (secrets.length) return 'locked'
      await wipe(account)
      return 'empty'
    }
    const phone = new Phone(store, vault, account, await vault.recordSecret(secrets))
    await phone.#show(() => phone.#reader.load(FIRST_CLASSES))
    const revoked = (await store.get('meta', 'revoked'))?.value === true
    facts.whole.value = false
    facts.vault.value = revoked ? 'revoked' : 'open'
    return phone
  }

  /** What can wait until the first paint: the other classes, and the network. */
  async settle(): Promise<void> {
    await this.#show(() => this.#reader.load(LATER_CLASSES))
    facts.whole.value = true
    facts.persisted.value = (await navigator.storage?.persisted?.()) ?? null
    this.wake('start')
  }

  // -- showing ------------------------------------------------------------------------

  async #show(read: () => Promise<World>): Promise<void> {
    const work = this.#reading.then(async () => {
      if (this.#closed) return
      this.#base = await read()
      this.#publish()
    })
    this.#reading = work.catch(() => undefined)
    await work
  }

  #publish(): void {
    const rows = this.#unwritten
    facts.world.value = rows.length ? { ...this.#base, outbox: [...this.#base.outbox, ...rows] } : this.#base
  }

  async #hear(news: News): Promise<void> {
    if (news.kind === 'changed') await this.#show(() => this.#reader.refresh(news.spaces))
    else location.reload()
  }

  #tell(news: News): void {
    this.#channel.postMessage(news)
  }

  // -- writing ------------------------------------------------------------------------

  /** Keep an act: shown as being written at once, as saved when it is durable, as unsaved when it is not. */
  async act(intents: readonly Intent[]): Promise<'saved' | 'unsaved'> {
    if (!intents.length) return 'saved'
    const rows = intents.map((intent) => ({ ...this.#asPending(intent), intent }))
    this.#unwritten = [...this.#unwritten, ...rows]
    this.#publish()
    const work = this.#queue.then(() => this.#keep(rows))
    this.#queue = work
    return work
  }

  #asPending(intent: Intent): Pending {
    return {
      n: this.#next--, state: 'writing', space: this.pen().spaceId(intent.space), rule: intent.rule, rec: intent.rec,
      content: intent.content, base: intent.base, editor: intent.editor, code: null, at: Date.now(),
    }
  }

  async #keep(rows: readonly (Pending & { readonly intent: Intent })[]): Promise<'saved' | 'unsaved'> {
    const mine = new Set(rows.map((row) => row.n))
    try {
      const sealed = await Promise.all(rows.map((row) => this.#sealed(row)))
      await this.store.addIntents(sealed, this.#join)
    } catch (error) {
      const code = codeOf(error)
      this.#unwritten = this.#unwritten.map((row) => (mine.has(row.n) ? { ...row, state: 'unsaved', code } : row))
      this.#publish()
      return 'unsaved'
    }
    await this.#show(() => {
      // What could not be kept before is in what the same editor has kept now: kept later, it would undo that.
      const overtaken = (row: Pending) => row.state === 'unsaved' && rows.some((kept) =>
        kept.editor === row.editor && kept.rec === row.rec && kept.n < row.n)
      this.#unwritten = this.#unwritten.filter((row) => !mine.has(row.n) && !overtaken(row))
      return this.#reader.refresh([])
    })
    this.#tell({ kind: 'changed', spaces: [] })
    this.wake(rows.every((row) => COMES_IN_ROWS.has(row.content?.t)) ? 'mark' : 'write')
    return 'saved'
  }

  async #sealed(row: Pending & { readonly intent: Intent }): Promise<OutboxRow> {
    return {
      space: row.space, intent: await this.vault.sealIntent(localIntent(row.intent)), record: `${row.rule}:${row.rec}`,
      bases: [...row.base], editor: row.editor, derived: null, at: row.at, chain: null, id: null, header: null,
      signature: null, body: null, code: null,
    }
  }

  /** The newer words of one editor stand in for the older, on everything that either was written on. */
  readonly #join = (older: OutboxRow, newer: OutboxRow): OutboxRow => (
    { ...newer, bases: [...new Set([...older.bases, ...newer.bases])] })

  /** Try again: a row that could not be kept, or one that the server refused. */
  async retry(n: number): Promise<'saved' | 'unsaved'> {
    const unwritten = this.#unwritten.find((row) => row.n === n)
    if (unwritten) {
      this.#unwritten = this.#unwritten.map((row) => (row.n === n ? { ...row, state: 'writing', code: null } : row))
      this.#publish()
      return this.#keep([unwritten])
    }
    const row = await this.store.get('outbox', n)
    if (row) await this.store.commit([{ table: 'outbox', put: { ...row, code: null } }], cursorless)
    await this.#changed([])
    this.wake('asked')
    return 'saved'
  }

  /** Give one act up: only ever at a person's word. */
  async discard(n: number): Promise<void> {
    this.#unwritten = this.#unwritten.filter((row) => row.n !== n)
    if (n > 0) await this.store.commit([{ table: 'outbox', drop: n }], cursorless)
    await this.#changed([])
  }

  async #changed(spaces: readonly Id[]): Promise<void> {
    await this.#show(() => this.#reader.refresh(spaces))
    this.#tell({ kind: 'changed', spaces })
  }

  /** What acts need of this phone and this moment. */
  pen(): Pen {
    return {
      now: Date.now(),
      tab,
      random: (bytes) => b64(random(bytes)),
      ownRec: (...parts) => ownRec(this.#secret, ...parts),
      sharedRec: (kind, subject) => hashId(16, ID_RECORD, fromText(kind), new Uint8Array(1), unb64(subject)),
      spaceId: ({ circle, kind, subject }) => spaceId(circle, spaceKind(kind), subject || ZERO16),
    }
  }

  // -- syncing ------------------------------------------------------------------------

  wake(reason: Reason): void {
    void this.loop().then((loop) => loop.wake(reason), () => undefined)
  }

  /** Sync and wait for the end of it. */
  async syncNow(): Promise<void> {
    await (await this.loop()).run()
  }

  rest(): void {
    void this.#loop?.then((loop) => loop.rest())
  }

  /** The keys that sign; opened when something is to be signed. */
  async account(): Promise<Account> {
    const { Account } = await import('../vault/account.ts')
    return Account.open(this.store, this.vault)
  }

  loop(): Promise<Loop> {
    // Its code may still be on its way: asked again, it is fetched again.
    this.#loop ??= this.#makeLoop().catch((error: unknown) => {
      this.#loop = null
      throw error
    })
    return this.#loop
  }

  async #makeLoop(): Promise<Loop> {
    const [{ Loop }, { Client }, { HttpTransport }] = await Promise.all([
      import('../sync/loop.ts'), import('../sync/client.ts'), import('../sync/net.ts'),
    ])
    const transport = new HttpTransport(location.origin, (net) => { facts.net.value = net })
    const watch = {
      changed: (spaces: readonly Id[]) => this.#arrived(spaces),
      progress: (done: number, of: number | null) => {
        facts.progress.value = of === null || done >= of ? null : { done, of }
      },
    }
    return new Loop({
      load: async () => Client.load(this.store, await this.account(), transport, Date.now, random, watch),
      exclusively: (work) => navigator.locks.request(`enid-sync-${this.id}`, work),
      isHidden: () => document.hidden,
      refused: (error) => void this.#refused(error),
    })
  }

  /** Many pages of a first sync make one reading. */
  #arrived(spaces: readonly Id[]): void {
    for (const space of spaces) this.#coming.add(space)
    if (this.#gathering) return
    this.#gathering = true
    setTimeout(() => {
      this.#gathering = false
      const all = [...this.#coming]
      this.#coming.clear()
      void this.#changed(all).then(() => this.#upkeep())
    }, facts.progress.value ? FIRST_SYNC_MS : 0)
  }

  async #refused(error: EnidError): Promise<void> {
    facts.progress.value = null
    if (error.code !== 'device_revoked') return
    await this.store.commit([{ table: 'meta', put: { name: 'revoked', value: true } }], cursorless)
    facts.vault.value = 'revoked'
  }

  /** What follows from what has come: a leader tells whoever joined since what the finished sheets say. */
  async #upkeep(): Promise<void> {
    const { statementsDue } = await import('../domain/register.ts')
    const world = facts.world.value
    const pen = this.pen()
    for (const circle of circlesOf(world, 'group')) {
      if (leads(world, circle.id)) await this.act(statementsDue(world, pen, circle.id))
    }
  }

  // -- going --------------------------------------------------------------------------

  /** Stop everything, so that this account can be locked or taken off this phone. */
  async close(news: 'gone' | 'locked' | null = null): Promise<void> {
    await this.#queue.catch(() => undefined)
    this.#closed = true
    if (this.#loop) await (await this.#loop).stop()
    if (news) this.#tell({ kind: news })
    this.#channel.close()
    this.store.close()
    batch(() => {
      facts.world.value = emptyWorld
      facts.progress.value = null
    })
  }
}

function codeOf(error: unknown): string {
  if (error instanceof EnidError) return error.code
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? 'storage_full' : 'not_saved'
}

/** Forget which account this tab and the next one open with. */
export function forgetAccount(account: Id): void {
  sessionStorage.removeItem(ACCOUNT)
  if (localStorage.getItem(ACCOUNT) === account) localStorage.removeItem(ACCOUNT)
}
