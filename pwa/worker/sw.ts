/**
 * The service worker: keeps the app on this phone and does nothing else. It never touches
 * the interface (/v1/) or the demo, and waits until a page sends `{ type: 'activate' }`.
 */

import { opensTheApp } from './paths.ts'
import { Precache, type Build } from './precache.ts'

declare const self: ServiceWorkerGlobalScope
/** Filled in by `plugin.ts`. */
declare const BUILD: Build

const build = BUILD
const app = new Precache(caches, fetch.bind(self), build)

self.addEventListener('install', (event) => event.waitUntil(app.fill()))

self.addEventListener('activate', (event) =>
  // The first page of all is taken over too: what it loads later is there already.
  event.waitUntil(app.dropOlder().then(() => self.clients.claim())),
)

self.addEventListener('message', (event) => {
  const asked = (event.data as { type?: unknown } | null)?.type
  if (asked === 'version') event.ports[0]?.postMessage(build.version)
  if (asked === 'activate') event.waitUntil(self.skipWaiting())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (request.mode === 'navigate') {
    if (opensTheApp(pathname)) event.respondWith(page(event))
  } else if (app.has(pathname)) {
    event.respondWith(app.file(pathname))
  }
})

async function page(event: FetchEvent): Promise<Response> {
  const kept = await app.shell()
  if (kept) return kept
  event.waitUntil(app.fill().catch(() => undefined))
  return fetch(event.request)
}
