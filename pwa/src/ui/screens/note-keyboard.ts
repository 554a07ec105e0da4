/**
 * The keyboard of a phone. Where it makes the page smaller (`interactive-widget` in the page's head)
 * nothing is to do. Elsewhere (iOS) it lies over the page: the frame then takes the height that is
 * left, and what was tapped is brought above it. The style sheet reads `data-keyboard`.
 */

import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import { scroller } from '../router.ts'

/** Anything lower is a bar of the browser. CSS px. */
const KEYBOARD_MIN = 120
/** How far above the keyboard the tapped line comes to stand. CSS px. */
const ABOVE = 96

/** Keeps what is typed in `field` in sight, as long as the screen stands. */
export function useKeyboard(field: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const seen = globalThis.visualViewport
    if (!seen) return
    const root = document.documentElement
    let tapped = 0
    let up = false
    const fit = (): void => {
      const was = up
      up = seen.scale === 1 && innerHeight - seen.height > KEYBOARD_MIN
      root.toggleAttribute('data-keyboard', up)
      root.style.setProperty('--visible', `${seen.height}px`)
      if (!up) return
      // Safari moves the whole page up to show the field; the frame has already made room.
      scrollTo(0, 0)
      const hidden = tapped + ABOVE - seen.height
      if (!was && hidden > 0) scroller().scrollBy(0, hidden)
    }
    const tap = (event: PointerEvent): void => { tapped = event.clientY }
    const element = field.current
    element?.addEventListener('pointerup', tap)
    seen.addEventListener('resize', fit)
    return () => {
      element?.removeEventListener('pointerup', tap)
      seen.removeEventListener('resize', fit)
      root.removeAttribute('data-keyboard')
    }
  }, [])
}
