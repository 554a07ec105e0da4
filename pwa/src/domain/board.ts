/**
 * Small acts of somebody in a group: agreeing to the rules, choosing this week's sitting, and having
 * seen what changed. The twins are `sync/desk/board.py`, `apologies.py` and `personal.py`.
 */

import type { Id, Pen, World } from '../protocol/local.ts'
import { newestRules, noticeItems } from './noticeboard.ts'
import { circlesOf, comes, me } from './people.ts'
import { records, spaceIn } from './project.ts'
import { see } from './settings.ts'
import { mondayOf, momentOf } from './time.ts'
import type { Act, SessionView } from './views.ts'
import { putOwn } from './write.ts'

export { sittings } from './meetings.ts'

/** Agree to the newest rules; one's leaders see that one has. */
export function agree(world: World, pen: Pen, circle: Id): Act {
  const person = me(world, circle)
  const rules = newestRules(world, circle)
  if (person === null || !rules || !comes(world, circle)) return []
  return putOwn(world, pen, spaceIn(circle, 'thread', person), pen.ownRec('agreement', { id: circle }), 'agreement', {
    rules_version: rules.fields.version, at: momentOf(pen.now),
  })
}

/** Say which session of the week of a day one comes to, or `null` for neither; the group sees it (E-27). */
export function chooseSitting(
  world: World, pen: Pen, circle: Id, on: string, session: Id | null,
): Act {
  const person = me(world, circle)
  if (person === null || !comes(world, circle)) return []
  const week = mondayOf(on)
  const rec = pen.ownRec('sitting', { id: circle }, week)
  return putOwn(world, pen, spaceIn(circle, 'room'), rec, 'sitting', {
    person, week, ...(session === null ? {} : { session }),
  })
}

/** Remember that a session was seen as it now stands (E-11). */
export function seeChange(world: World, pen: Pen, session: SessionView): Act {
  const found = records(world, spaceIn(session.circle, 'frame'), 'session')
  const changes = found.find((item) => item.rec === session.rec)?.fields.changes ?? []
  const newest = changes.reduce((last, row) => (row.at > last ? row.at : last), '')
  return newest ? see(world, pen, session.rec, newest) : []
}

/** Remember that a notice was seen. */
export function seeNotice(world: World, pen: Pen, rec: Id): Act {
  const all = circlesOf(world, 'group').flatMap((circle) => noticeItems(world, circle.id))
  const notice = all.find((item) => item.rec === rec)
  return notice ? see(world, pen, rec, notice.fields.at) : []
}
