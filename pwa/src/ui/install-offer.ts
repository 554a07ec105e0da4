/** What the browser offers about installing; kept until it is useful. The cards are `install.tsx`'s. */

import { computed, signal } from '@preact/signals'
import { world } from './truth.ts'

interface Offer extends Event { prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }> }

export const offer = signal<Offer | null>(null)
export const declined = signal(false)
export const isIos = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes('Mac') && navigator.maxTouchPoints > 1)
export const standalone = matchMedia('(display-mode: standalone)').matches || (navigator as { standalone?: boolean }).standalone === true

/** Safari on an iPhone, not the icon: it may forget what is written after seven days. */
export const inSafariTab: boolean = isIos && !standalone

/** Something of mine is written here: from then on it is worth keeping. */
export const useful = computed(() => world.value.outbox.length > 0)

/** Keeps the browser's offer until it is useful; call once. */
export function watchInstall(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offer.value = event as Offer
  })
  addEventListener('appinstalled', () => { offer.value = null })
}

/** Whether there is something to show; its code comes only then. */
export const wantsInstall = computed(() => inSafariTab || (offer.value !== null && useful.value && !declined.value))

/** In a Safari tab: somebody has read that this phone may forget what is written here. */
export const riskTaken = signal(!inSafariTab)
