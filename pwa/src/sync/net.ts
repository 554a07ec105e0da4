/**
 * The only door to the network: one request, one JSON answer, and what was last learned (PROTOCOL 11).
 *
 * `navigator.onLine` is not believed. What counts is whether a request came back from Enid: a
 * captive portal's page, half an answer or silence is no answer, and changes nothing here.
 */

import { EnidError, type Retry } from '../protocol/errors.ts'

export type Json = { readonly [name: string]: unknown }

export interface Transport {
  /** The address that the person trusts, as in `https://groups.example.org`. */
  readonly origin: string
  /** Status and answer; throws `no_answer` when nothing definite came back. */
  request(method: string, path: string, body: Json | null, account: string | null): Promise<[number, Json]>
}

/** What the last request showed; only told, kept nowhere else. */
export interface NetState {
  readonly state: 'unknown' | 'idle' | 'busy' | 'offline'
  readonly lastOkAt: number | null
  readonly clockAhead: number | null
  readonly lastError: string | null
}

/** Half a mebibyte on a slow phone line. */
const TIMEOUT_MS = 60_000
const KEEPALIVE_BYTES_MAX = 60_000

export class HttpTransport implements Transport {
  readonly origin: string
  readonly #tell: (state: NetState) => void
  #state: NetState = { state: 'unknown', lastOkAt: null, clockAhead: null, lastError: null }
  #running = 0

  constructor(origin: string, tell: (state: NetState) => void = () => undefined) {
    this.origin = origin
    this.#tell = tell
  }

  async request(method: string, path: string, body: Json | null, account: string | null): Promise<[number, Json]> {
    this.#running += 1
    this.#now({ state: 'busy' })
    try {
      const answer = await this.#ask(method, path, body, account)
      this.#running -= 1
      const [status, { code }] = answer
      const good = status < 300
      // Signing in is no look at what is new.
      const looked = good && path === '/v1/sync' ? { lastOkAt: Date.now() } : {}
      const heard = { ...looked, lastError: good ? null : String(code ?? status) }
      this.#now({ state: this.#running ? 'busy' : 'idle', ...heard })
      return answer
    } catch (error) {
      this.#running -= 1
      this.#now({ state: 'offline', lastError: error instanceof EnidError ? error.code : 'no_answer' })
      throw error
    }
  }

  async #ask(method: string, path: string, body: Json | null, account: string | null): Promise<[number, Json]> {
    const text = body === null ? null : JSON.stringify(body)
    let response: Response
    try {
      response = await fetch(this.origin + path, {
        method,
        headers: {
          Accept: 'application/json, application/problem+json',
          ...(text === null ? {} : { 'Content-Type': 'application/json' }),
          ...(account === null ? {} : { 'Enid-Account': account }),
        },
        body: text,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        // A tap, and then the phone goes into a pocket: what was begun is still sent.
        keepalive: text !== null && text.length < KEEPALIVE_BYTES_MAX,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
    } catch {
      throw new EnidError('no_answer', 'the server did not answer')
    }
    this.#noticeClock(response.headers.get('Date'))
    if (response.status === 204) return [204, {}]
    return [response.status, await read(response)]
  }

  #noticeClock(date: string | null): void {
    const at = date === null ? NaN : Date.parse(date)
    if (!Number.isNaN(at)) this.#state = { ...this.#state, clockAhead: Date.now() - at }
  }

  #now(change: Partial<NetState>): void {
    this.#state = { ...this.#state, ...change }
    this.#tell(this.#state)
  }
}

async function read(response: Response): Promise<Json> {
  const kind = response.headers.get('Content-Type') ?? ''
  if (!/^application\/(problem\+)?json\b/.test(kind)) {
    throw new EnidError('no_answer', 'something else than Enid answered, such as a sign-in page of the Wi-Fi')
  }
  try {
    const answer: unknown = await response.json()
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as Json
  } catch {
    // half a page, or none
  }
  throw new EnidError('no_answer', 'the answer broke off')
}

/** Send, and turn a problem document into its error. */
export async function ask(
  transport: Transport, method: string, path: string, body: Json | null, account: string | null,
): Promise<Json> {
  const [status, answer] = await transport.request(method, path, body, account)
  // A server that could not write may still have been read (ADR 0008).
  if ([200, 201, 204].includes(status) || ([503, 507].includes(status) && 'pull' in answer)) return answer
  const code = String(answer['code'] ?? 'no_answer')
  const detail = String(answer['detail'] ?? '')
  const transient = answer['retry'] === undefined || status === 429 || status >= 500
  throw EnidError.told(code, transient ? 'later' : (String(answer['retry']) as Retry), detail, answer)
}
