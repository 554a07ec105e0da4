/**
 * Keeping Enid on the phone. Android: its own offer, kept until the first useful act. iPhone:
 * pictures of the steps, as Safari and the Home Screen share nothing; the next start tells whether
 * it worked, for the icon opens `standalone` and Safari does not.
 */

import type { JSX } from 'preact'
import { install as words } from '../words/en/install.ts'
import { declined, inSafariTab, isIos, offer, riskTaken, standalone, useful } from './install-offer.ts'
import { Button, Card, Icon, PageHead } from './parts/index.ts'
import type { RouteName } from './router.ts'
import { vault } from './truth.ts'

/** The card that offers it, where and when it makes sense. `door`: on the front page. */
export function InstallCard({ door }: { readonly door?: boolean }): JSX.Element | null {
  if (inSafariTab) return door || !declined.value ? <Steps door={door === true} /> : null
  if (door) return standalone && isIos ? <p class="installed"><Icon name="tick" size={20} />{words.done}</p> : null
  if (!offer.value || !useful.value || declined.value) return null
  const install = (): void => {
    const kept = offer.value
    offer.value = null
    void kept?.prompt()
  }
  return (
    <Card title={words.offer}>
      <p class="quiet">{words.why}</p>
      <div class="buttons">
        <Button kind="secondary" icon="download" onClick={install}>{words.now}</Button>
        <Button kind="quiet" onClick={() => { declined.value = true }}>{words.later}</Button>
      </div>
    </Card>
  )
}

function Steps({ door }: { readonly door: boolean }): JSX.Element {
  const pictures = ['share', 'plus', 'tick'] as const
  return (
    <Card tone="amber" title={vault.value === 'open' ? words.iosNotYet : words.ios}>
      <p class="quiet">{words.iosWhy}</p>
      <ol class="install-steps" role="list">
        {words.iosSteps.map((step, i) => (
          <li key={step}><span class="install-picture"><Icon name={pictures[i] ?? 'tick'} /></span><span>{step}</span></li>
        ))}
      </ol>
      {door ? <p class="quiet">{words.iosAgain}</p>
        : <Button kind="quiet" onClick={() => { declined.value = true }}>{words.later}</Button>}
    </Card>
  )
}

/** In a Safari tab a register asks once: this phone may forget it (app.md). */
export function TabRisk({ up }: { readonly up: RouteName }): JSX.Element {
  return (
    <>
      <PageHead title={words.tab} up={up} />
      <Card tone="amber">
        <p>{words.tabText}</p>
        <Button kind="secondary" onClick={() => { riskTaken.value = true }}>{words.tabUse}</Button>
      </Card>
    </>
  )
}
