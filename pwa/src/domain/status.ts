/**
 * The status line (ux 4.2): what is so, worst first, from the outbox, the cursors, the leaders'
 * marks and what the network floor last knew. Never a flag and never a timer: while anything is in
 * the outbox it does not say that all is sent (ux 2, complaint 1).
 */

import type { Pending, SpaceState, World } from '../protocol/local.ts'
import type { Fields } from './fields.ts'
import { groupName } from './meetings.ts'
import { labelOf } from './people.ts'
import { isOvertaken, records, spaceIn } from './project.ts'
import { DAY, dayWords, HOUR, LONDON } from './time.ts'
import { differences } from './today.ts'
import type { Net, Status, UnsentView } from './views.ts'

/** After a day what is not sent is said with its age; after three, so is what was checked. */
const STUCK_AFTER = DAY
const STALE_AFTER = 3 * DAY
/** A clock that is half an hour wrong changes what is late, and before or after the start (E-04). */
const CLOCK_OFF = HOUR / 2

/** What the line says now. */
export function status(
  world: World, net: Net, now: number, vault: 'open' | 'locked' | 'revoked' | 'empty', madeUp: boolean,
): Status {
  if (vault === 'revoked' || vault === 'locked') return { kind: vault }
  if (madeUp) return { kind: 'madeup' }
  return ofOutbox(world, net, now) ?? ofChecks(world, net, now)
}

function ofOutbox(world: World, net: Net, now: number): Status | null {
  const rows = unsent(world)
  const first = (state: Pending['state']) => rows.find((row) => row.state === state)
  const count = (state: Pending['state']) => rows.filter((row) => row.state === state).length
  const unsaved = first('unsaved')
  if (unsaved) return { kind: 'unsaved', count: count('unsaved'), code: unsaved.code ?? 'storage' }
  const refused = first('refused')
  if (refused) return { kind: 'refused', count: count('refused'), code: refused.code ?? 'bad_envelope' }
  if (!rows.length) return null
  if (net.state === 'busy') return { kind: 'sending', count: rows.length }
  const since = Math.min(...rows.map((row) => row.at))
  if (now - since > STUCK_AFTER) return { kind: 'stuck', count: rows.length, since }
  return { kind: 'pending', count: rows.length }
}

function ofChecks(world: World, net: Net, now: number): Status {
  const [differ] = differences(world, now, LONDON)
  if (differ) return differ
  const ahead = net.clockAhead ?? 0
  if (Math.abs(ahead) >= CLOCK_OFF) return { kind: 'clock', hours: Math.max(1, Math.round(Math.abs(ahead) / HOUR)) }
  const at = checkedAt(world, net)
  if (at !== null && now - at > STALE_AFTER) return { kind: 'stale', days: Math.floor((now - at) / DAY) }
  if (at === null || net.state === 'offline') return { kind: 'offline' }
  return { kind: 'sent', at }
}

/** When the server last gave an answer that was taken. */
function checkedAt(world: World, net: Net): number | null {
  const known = [net.lastOkAt, ...[...world.spaces.values()].map((space: SpaceState) => space.checkedAt)]
  const times = known.filter((at) => at !== null)
  return times.length ? Math.max(...times) : null
}

// -- what is not sent -----------------------------------------------------------------

/**
 * Every act that is not sent yet, oldest first. What follows from an act (its statements, the
 * flag of an apology) is one with it, unless it was refused or could not be kept. What could not be
 * kept and is in a newer act that was is kept.
 */
export function unsent(world: World): UnsentView[] {
  const rows = world.outbox.filter((row) => !isOvertaken(world, row))
  const acts = rows.filter((row) => !isFollower(row))
  const followers = rows.filter((row) => isFollower(row)
    && (row.state === 'refused' || row.state === 'unsaved' || !acts.some((act) => leadsTo(act, row))))
  return [...acts, ...followers].sort((a, b) => a.at - b.at || a.n - b.n).map((row) => ({
    n: row.n, what: whatOf(row), about: aboutOf(world, row), state: row.state, code: row.code, at: row.at,
  }))
}

function isFollower(row: Pending): boolean {
  return row.content?.t === 'statement' || row.content?.t === 'apology_flag'
}

function leadsTo(act: Pending, row: Pending): boolean {
  const type = row.content?.t === 'statement' ? 'sheet' : 'apology'
  return act.content?.t === type && act.content['session'] === row.content?.['session']
}

const WHAT: Readonly<Record<string, UnsentView['what']>> = {
  sheet: 'mark', statement: 'mark', apology: 'apology', apology_flag: 'apology', agreement: 'agreement',
  note: 'note', sitting: 'sitting', session: 'session', settings: 'settings',
}

function whatOf(row: Pending): UnsentView['what'] {
  return WHAT[row.content?.t ?? ''] ?? 'other'
}

function aboutOf(world: World, row: Pending): string | null {
  const { content } = row
  if (content?.t === 'note') return (content['title'] as string | undefined) ?? null
  const circle = world.spaces.get(row.space)?.circle
  if (!content || !circle) return null
  if (content.t === 'person') return labelOf(world, circle, content['person'] as string)
  const name = groupName(world, circle)
  const on = content.t === 'session' ? (content as unknown as Fields['session']).on
    : dayOf(world, circle, content['session'])
  return [name, on && dayWords(on, 'short')].filter(Boolean).join(', ') || null
}

function dayOf(world: World, circle: string, session: unknown): string | null {
  const found = records(world, spaceIn(circle, 'frame'), 'session').find((item) => item.rec === session)
  return found?.fields.on ?? null
}
