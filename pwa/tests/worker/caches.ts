/** The browser's CacheStorage, as much of it as the worker uses. */

class MemoryCache {
  readonly kept = new Map<string, Response>()

  async match(path: string): Promise<Response | undefined> {
    return this.kept.get(path)?.clone()
  }

  async put(path: string, answer: Response): Promise<void> {
    this.kept.set(path, answer)
  }
}

export class MemoryCaches {
  readonly all = new Map<string, MemoryCache>()

  async open(name: string): Promise<MemoryCache> {
    const found = this.all.get(name) ?? new MemoryCache()
    this.all.set(name, found)
    return found
  }

  async match(path: string): Promise<Response | undefined> {
    for (const cache of this.all.values()) {
      const found = await cache.match(path)
      if (found) return found
    }
    return undefined
  }

  async keys(): Promise<string[]> {
    return [...this.all.keys()]
  }

  async delete(name: string): Promise<boolean> {
    return this.all.delete(name)
  }

  /** The same, with the type that the worker asks for. */
  asBrowsers(): CacheStorage {
    return this as unknown as CacheStorage
  }
}
