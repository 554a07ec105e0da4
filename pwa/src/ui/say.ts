/** Sessions in words, the same on every screen. */

import { clockWords, dayWords, daysBetween, instantToWall, timeWords } from '../domain/time.ts'
import type { ChangeView, SessionView, When } from '../domain/views.ts'
import { today as words } from '../words/en/today.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** 'Today', 'Tomorrow' or 'Tuesday 12 January'; always the date when the phone is elsewhere. */
export function dayOf(when: When, now: number): string {
  const days = daysBetween(instantToWall(now, when.tz).on, when.on)
  if (when.here) return dayWords(when.on)
  return days === 0 ? words.todayAt : days === 1 ? words.tomorrowAt : dayWords(when.on)
}

/** '1pm to 2:15pm', on the wall of the group. */
export function hoursOf(when: When): string {
  return words.range(timeWords(when.start), timeWords(when.end))
}

/** Which zone that is, and the same hours on the phone's own wall; null when it is the same wall (E-03). */
export function elsewhere(when: When): string | null {
  if (!when.here) return null
  const range = words.range(timeWords(when.here.start), timeWords(when.here.end))
  const here = when.here.on === when.on ? words.hereTime(range) : words.hereTimeOn(range, dayWords(when.here.on))
  return `${zoneOf(when.tz)}. ${here}`
}

function zoneOf(tz: string): string {
  return tz === 'Europe/London' ? words.ukTime : words.zoneTime((tz.split('/').at(-1) ?? tz).replaceAll('_', ' '))
}

/** '1pm, Tuesday 12 January', with the zone named when the phone is elsewhere. */
export function momentOf(when: When): string {
  const time = timeWords(when.start)
  return words.at(when.here ? `${time} ${zoneOf(when.tz)}` : time, dayWords(when.on))
}

/** 'Group 7 · session 4'. */
export function nameOf(session: SessionView): string {
  return `${session.groupName} · ${words.session(session.number)}`
}

/** How near it is: 'Starts in 12 minutes', 'On now', 'In 3 days', 'Past'. */
export function nearness(session: SessionView, now: number): string {
  const { starts, ends, tz, on } = session.when
  if (session.phase === 'past' || now >= ends) return words.past
  if (session.phase === 'now') {
    return now < starts ? words.startsIn(Math.max(1, Math.ceil((starts - now) / minute))) : words.now
  }
  const days = daysBetween(instantToWall(now, tz).on, on)
  return days > 1 ? words.inDays(days) : days === 1 ? words.tomorrowAt : words.todayAt
}

/** When the space that it stands in was last checked, if that is too long ago to trust. */
export function stale(session: SessionView, now: number): string | null {
  if (session.checkedAt === null) return null
  const days = Math.floor((now - session.checkedAt) / day)
  return days >= 7 ? words.checked(days) : null
}

/** 'Room changed from 4 to 12'. */
export function changeOf(change: ChangeView): string {
  const { what, before, after } = change
  if (what === 'place' && before && after) return moved(before, after)
  const say = words.changedTo
  if (what === 'when' && after) return say.when(after)
  if (what === 'place' && after) return say.place(after)
  if (what === 'leaders' && after) return say.leaders(after)
  if (what === 'state') return after?.startsWith('cancelled') ? say.cancelled : say.on
  return what === 'link' ? say.link : say.other
}

const room = /^room\s+/i

function moved(before: string, after: string): string {
  return room.test(before) && room.test(after)
    ? words.changedRoom(before.replace(room, ''), after.replace(room, '')) : words.changedPlace(before, after)
}

/** A moment in the past: '8:42am' today, else 'Tue 3 Nov'. */
export function ago(at: number, now: number, zone: string): string {
  const on = instantToWall(at, zone).on
  return on === instantToWall(now, zone).on ? clockWords(at, zone) : dayWords(on, 'short')
}
