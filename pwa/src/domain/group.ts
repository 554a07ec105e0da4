/** A group as its own people see it: people, dates with their long gaps, rules, notices, audiences. */

import { byBytes } from '../protocol/encoding.ts'
import type { Id, World } from '../protocol/local.ts'
import type { Fields } from './fields.ts'
import { groupName, sessions } from './meetings.ts'
import { agreementOf, newestRules, nextOf, noticeItems } from './noticeboard.ts'
import {
  accountLabel, byName, circlesOf, isListed, isMarked, leads, me, myRoles, people, programmeFields,
  programmeOf, readersOf, settingsOf,
} from './people.ts'
import { spaceIn, spaceOf } from './project.ts'
import { daysBetween, instantToWall, LONDON, msOf } from './time.ts'
import type { DateLine, GroupView, HelpContact, RulesView, SessionView } from './views.ts'

/** From three weeks on, and twice the usual distance, a gap is said in words (E-06). */
const GAP_DAYS = 21
const AUDIENCES = ['frame', 'room', 'register', 'leaders', 'thread', 'personal'] as const

/** All groups by name; those that this account was removed from come last. */
export function groups(world: World, now: number, zone: string): GroupView[] {
  const found = circlesOf(world, 'group').flatMap((circle) => group(world, circle.id, now, zone) ?? [])
  return found.sort((a, b) => Number(a.removed) - Number(b.removed) || byName(a.name, b.name)
    || byBytes(a.circle, b.circle))
}

/** One group; `null` when this account never sat in it. */
export function group(world: World, circle: Id, now: number, zone: string): GroupView | null {
  const state = world.circles.get(circle)
  const mine = me(world, circle)
  if (state?.kind !== 'group' || mine === null) return null
  const all = sessions(world, circle, now, zone)
  const settings = settingsOf(world, circle)
  const roles = myRoles(world, circle)
  const today = instantToWall(now, all[0]?.when.tz ?? LONDON).on
  return {
    circle, name: groupName(world, circle) ?? '', roles,
    purpose: settings.purpose ?? null, word: settings.group_word ?? null,
    people: people(world, circle).filter((person) => isListed(person.item.fields, today)),
    dates: datesOf(all, settings), next: nextOf(all, now),
    rules: rulesOf(world, circle, today), notices: noticesOf(world, circle),
    audiences: AUDIENCES.map((space) => ({
      space, readers: space === 'personal' ? [labelOfMe(world, circle)] : readersOf(world, circle, space, mine),
    })),
    checkedAt: spaceOf(world, spaceIn(circle, 'frame'))?.checkedAt ?? null,
    frozen: state.frozen, removed: roles.length === 0,
  }
}

/** Whom to ask for help, as the programmes of one's groups list it. */
export function help(world: World): HelpContact[] {
  const programmes = circlesOf(world, 'group').map((circle) => programmeOf(world, circle.id))
  const contacts = [...new Set(programmes)].flatMap((circle) => programmeFields(world, circle).help ?? [])
  const once = new Map(contacts.map((contact) => [`${contact.name}\n${contact.reach}`, contact]))
  return [...once.values()].map((contact) => ({
    name: contact.name, reach: contact.reach, forWhom: contact.for_whom ?? null,
    hours: contact.hours ?? null, source: contact.source ?? null, checkedOn: contact.checked_on ?? null,
  }))
}

function labelOfMe(world: World, circle: Id): string {
  return people(world, circle).find((person) => person.isMe)?.label ?? '?'
}

// -- dates ----------------------------------------------------------------------------

function datesOf(all: readonly SessionView[], settings: Partial<Fields['programme']>): DateLine[] {
  const steps = all.slice(1).map((one, place) => daysBetween(all[place]!.when.on, one.when.on))
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  const long = Math.max(GAP_DAYS, 2 * usual)
  return all.flatMap((session, place): DateLine[] => {
    const days = place ? steps[place - 1]! : 0
    const line = { kind: 'session', session } as const
    if (days < long) return [line]
    const resumes = session.when.on
    const why = whyOf(all[place - 1]!.when.on, resumes, settings)
    return [{ kind: 'gap', weeks: Math.round(days / 7), resumes, why }, line]
  })
}

/** What the programme calls the days in a gap. */
function whyOf(last: string, resumes: string, settings: Partial<Fields['programme']>): string | null {
  const closed = settings.closed ?? []
  return closed.find((span) => span.first_on < resumes && (span.last_on ?? span.first_on) > last)?.name ?? null
}

// -- rules ----------------------------------------------------------------------------

function rulesOf(world: World, circle: Id, today: string): RulesView | null {
  const item = newestRules(world, circle)
  const mine = me(world, circle)
  if (!item || mine === null) return null
  const { version, title, rules, guidelines } = item.fields
  const agreement = agreementOf(world, circle, mine)
  const asked = leads(world, circle)
    ? people(world, circle).filter((one) => isMarked(one) && isListed(one.item.fields, today)) : []
  return {
    version, title: title ?? null, rules,
    guidelines: (guidelines ?? []).map(({ text, why }) => ({ text, why: why ?? null })),
    agreedVersion: agreement?.fields.rules_version ?? null,
    agreedAt: agreement ? msOf(agreement.fields.at) : null,
    agreementPending: agreement?.pending ?? false,
    members: asked.map(({ person, label }) => ({
      label, agreed: agreementOf(world, circle, person)?.fields.rules_version === version,
    })),
  }
}

// -- notices --------------------------------------------------------------------------

function noticesOf(world: World, circle: Id): GroupView['notices'] {
  return noticeItems(world, circle).map(({ rec, account, fields }) => ({
    rec, title: fields.title ?? null, text: fields.text, at: msOf(fields.at),
    by: accountLabel(world, circle, account),
  }))
}
