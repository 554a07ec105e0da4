/**
 * Wall clocks and moments (E-01, E-03). A session is kept as a day, a time on the wall and a zone,
 * so it stays at one o'clock across both clock changes and reads the same on a phone abroad.
 * `tests/pwa/test_domain_times.py` compares with Python's zoneinfo. The present is an argument.
 */

import { language } from '../words/speech.ts'
import type { When } from './views.ts'

export const LONDON = 'Europe/London'
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** A day and a time on a wall: '2026-10-27', '13:00'. */
export interface Wall {
  readonly on: string
  readonly start: string
}

const walls = new Map<string, Intl.DateTimeFormat>()
const instants = new Map<string, number>()

function wallOf(tz: string): Intl.DateTimeFormat {
  let found = walls.get(tz)
  if (!found) {
    try {
      found = new Intl.DateTimeFormat('en-GB', {
        timeZone: tz, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
        hour: '2-digit', minute: '2-digit', second: '2-digit',
      })
    } catch {
      // A zone that this phone does not know hides no session: it is read as London's.
      found = wallOf(LONDON)
    }
    walls.set(tz, found)
  }
  return found
}

/** How far the wall is ahead of UTC at a moment, milliseconds. */
function offsetAt(ms: number, tz: string): number {
  const [day, month, year, ...clock] = wallOf(tz).format(ms).match(/\d+/g)!.map(Number)
  const [hour, minute, second] = clock
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - Math.floor(ms / 1000) * 1000
}

/**
 * The moment that a wall shows a day and a time, milliseconds.
 *
 * What the wall shows twice is the first of the two; what it never shows is counted by the clock
 * before the change, as zoneinfo does with `fold=0`.
 */
export function wallToInstant(on: string, start: string, tz: string): number {
  const name = `${tz} ${on} ${start}`
  let found = instants.get(name)
  if (found === undefined) {
    const shown = Date.parse(`${on}T${start}:00Z`)
    const before = offsetAt(shown - DAY, tz)
    const after = offsetAt(shown + DAY, tz)
    const early = shown - before
    const late = shown - after
    const isLate = offsetAt(early, tz) !== before && offsetAt(late, tz) === after
    found = isLate ? late : early
    instants.set(name, found)
  }
  return found
}

/** What a wall shows at a moment. */
export function instantToWall(ms: number, tz: string): Wall {
  const shown = new Date(ms + offsetAt(ms, tz)).toISOString()
  return { on: shown.slice(0, 10), start: shown.slice(11, 16) }
}

/** When a session is; `minutes` really pass, also across a clock change (E-02). */
export function whenOf(
  session: Wall & { readonly minutes: number; readonly tz: string }, zone: string,
): When {
  const starts = wallToInstant(session.on, session.start, session.tz)
  const ends = starts + session.minutes * MINUTE
  const { start: end } = instantToWall(ends, session.tz)
  const here = instantToWall(starts, zone)
  const elsewhere = here.on !== session.on || here.start !== session.start
  return {
    starts, ends, on: session.on, start: session.start, end, tz: session.tz,
    here: elsewhere ? { ...here, end: instantToWall(ends, zone).start } : null,
  }
}

// -- moments --------------------------------------------------------------------------

/** A moment as records have it: UTC, to the second. */
export function momentOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** The milliseconds of such a moment. */
export function msOf(moment: string): number {
  return Date.parse(moment)
}

// -- days -----------------------------------------------------------------------------

/** A day some days later, or earlier. */
export function addDays(on: string, days: number): string {
  return new Date(Date.parse(on) + days * DAY).toISOString().slice(0, 10)
}

/** How many days from one day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY)
}

const mondays = new Map<string, string>()

/** The first day of a week. Asked of every session for every session, so each day is worked out once. */
export function mondayOf(on: string): string {
  let monday = mondays.get(on)
  if (monday === undefined) mondays.set(on, (monday = addDays(on, -((new Date(on).getUTCDay() + 6) % 7))))
  return monday
}

/** Whether a day lies in one of some spans; without a last day a span goes on. */
export function isWithin(
  on: string, spans: readonly { readonly first_on: string; readonly last_on?: string }[] | undefined,
): boolean {
  return !!spans?.some((span) => span.first_on <= on && (!span.last_on || on <= span.last_on))
}

// -- words ----------------------------------------------------------------------------

const DAY_FORMS = {
  long: { weekday: 'long', day: 'numeric', month: 'long' },
  full: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  short: { weekday: 'short', day: 'numeric', month: 'short' },
  weekday: { weekday: 'long' },
} as const

const days = new Map<string, Intl.DateTimeFormat>()

/**
 * A day in the language that speaks: 'Tuesday 27 October', with its year ('full'), 'Tue 27 Oct'
 * ('short'), or 'Tuesday' alone ('weekday').
 */
export function dayWords(on: string, form: keyof typeof DAY_FORMS = 'long'): string {
  const name = `${language()} ${form}`
  let format = days.get(name)
  if (!format) {
    format = new Intl.DateTimeFormat(language(), { ...DAY_FORMS[form], timeZone: 'UTC' })
    days.set(name, format)
  }
  const parts = format.formatToParts(Date.parse(on)).filter((part) => part.type !== 'literal')
  return parts.map((part) => part.value.replace(/\.$/, '')).join(' ')
}

/** A time on the wall as people say it: '1pm', '12:30pm', 'midday', 'midnight'. */
export function timeWords(start: string): string {
  const welsh = language().startsWith('cy')
  if (start === '12:00') return welsh ? 'canol dydd' : 'midday'
  if (start === '00:00') return welsh ? 'canol nos' : 'midnight'
  const [hour, minute] = start.split(':').map(Number)
  const half = hour! < 12 ? (welsh ? 'yb' : 'am') : (welsh ? 'yp' : 'pm')
  const minutes = minute ? `:${String(minute).padStart(2, '0')}` : ''
  return `${hour! % 12 || 12}${minutes}${half}`
}

/** A moment as people say it, on the wall of a zone: '8:42am'. */
export function clockWords(ms: number, zone: string): string {
  return timeWords(instantToWall(ms, zone).start)
}
