/**
 * The files of one build in one cache, all of them or none. The page is served from a build
 * that is complete, or not at all; nothing is ever filled up from another build (ux.md, row 11).
 */

const PREFIX = 'enid-app-'
const COMPLETE = '/.complete'
const SHELL = '/index.html'
/** Their names carry a hash of their content, so an old copy is as good as a new one. */
const HASHED = '/assets/'

/** What the build says of itself. */
export interface Build {
  /** A hash of everything in it. */
  readonly version: string
  /** The integrity of each file, by its path. */
  readonly files: Readonly<Record<string, string>>
}

type Fetch = (path: string, how: RequestInit) => Promise<Response>

export class Precache {
  readonly #caches: CacheStorage
  readonly #fetch: Fetch
  readonly #build: Build
  readonly #name: string

  constructor(caches: CacheStorage, fetch: Fetch, build: Build) {
    this.#caches = caches
    this.#fetch = fetch
    this.#build = build
    this.#name = PREFIX + build.version
  }

  /** Whether a path is the app's to answer, be it of this build or of an earlier one. */
  has(path: string): boolean {
    return Object.hasOwn(this.#build.files, path) || path.startsWith(HASHED)
  }

  /** Takes in every file; throws, and leaves nothing behind, when one cannot be had as built. */
  async fill(): Promise<void> {
    const cache = await this.#caches.open(this.#name)
    if (await cache.match(COMPLETE)) return
    try {
      await Promise.all(Object.keys(this.#build.files).map((path) => this.#take(cache, path)))
      await cache.put(COMPLETE, new Response())
    } catch (error) {
      await this.#caches.delete(this.#name)
      throw error
    }
  }

  async #take(cache: Cache, path: string): Promise<void> {
    const kept = path.startsWith(HASHED) && (await this.#caches.match(path, { ignoreVary: true }))
    if (kept) return cache.put(path, kept)
    const answer = await this.#fetch(path, {
      // What a server in the middle of an update or a captive portal answers does not fit.
      integrity: this.#build.files[path] ?? '',
      cache: path.startsWith(HASHED) ? 'default' : 'reload',
      redirect: 'error',
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
    return cache.put(path, answer)
  }

  /** Drops what is older, but for the last complete build: another tab may still run it. */
  async dropOlder(): Promise<void> {
    const others = (await this.#caches.keys()).filter(
      (name) => name.startsWith(PREFIX) && name !== this.#name,
    )
    const complete: string[] = []
    for (const name of others) {
      if (await (await this.#caches.open(name)).match(COMPLETE)) complete.push(name)
    }
    const last = complete.at(-1)
    await Promise.all(others.filter((name) => name !== last).map((name) => this.#caches.delete(name)))
  }

  /** The page of this build; undefined when the browser has thrown the cache away. */
  async shell(): Promise<Response | undefined> {
    return (await this.#caches.open(this.#name)).match(SHELL, { ignoreVary: true })
  }

  /** A file of this build, or of the one before, or from the network; else 404, never the page. */
  async file(path: string): Promise<Response> {
    const own = await (await this.#caches.open(this.#name)).match(path, { ignoreVary: true })
    const kept = own ?? (await this.#caches.match(path, { ignoreVary: true }))
    if (kept) return kept
    return this.#fetch(path, {}).catch(() => new Response(null, { status: 404 }))
  }
}
