/** One session as a file for the phone's own calendar: a moment, and no names (RFC 5545). */

import type { SessionView } from './views.ts'

const LINE_BYTES = 75
const utf8 = new TextEncoder()

/**
 * One event, in UTC. What it is called is the caller's to choose; the place stands in it only when
 * it is given. Neither link nor passcode is in it: calendars are copied to other people's servers.
 */
export function ics(
  session: SessionView, words: { readonly title: string; readonly place?: string },
): string {
  const { starts, ends } = session.when
  const changed = Math.max(0, ...session.changes.map((change) => change.at))
  const lines = [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Enid//Enid//EN', 'METHOD:PUBLISH', 'BEGIN:VEVENT',
    // The same name and a higher number each time: a moved session moves in the calendar.
    `UID:${session.rec}@enid`, `SEQUENCE:${session.changes.length}`, `DTSTAMP:${utc(changed || starts)}`,
    `DTSTART:${utc(starts)}`, `DTEND:${utc(ends)}`, `SUMMARY:${escaped(words.title)}`,
    ...(words.place ? [`LOCATION:${escaped(words.place)}`] : []),
    `STATUS:${session.cancelled ? 'CANCELLED' : 'CONFIRMED'}`, 'END:VEVENT', 'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n')
}

/** At most 75 bytes in a line, never in the middle of a character. */
function folded(line: string): string {
  let out = ''
  let room = LINE_BYTES
  for (const character of line) {
    const size = utf8.encode(character).length
    if (size > room) {
      out += '\r\n '
      room = LINE_BYTES - 1
    }
    out += character
    room -= size
  }
  return out
}
