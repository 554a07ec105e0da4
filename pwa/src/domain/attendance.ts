/**
 * One's own attendance, as one's leaders tell it (ux: My attendance). What counts has begun, was
 * not cancelled, and falls into the time on the roster and out of leave (E-06, E-12, E-26, E-32).
 * Of linked sittings a week counts once, whichever was attended (E-27). Where nothing was recorded
 * the line says so, and nothing is counted (E-35).
 */

import type { Id, World } from '../protocol/local.ts'
import { linked, sessions } from './meetings.ts'
import type { AttendanceView, MyMark, SessionView } from './views.ts'

const ATTENDED: readonly MyMark[] = ['here', 'late', 'attended_elsewhere']

/** My attendance in a group, oldest first. */
export function attendance(world: World, circle: Id, now: number, zone: string): AttendanceView {
  const all = sessions(world, circle, now, zone)
  const begun = all.filter((one) => one.iAttend && !one.cancelled && one.when.starts <= now)
  const lines = begun.filter((one) => standsForWeek(one, linked(begun, one)))
  return {
    circle, groupName: all[0]?.groupName ?? '',
    attended: lines.filter((one) => ATTENDED.includes(one.mine)).length,
    of: lines.filter((one) => one.mine !== 'not_recorded').length,
    lines: lines.map((session) => ({ session, mark: session.mine })),
  }
}

/** Of a week's sittings: the one that was attended, else the one that was expected. */
function standsForWeek(one: SessionView, week: readonly SessionView[]): boolean {
  if (!week.length) return one.expectsMe || one.mine !== 'none'
  const attended = week.filter((other) => ATTENDED.includes(other.mine))
  const expected = week.filter((other) => other.expectsMe)
  return (attended[0] ?? expected[0] ?? week[0]) === one
}
