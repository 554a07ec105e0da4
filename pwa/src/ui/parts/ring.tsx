/**
 * The ring: the group's seats, seen from above. The mark of the app, the people of a group, and
 * later the seating plan and the timer. A seat tells its state by its shape, never by colour alone.
 */

import type { ComponentChildren, JSX } from 'preact'
import { initials, seatPositions } from './seats.ts'

export type SeatState =
  | 'plain' | 'me' | 'not_marked' | 'here' | 'late' | 'absent' | 'apology' | 'differ' | 'unsaved' | 'visitor' | 'leader'

const R = 20

/** A circle with a bite out of its upper right rim. */
function bitten(radius: number, bite: number): string {
  const away = radius
  const open = Math.acos((radius * radius + away * away - bite * bite) / (2 * radius * away))
  const at = (angle: number): string => `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`
  const middle = -Math.PI / 4
  return `M${at(middle + open)}A${radius} ${radius} 0 1 1 ${at(middle - open)}A${bite} ${bite} 0 0 0 ${at(middle + open)}z`
}

const late = bitten(R, 9)

const badges: Partial<Record<SeatState, ComponentChildren>> = {
  apology: <g class="seat-badge" transform="translate(14 14)"><rect x="-8" y="-6" width="16" height="12" rx="2" /><path d="M-6.5-4L0 1l6.5-5" /></g>,
  differ: <g class="seat-badge solid" transform="translate(14 14)"><circle r="8" /><path d="M-4-2h8M-4 2h8M2.5-5l-5 10" /></g>,
  unsaved: <g class="seat-badge warn" transform="translate(14 -14)"><path d="M0-8L8.5 7h-17z" /><path d="M0-2.5v4.5M0 4.5v.1" /></g>,
  visitor: <g class="seat-badge solid" transform="translate(14 14)"><circle r="8" /><path d="M-4 0h8M0-4v8" /></g>,
}

/** One seat around the origin, 44 px across: to be placed inside an svg. */
export function Seat({ state, label }: { readonly state: SeatState; readonly label?: string }): JSX.Element {
  const shape = state === 'leader' ? <rect x={-R} y={-R} width={2 * R} height={2 * R} rx="8" />
    : state === 'late' ? <path d={late} /> : <circle r={R} />
  return (
    <g class={`seat ${state}`}>
      {shape}
      {state === 'differ' && <path class="seat-half" d={`M0 ${-R}A${R} ${R} 0 0 0 0 ${R}`} />}
      {label && <text y="5" text-anchor="middle">{label}</text>}
      {badges[state]}
    </g>
  )
}

export interface RingPerson {
  readonly name: string
  readonly state: SeatState
}

/**
 * The ring of a group as a picture with one name; the list beside it says the same in words.
 * Renders nothing where the seats do not fit: the list is then enough.
 */
export function Ring({ people, label, middle, width = 320, height = 320 }: {
  readonly people: readonly RingPerson[]; readonly label: string; readonly middle?: string
  readonly width?: number; readonly height?: number
}): JSX.Element | null {
  const spots = seatPositions(people.length, width, height)
  if (!spots) return null
  return (
    <svg class="ring" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {people.map((person, i) => (
        <g key={i} transform={`translate(${spots[i]?.x.toFixed(1)} ${spots[i]?.y.toFixed(1)})`}>
          <Seat state={person.state} label={initials(person.name)} />
        </g>
      ))}
      {middle && <text class="ring-middle" x={width / 2} y={height / 2 + 6} text-anchor="middle">{middle}</text>}
    </svg>
  )
}
