/**
 * New versions of the app: watched for, told once, and put in place when nothing is lost by it
 * (ux.md, rows 11 and 12). Nothing here draws, and nothing here knows what is being done.
 */

/** What there is to tell: `ready` means that a newer version is complete on this phone. */
export type UpdateState = 'current' | 'ready' | 'applying'

export interface UpdateWatch {
  /** Whether the page may be loaded anew now: not mid-register, no write to the outbox under way. */
  mayReload(): boolean
  /** Called at every change of the state. */
  changed(state: UpdateState): void
}

export interface Updates {
  /** Asks the server for a newer version; quiet when it does not answer. */
  check(): Promise<void>
  /** Puts a ready version in place and loads the page anew; false when that may not be now. */
  apply(): Promise<boolean>
}

const WORKER = '/sw.js'
const HOUR_MS = 3_600_000
/** Switching between apps asks no more often than this. */
const BETWEEN_CHECKS_MS = 15 * 60_000
const ANSWER_MS = 5_000
/** A browser may wait until the old worker has had nothing to do for half a minute. */
const TAKE_OVER_MS = 60_000
/** The page asks for nothing for so long, or has been open for so long. */
const QUIET_MS = 700
const QUIET_AT_MOST_MS = 4_000
/** In sessionStorage: the version that this tab has already put in place by itself. */
const TRIED = 'enid-update-tried'

/**
 * Registers the worker and watches it for as long as the page lives. Where the browser allows
 * no worker (a private window, storage refused) the app works even so, but only online.
 */
export async function watchUpdates(watch: UpdateWatch): Promise<Updates> {
  const container: ServiceWorkerContainer | undefined = navigator.serviceWorker
  const how = { updateViaCache: 'none' } as const
  const registration = await container?.register(workerUrl(), how).catch(() => undefined)
  if (!registration) return { check: async () => undefined, apply: async () => false }
  return new Watcher(container, registration, watch).start()
}

class Watcher implements Updates {
  readonly #container: ServiceWorkerContainer
  readonly #registration: ServiceWorkerRegistration
  readonly #watch: UpdateWatch
  /** Another tab has put the new version in place; this one still shows the old. */
  #overtaken = false
  #applying = false
  #checkedAt = Date.now()
  #told: UpdateState | undefined

  constructor(
    container: ServiceWorkerContainer,
    registration: ServiceWorkerRegistration,
    watch: UpdateWatch,
  ) {
    this.#container = container
    this.#registration = registration
    this.#watch = watch
  }

  start(): this {
    let controlled = this.#container.controller !== null
    this.#container.addEventListener('controllerchange', () => {
      if (this.#applying && this.#watch.mayReload()) return location.reload()
      this.#applying = false
      // The very first worker takes over a page that is just as new.
      this.#overtaken = controlled
      controlled = true
      this.#tell()
    })
    this.#registration.addEventListener('updatefound', () => this.#follow())
    this.#follow()
    this.#checkWhileVisible()
    this.#tell()
    void this.#applyAtStart()
    return this
  }

  async check(): Promise<void> {
    this.#checkedAt = Date.now()
    await this.#registration.update().catch(() => undefined)
  }

  async apply(): Promise<boolean> {
    return this.#apply(TAKE_OVER_MS)
  }

  #apply(patienceMs: number): boolean {
    if (!this.#watch.mayReload()) return false
    const waiting = this.#waiting()
    if (!waiting && !this.#overtaken) return false
    this.#applying = true
    this.#tell()
    if (waiting) waiting.postMessage({ type: 'activate' })
    else location.reload()
    // A worker that does not take over leaves everything as it was.
    setTimeout(() => {
      this.#applying = false
      this.#tell()
    }, patienceMs)
    return true
  }

  /**
   * A version that waits is put in place before the person has begun anything, and once for each
   * version. Not while the page still loads: what it asks for keeps the old worker in its place.
   */
  async #applyAtStart(): Promise<void> {
    if (!this.#waiting()) return
    await quiet()
    const waiting = this.#waiting()
    const version = waiting ? await versionOf(waiting) : undefined
    if (navigator.userActivation?.hasBeenActive || !this.#watch.mayReload()) return
    if (version && firstTry(version)) this.#apply(ANSWER_MS)
  }

  /** Only after a first worker: there is no older page before it. */
  #waiting(): ServiceWorker | null {
    return this.#registration.active ? this.#registration.waiting : null
  }

  #follow(): void {
    this.#registration.installing?.addEventListener('statechange', () => this.#tell())
  }

  #tell(): void {
    const ready = this.#waiting() !== null || this.#overtaken
    const state = this.#applying ? 'applying' : ready ? 'ready' : 'current'
    if (state !== this.#told) this.#watch.changed(state)
    this.#told = state
  }

  /** Every hour and when the app is looked at again; a hidden app asks nothing. */
  #checkWhileVisible(): void {
    const due = (after: number): void => {
      if (document.visibilityState === 'visible' && Date.now() - this.#checkedAt >= after) {
        void this.check()
      }
    }
    document.addEventListener('visibilitychange', () => due(BETWEEN_CHECKS_MS))
    setInterval(() => due(HOUR_MS), BETWEEN_CHECKS_MS)
  }
}

/** Until the page has loaded and asks for nothing any more; only for a few seconds. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    const rest = (): ReturnType<typeof setTimeout> => setTimeout(done, QUIET_MS)
    const observer = new PerformanceObserver(() => {
      clearTimeout(resting)
      resting = rest()
    })
    function done(): void {
      observer.disconnect()
      resolve()
    }
    let resting = rest()
    observer.observe({ type: 'resource' })
    setTimeout(done, QUIET_AT_MOST_MS)
  })
}

/** The worker's version; undefined when it does not say. */
function versionOf(worker: ServiceWorker): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = (event: MessageEvent<unknown>) => {
      resolve(typeof event.data === 'string' ? event.data : undefined)
    }
    setTimeout(() => resolve(undefined), ANSWER_MS)
    worker.postMessage({ type: 'version' }, [port2])
  })
}

/** Remembers a version; false when it was known, or cannot be remembered: no reload loop. */
function firstTry(version: string): boolean {
  try {
    if (sessionStorage.getItem(TRIED) === version) return false
    sessionStorage.setItem(TRIED, version)
    return true
  } catch {
    return false
  }
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string }
}

/** The worker's address, through the one policy that our headers allow, where there are any. */
function workerUrl(): string {
  const known = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes
  const policy = known?.createPolicy('sw', {
    createScriptURL(url) {
      if (url !== WORKER) throw new TypeError('only the worker is a script of ours to start')
      return url
    },
  })
  return policy?.createScriptURL(WORKER) ?? WORKER
}
