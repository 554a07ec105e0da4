/** The first line that runs: theme and text size, the router, the first paint; then the rest at leisure. */

import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import { render } from 'preact'
import { lookForDemo, setUpdater, settle, start, wake } from './act.ts'
import { route, startRouter } from './router.ts'
import { Shell, warm } from './shell.tsx'
import { facts, startClock } from './truth.ts'

/** Before the first paint, so that no theme flashes: `localStorage` holds exactly {lang, theme, text, account}. */
function dress(): void {
  const root = document.documentElement
  for (const name of ['theme', 'text'] as const) {
    const value = localStorage.getItem(name)
    if (value) root.dataset[name] = value
  }
}

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
await opening
const place = document.getElementById('app')
if (place) render(<Shell />, place)
document.addEventListener('visibilitychange', () => wake(document.hidden ? 'hidden' : 'visible'))
addEventListener('online', () => wake('online'))
;(globalThis.requestIdleCallback ?? setTimeout)(() => {
  warm()
  void settle()
  void watch()
  if (facts.vault.value === 'empty') void lookForDemo()
})
