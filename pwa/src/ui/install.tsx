/**
 * Keeping Enid on the phone. Android: its own offer, kept until the first useful act. iPhone:
 * pictures of the steps, as Safari and the Home Screen share nothing; the next start tells whether
 * it worked, for the icon opens `standalone` and Safari does not.
 */

import { computed, signal } from '@preact/signals'
import type { JSX } from 'preact'
import { common } from '../words/en/common.ts'
import { Button, Card, Icon } from './parts/index.ts'
import { vault, world } from './truth.ts'

const words = common.install

interface Offer extends Event { prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }> }

const offer = signal<Offer | null>(null)
const declined = signal(false)
const isIos = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes('Mac') && navigator.maxTouchPoints > 1)
const standalone = matchMedia('(display-mode: standalone)').matches || (navigator as { standalone?: boolean }).standalone === true

/** Safari on an iPhone, not the icon: it may forget what is written after seven days. */
export const inSafariTab: boolean = isIos && !standalone

/** Something of mine is written here: from then on it is worth keeping. */
const useful = computed(() => world.value.outbox.length > 0)

/** Keeps the browser's offer until it is useful; call once. */
export function watchInstall(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offer.value = event as Offer
  })
  addEventListener('appinstalled', () => { offer.value = null })
}

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

const accepted = signal(false)

/** In a Safari tab a register or a note asks once: this phone may forget it. */
export function TabRisk({ children }: { readonly children: JSX.Element }): JSX.Element {
  if (!inSafariTab || accepted.value) return children
  return (
    <Card tone="amber" title={words.tab}>
      <p class="quiet">{words.iosWhy}</p>
      <Button kind="secondary" onClick={() => { accepted.value = true }}>{words.tabUse}</Button>
    </Card>
  )
}
