/**
 * One sync loop for each account, in whichever tab holds its lock.
 *
 * Triggers only call `wake`. Nothing runs on a timer while nobody looks; what was written is sent at
 * once even so. After a failure the wait grows to five minutes, and any sign of a network ends it.
 */

import { EnidError } from '../protocol/errors.ts'
import type { Id } from '../protocol/local.ts'
import type { Client } from './client.ts'

export type Reason = 'start' | 'online' | 'visible' | 'mark' | 'write' | 'asked' | 'retry' | 'idle'

const IDLE_MS = 5 * 60_000
const RETRY_FIRST_MS = 2_000
const RETRY_MAX_MS = 5 * 60_000
/** Marks come in rows of a dozen; other acts alone. */
const WAITS: Partial<Record<Reason, number>> = { mark: 2_500, write: 300 }

/** What the loop needs of the page; passed in, so that it can be driven without one. */
export interface Surroundings {
  /** Run while no other tab of this account syncs. */
  readonly exclusively: (work: () => Promise<void>) => Promise<void>
  readonly isHidden: () => boolean
  /** Something a person has to know: the device was revoked, the account is not admitted. */
  readonly refused: (error: EnidError) => void
  readonly load: () => Promise<Client>
}

export class Loop {
  readonly #around: Surroundings
  #client: Client | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> | null = null
  #again = false
  #waits = false
  #failures = 0
  #stopped = false

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** The client, for acts that need the network once: joining, signing out. */
  async client(): Promise<Client> {
    this.#client ??= await this.#around.load()
    return this.#client
  }

  /** Do something with the client while nothing else syncs; throws what the work throws. */
  async alone(work: (client: Client) => Promise<void>): Promise<void> {
    await this.#running?.catch(() => undefined)
    await this.#around.exclusively(async () => {
      const client = await this.client()
      await client.freshen()
      await work(client)
    })
  }

  /** Ask for a sync; many calls make one. */
  wake(reason: Reason): void {
    if (this.#stopped) return
    if (this.#running) {
      this.#again = true
      return
    }
    if (reason !== 'retry') this.#failures = 0
    clearTimeout(this.#timer)
    this.#waits = true
    this.#timer = setTimeout(() => void this.run(), this.#around.isHidden() ? 0 : (WAITS[reason] ?? 0))
  }

  /** Sync now and wait for the end of it; never throws: what went wrong is told by the transport. */
  async run(): Promise<void> {
    if (this.#stopped) return
    if (this.#running) return this.#running
    clearTimeout(this.#timer)
    this.#again = false
    this.#waits = false
    this.#running = this.#around.exclusively(() => this.#sync())
    try {
      await this.#running
      this.#failures = 0
    } catch (error) {
      this.#failures += 1
      this.#client = null // what it holds in memory may be half done: read anew
      this.#tell(error)
    } finally {
      this.#running = null
    }
    this.#plan()
  }

  async #sync(): Promise<void> {
    const client = await this.client()
    await client.freshen()
    await client.sync()
  }

  #tell(error: unknown): void {
    if (error instanceof EnidError) {
      if (error.retry !== 'later') this.#around.refused(error)
      return
    }
    console.error(error) // a fault of ours: the next round starts from what is stored
  }

  #plan(): void {
    if (this.#stopped || this.#around.isHidden()) return
    if (this.#again) return this.wake('write')
    const wait = this.#failures === 0
      ? IDLE_MS
      : Math.min(RETRY_FIRST_MS * 2 ** (this.#failures - 1), RETRY_MAX_MS) * (0.75 + Math.random() / 2)
    this.#timer = setTimeout(() => this.wake(this.#failures ? 'retry' : 'idle'), wait)
  }

  /** The page is hidden: no timer runs any more, and what was waiting to be sent goes now. */
  rest(): void {
    clearTimeout(this.#timer)
    if (this.#waits) void this.run()
  }

  /** For good: signed out, or locked. Waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running?.catch(() => undefined)
  }
}

/** The name of an account's lock and channel. */
export function channelName(account: Id): string {
  return `enid-${account}`
}
