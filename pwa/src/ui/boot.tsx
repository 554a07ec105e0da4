/** The first line that runs: theme and text size, the router, the first paint; then the rest at leisure. */

import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import { render } from 'preact'
import { setUpdater, settle, start, wake } from './act.ts'
import { dress, followSettings } from './dress.ts'
import { watchInstall } from './install-offer.ts'
import { route, startRouter } from './router.ts'
import { Shell, warm } from './shell.tsx'
import { facts, startClock } from './truth.ts'

/** On a phone that is never idle the rest comes all the same. */
const REST_MS = 2_000

/** A newer version waits until nothing is half written (ux.md, rows 11 and 12). */
async function watch(): Promise<void> {
  const { watchUpdates } = await import('../sync/update.ts')
  const updates = await watchUpdates({
    mayReload: () => !route.value.name.startsWith('register') && facts.world.value.outbox.every((row) => row.n > 0),
    changed: (state) => { facts.update.value = state === 'ready' ? 'ready' : 'none' },
  })
  setUpdater(() => updates.apply())
}

const opening = start() // storage opens while the styles are still being read
dress()
startRouter()
startClock()
watchInstall()
void begin()

/** No `await` outside: WebKit lets what is imported later run before what it imports. */
async function begin(): Promise<void> {
  await opening
  const place = document.getElementById('app')
  if (place) render(<Shell />, place)
  document.addEventListener('visibilitychange', () => wake(document.hidden ? 'hidden' : 'visible'))
  addEventListener('online', () => wake('online'))
  followSettings()
  if ('requestIdleCallback' in globalThis) requestIdleCallback(rest, { timeout: REST_MS })
  else setTimeout(rest)
}

/** What the first paint does not wait for. */
function rest(): void {
  warm()
  void settle()
  void watch()
  if (facts.vault.value === 'empty') void import('./door.ts').then((door) => door.lookForDemo())
}
