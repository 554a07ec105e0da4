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
await opening
const place = document.getElementById('app')
if (place) render(<Shell />, place)
document.addEventListener('visibilitychange', () => wake(document.hidden ? 'hidden' : 'visible'))
addEventListener('online', () => wake('online'))
followSettings()
;(globalThis.requestIdleCallback ?? setTimeout)(() => {
  warm()
  void settle()
  void watch()
  if (facts.vault.value === 'empty') void import('./door.ts').then((door) => door.lookForDemo())
})
