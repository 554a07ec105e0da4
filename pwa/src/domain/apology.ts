/**
 * Saying that one cannot come (E-08 to E-10). A reason is never needed and only one's leaders read
 * it; where the programme shows apologies to the group, the group learns that there is one. The
 * twin of `send` in `sync/desk/apologies.py`.
 */

import type { Pen, World } from '../protocol/local.ts'
import { apologiesOf } from './meetings.ts'
import { comes, me, settingsOf } from './people.ts'
import { spaceIn } from './project.ts'
import { momentOf } from './time.ts'
import type { Act, SessionView } from './views.ts'
import { putOwn } from './write.ts'

/**
 * Send apologies for a session, or give, change or leave out the reason of those that stand.
 *
 * Whether they came in time is judged by when they were first written: a reason given later does
 * not make them late.
 */
export function sendApology(world: World, pen: Pen, session: SessionView, reason?: string): Act {
  const old = apologiesOf(world, session.circle, me(world, session.circle)).get(session.rec)?.fields
  const writtenAt = old && !old.withdrawn ? old.written_at : momentOf(pen.now)
  const why = reason?.trim()
  return say(world, pen, session, writtenAt, false, why ? { reason: why } : {})
}

/** Take one's apologies back; the reason goes with them. */
export function withdrawApology(world: World, pen: Pen, session: SessionView): Act {
  return say(world, pen, session, momentOf(pen.now), true, {})
}

function say(
  world: World, pen: Pen, session: SessionView, writtenAt: string, withdrawn: boolean,
  why: { readonly reason?: string },
): Act {
  const { circle } = session
  const person = me(world, circle)
  if (person === null || !comes(world, circle)) return []
  const rec = pen.ownRec('apology', { id: session.rec })
  const said = { session: session.rec, withdrawn }
  const thread = spaceIn(circle, 'thread', person)
  const shown = settingsOf(world, circle).apologies_shown === 'group'
  return [
    ...putOwn(world, pen, thread, rec, 'apology', { ...said, ...why, written_at: writtenAt }),
    ...(shown ? putOwn(world, pen, spaceIn(circle, 'room'), rec, 'apology_flag', { ...said, person }) : []),
  ]
}
