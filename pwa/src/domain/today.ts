/** What a person needs on opening the app: the next session, this week's sitting, what waits for them. */

import type { Id, World } from '../protocol/local.ts'
import { agreementOf, newestRules, nextOf, noticeItems } from './noticeboard.ts'
import { linked, sessions } from './meetings.ts'
import { accountLabel, circlesOf, comes, leads, me, myRoles, seesRegister } from './people.ts'
import { progress } from './roster.ts'
import { isNew } from './settings.ts'
import { allSheets, sheetsFor, standingOf } from './sheets.ts'
import { addDays, DAY, instantToWall, mondayOf, msOf } from './time.ts'
import type { SessionView, Todo, TodayView } from './views.ts'

/** Beyond three weeks nothing is booked soon: the date is said, not the session. */
const SOON = 21 * DAY
/** A register is asked for until a day after its session, then it is missing for two weeks. */
const REGISTER_FOR = DAY
const MISSING_FOR = 14 * DAY
const NOTICE_FOR = 30 * DAY

/** Everything on *Today*. `zone` is the phone's. */
export function today(world: World, now: number, zone: string): TodayView {
  const circles = circlesOf(world, 'group').map((circle) => circle.id)
    .filter((circle) => myRoles(world, circle).length > 0)
  const byGroup = circles.map((circle) => sessions(world, circle, now, zone))
  const nexts = byGroup.flatMap((all) => nextOf(all, now) ?? [])
  const [first] = nexts.sort((a, b) => a.when.starts - b.when.starts)
  const soon = first && first.when.starts - now < SOON
  const { weekOn, week } = weekOf(world, byGroup, now)
  return {
    next: soon ? first : null, later: soon ? null : first ?? null, week, weekOn,
    todos: circles.flatMap((circle, place) => todosOf(world, circle, byGroup[place]!, now))
      .sort((a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind)),
    groups: circles.length,
  }
}

/** What waits longest for an answer stands below what the room waits for. */
const RANK: readonly Todo['kind'][] = ['register', 'differ', 'changed', 'register_missing', 'rules', 'notice']

/** This week's linked sittings; once they are over, those of next week (E-27). */
function weekOf(
  world: World, byGroup: readonly (readonly SessionView[])[], now: number,
): Pick<TodayView, 'week' | 'weekOn'> {
  for (const all of byGroup) {
    const ahead = all.filter((one) => one.phase !== 'past' && !one.cancelled)
    const [first] = ahead
    if (first && comes(world, first.circle)) {
      const thisWeek = mondayOf(instantToWall(now, first.when.tz).on)
      const weekOn = mondayOf(first.when.on)
      const week = weekOn <= addDays(thisWeek, 7) ? linked(all, first).filter((one) => one.iAttend) : []
      if (week.length > 1) return { week, weekOn }
    }
  }
  return { week: [], weekOn: null }
}

// -- what waits -----------------------------------------------------------------------

function todosOf(world: World, circle: Id, all: readonly SessionView[], now: number): Todo[] {
  return [
    ...(seesRegister(world, circle) ? all.flatMap((one) => registerTodos(world, one, now)) : []),
    ...all.filter((one) => one.phase !== 'past').flatMap((session) => {
      const change = session.news.at(-1)
      return change ? [{ kind: 'changed', session, change } as const] : []
    }),
    ...rulesTodo(world, circle),
    ...noticeTodos(world, circle, now),
  ]
}

function registerTodos(world: World, session: SessionView, now: number): Todo[] {
  if (session.cancelled || session.phase === 'future') return []
  const { starts, ends } = session.when
  const found: Todo[] = []
  const finished = sheetsFor(world, session.circle, session.rec).some((sheet) => sheet.finished)
  if (!finished && session.iLead && now < ends + REGISTER_FOR) {
    found.push({ kind: 'register', session, ...progress(world, session) })
  } else if (!finished && starts < now && now < ends + MISSING_FOR && now >= ends + REGISTER_FOR) {
    found.push({ kind: 'register_missing', session })
  }
  const differ = session.iLead ? differing(world, session.circle, session.rec) : null
  return differ ? [...found, { kind: 'differ', session, ...differ }] : found
}

/** About how many people the leaders of a session differ, and who besides me. */
export function differing(
  world: World, circle: Id, session: Id,
): { people: number; names: readonly string[] } | null {
  const sheets = sheetsFor(world, circle, session)
  const apart = [...standingOf(sheets).values()].filter((one) => one.state === 'differ')
  if (!apart.length) return null
  const dots = new Set(apart.flatMap((one) => one.cells.map(([, , dot]) => dot)))
  const others = sheets.filter((sheet) =>
    sheet.account !== world.account && sheet.cells.some((cell) => dots.has(cell[2])))
  const names = others.map((sheet) => accountLabel(world, circle, sheet.account))
  return { people: apart.length, names: [...new Set(names)] }
}

function rulesTodo(world: World, circle: Id): Todo[] {
  const mine = me(world, circle)
  const rules = newestRules(world, circle)
  if (!rules || mine === null || !comes(world, circle)) return []
  const { version } = rules.fields
  const agreed = agreementOf(world, circle, mine)?.fields.rules_version ?? 0
  return agreed < version ? [{ kind: 'rules', circle, version }] : []
}

function noticeTodos(world: World, circle: Id, now: number): Todo[] {
  return noticeItems(world, circle)
    .filter(({ rec, account, fields }) => account !== world.account
      && now - msOf(fields.at) < NOTICE_FOR && isNew(world, rec, fields.at))
    .map(({ rec, account, fields }) => ({
      kind: 'notice', circle, rec, title: fields.title ?? null, text: fields.text,
      by: accountLabel(world, circle, account), at: msOf(fields.at),
    }))
}

/** Every session about which the leaders of a group that I lead differ. */
export function differences(world: World, now: number, zone: string): Extract<Todo, { kind: 'differ' }>[] {
  return circlesOf(world, 'group').filter((circle) => leads(world, circle.id)).flatMap((circle) => {
    // From the sheets: views of all sessions are made only where leaders differ about one.
    const apart = new Map([...allSheets(world, circle.id).keys()].flatMap((rec) => {
      const found = differing(world, circle.id, rec)
      return found ? [[rec, found] as const] : []
    }))
    if (!apart.size) return []
    return sessions(world, circle.id, now, zone).filter((one) => !one.cancelled).flatMap((session) => {
      const found = apart.get(session.rec)
      return found ? [{ kind: 'differ', session, ...found } as const] : []
    })
  })
}
