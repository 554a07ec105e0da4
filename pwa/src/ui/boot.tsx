/** The first line that runs: theme and text size, the router, the first paint; then the rest at leisure. */

import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import { render } from 'preact'
import { lookForDemo } from './act.ts'
import { startRouter } from './router.ts'
import { Shell, warm } from './shell.tsx'
import { startClock } from './truth.ts'

/** Before the first paint, so that no theme flashes: `localStorage` holds exactly {lang, theme, text, account}. */
function dress(): void {
  const root = document.documentElement
  for (const name of ['theme', 'text'] as const) {
    const value = localStorage.getItem(name)
    if (value) root.dataset[name] = value
  }
}

dress()
startRouter()
startClock()
const place = document.getElementById('app')
if (place) render(<Shell />, place)
void lookForDemo()
;(globalThis.requestIdleCallback ?? setTimeout)(warm)
