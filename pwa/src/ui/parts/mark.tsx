/** The mark of the app; the icon is the same drawing. */

import type { JSX } from 'preact'

/** The mark: seven seats, one drawn back (the presenter, who sits back). */
export function Mark({ size = 28 }: { readonly size?: number }): JSX.Element {
  const seats = Array.from({ length: 7 }, (_, i) => {
    const angle = ((i + 0.85) / 7) * 2 * Math.PI
    const away = i === 0 ? 41 : 29
    return <circle key={i} cx={(50 + away * Math.sin(angle)).toFixed(1)} cy={(50 - away * Math.cos(angle)).toFixed(1)} r="8.5" />
  })
  return <svg class="mark-ring" viewBox="0 0 100 100" width={`${size / 16}rem`} height={`${size / 16}rem`} fill="currentColor" aria-hidden="true">{seats}</svg>
}
