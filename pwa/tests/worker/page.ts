/**
 * A page that is nothing but its version, for the tests of the worker in a real browser
 * (`tests/pwa/test_worker.py`, which writes another name below for the next build).
 */

import { watchUpdates, type UpdateState } from '../../src/sync/update.ts'

const NAME = 'build N'

const loads = Number(sessionStorage.getItem('loads') ?? 0) + 1
sessionStorage.setItem('loads', String(loads))

const refused: string[] = []
document.addEventListener('securitypolicyviolation', (event) => refused.push(event.violatedDirective))

const place = document.createElement('h1')
place.textContent = NAME
document.body.append(place)

const heard: UpdateState[] = []
const updates = watchUpdates({
  mayReload: () => sessionStorage.getItem('busy') === null,
  changed: (state) => heard.push(state),
})

Object.assign(globalThis, {
  heard,
  refused,
  loads,
  check: async () => (await updates).check(),
  apply: async () => (await updates).apply(),
  lazy: async () => (await import('./lazy.ts')).words,
})
