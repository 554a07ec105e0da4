/** Where the seats of a ring stand: a circle to 10, an upright oval to 16. Pure. */

export interface Spot { readonly x: number; readonly y: number }

/** More people than this are a list. */
export const seatsMax = 16

const seat = 48
const steps = 720

/**
 * The centres of `n` seats in a box of `width` x `height` px: clockwise at equal arc length, the
 * first just right of the top. `null` when two seats would stand closer than 48 px, or above 16.
 */
export function seatPositions(n: number, width: number, height: number): readonly Spot[] | null {
  if (n < 1 || n > seatsMax) return null
  const rx = (width - 24 - seat) / 2
  const free = (height - seat) / 2
  const ry = n <= 10 ? Math.min(rx, free) : Math.min(rx * 1.42, free)
  if (rx <= 0 || ry <= 0) return null
  const x = n <= 10 ? ry : rx
  const spots = round(n, x, ry).map((spot) => ({ x: spot.x + width / 2, y: spot.y + height / 2 }))
  return apart(spots) >= seat ? spots : null
}

function round(n: number, rx: number, ry: number): readonly Spot[] {
  const at = (i: number): Spot => {
    const angle = (i / steps) * 2 * Math.PI
    return { x: rx * Math.sin(angle), y: -ry * Math.cos(angle) }
  }
  const lengths = [0]
  for (let i = 1; i <= steps; i++) lengths.push((lengths[i - 1] ?? 0) + between(at(i - 1), at(i)))
  const whole = lengths[steps] ?? 0
  return Array.from({ length: n }, (_, k) => at(lengths.findIndex((l) => l >= (whole * (k + 0.5)) / n)))
}

function apart(spots: readonly Spot[]): number {
  let least = Infinity
  for (let i = 0; i < spots.length; i++) {
    for (let j = 0; j < i; j++) least = Math.min(least, between(spots[i] as Spot, spots[j] as Spot))
  }
  return least
}

const between = (a: Spot, b: Spot): number => Math.hypot(a.x - b.x, a.y - b.y)

/** Two letters of a name: 'Mohammed Ali Khan' is MK, 'Thiruvalluvan' is Th. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /^\p{L}/u.test(word))
  const letters = (word: string | undefined, count: number): string => [...(word ?? '')].slice(0, count).join('')
  return words.length > 1 ? (letters(words[0], 1) + letters(words.at(-1), 1)).toUpperCase() : letters(words[0], 2)
}
