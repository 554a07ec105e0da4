/**
 * Circle kinds, spaces, roles and write rules, kept as data (PROTOCOL 2).
 *
 * `SPACES` is the table of PROTOCOL 2.3: who reads each kind of space, who may write
 * under the rule `lead`, who may begin an epoch, whether old keys are carried, and
 * whether a newcomer is wrapped to without asking anybody. Nothing here acts.
 */

import type { CircleName, Id, RoleName, RuleName, SpaceName } from './local.ts'

export const ZERO8: Id = 'A'.repeat(11)
export const ZERO16: Id = 'A'.repeat(22)
export const ZERO32: Id = 'A'.repeat(43)

/** What a person is in one circle; a set, as bits of 16. */
export const Role = {
  NONE: 0,
  MEMBER: 1,
  LEADER: 2,
  COORDINATOR: 4,
  OBSERVER: 8,
  SUPERVISOR: 16,
  FIRM_HEAD: 32,
  APPLICANT: 64,
  NAMED: 128,
  OWNER: 256,
} as const

/** A set of roles: the sum of its `Role`s. */
export type Roles = number

export const ALL_ROLES: Roles = (1 << 9) - 1

/** What the people of a circle are to each other. */
export const CircleKind = {
  PERSON: 1,
  GROUP: 2,
  PROGRAMME: 3,
  FIRM: 4,
  SUPERVISION: 5,
  TEAM: 6,
  APPLICATION: 7,
  CASE: 8,
} as const
export type CircleKind = (typeof CircleKind)[keyof typeof CircleKind]

/** The one clear byte that says who may write a version (PROTOCOL 2.5). */
export const Rule = { CONTROL: 0, LEAD: 1, OWN: 2, ALL: 3 } as const
export type Rule = (typeof Rule)[keyof typeof Rule]

/** One audience. `CIRCLE` is the log of the circle itself. */
export const SpaceKind = {
  CIRCLE: 0,
  PERSONAL: 1,
  FRAME: 2,
  ROOM: 3,
  REGISTER: 4,
  LEADERS: 5,
  THREAD: 6,
  PROGRAMME: 7,
  OFFICE: 8,
  FIRM: 9,
  SUPERVISION: 10,
  SUPERVISORS: 11,
  TEAM: 12,
  APPLICATION: 13,
  CASE: 14,
} as const
export type SpaceKind = (typeof SpaceKind)[keyof typeof SpaceKind]

/** One row of the table of spaces. */
export interface Audience {
  /** The kind of circle that it belongs to. */
  readonly circle: CircleKind
  /** Roles whose accounts hold its keys. */
  readonly readers: Roles
  /** Roles that may write under `lead`. */
  readonly lead: Roles
  /** Roles that may begin an epoch. */
  readonly rotate: Roles
  /** Whether an epoch carries the keys before it. */
  readonly carried: boolean
  /** Whether a newcomer is wrapped to without a confirmation. */
  readonly automatic: boolean
  /** Whether there is one for each person, who reads it whatever their role. */
  readonly byPerson: boolean
  /** Smallest padded size of an `own` version, bytes. */
  readonly least: number
}

const { MEMBER: M, LEADER: L, COORDINATOR: C, OBSERVER: O, SUPERVISOR: S } = Role
const { FIRM_HEAD: F, APPLICANT: A, NAMED: N, OWNER: W } = Role

function row(
  circle: CircleKind, readers: Roles, lead: Roles, rotate: Roles,
  carried: boolean, automatic: boolean, least = 256, byPerson = false,
): Audience {
  return { circle, readers, lead, rotate, carried, automatic, byPerson, least }
}

/** The table of PROTOCOL 2.3, by kind; a circle's log has no row. */
export const SPACES: ReadonlyMap<number, Audience> = new Map<SpaceKind, Audience>([
  [SpaceKind.PERSONAL, row(CircleKind.PERSON, W, W, W, true, true)],
  [SpaceKind.FRAME, row(CircleKind.GROUP, M | L | C | O, L | C, L | C, true, true)],
  [SpaceKind.ROOM, row(CircleKind.GROUP, M | L | O, L, M | L | O, false, true, 1024)],
  [SpaceKind.REGISTER, row(CircleKind.GROUP, L | C, L | C, L | C, true, true, 2048)],
  [SpaceKind.LEADERS, row(CircleKind.GROUP, L, L, L, false, false)],
  [SpaceKind.THREAD, row(CircleKind.GROUP, L, L, L, false, false, 1024, true)],
  [SpaceKind.PROGRAMME, row(CircleKind.PROGRAMME, C, C, C, true, true)],
  [SpaceKind.OFFICE, row(CircleKind.PROGRAMME, C, C, C, true, true)],
  [SpaceKind.FIRM, row(CircleKind.FIRM, F | C, F | C, F | C, true, true)],
  [SpaceKind.SUPERVISION, row(CircleKind.SUPERVISION, S | L | C, S | C, S | L | C, true, true)],
  [SpaceKind.SUPERVISORS, row(CircleKind.SUPERVISION, S, S, S, false, false)],
  [SpaceKind.TEAM, row(CircleKind.TEAM, L, L, L, true, true)],
  [SpaceKind.APPLICATION, row(CircleKind.APPLICATION, A | C, C, A | C, true, false)],
  [SpaceKind.CASE, row(CircleKind.CASE, N, N, N, false, false)],
])

/** The row of a kind of space; a circle's log has none, and asking for it is a mistake. */
export function audienceOf(kind: SpaceKind): Audience {
  const audience = SPACES.get(kind)
  if (!audience) throw new TypeError('a log has no audience of its own')
  return audience
}

/** Padded plaintext sizes, bytes (PROTOCOL 5.4). Nothing is larger. */
export const BUCKETS = [256, 1024, 2048, 4096, 16384, 65536] as const

// The words that the floors above use for these numbers.

function words<Name extends string>(kinds: Readonly<Record<string, number>>) {
  const byNumber = new Map<number, Name>()
  for (const [name, number] of Object.entries(kinds)) {
    byNumber.set(number, name.toLowerCase() as Name)
  }
  return byNumber
}

const SPACE_NAMES = words<SpaceName>(SpaceKind)
const CIRCLE_NAMES = words<CircleName>(CircleKind)
const RULE_NAMES = words<RuleName | 'control'>(Rule)
const ROLE_NAMES = words<RoleName | 'none'>(Role)

/** A kind of space as a word. */
export function spaceName(kind: SpaceKind): SpaceName {
  return SPACE_NAMES.get(kind)!
}

/** A kind of space by its word. */
export function spaceKind(name: SpaceName): SpaceKind {
  return SpaceKind[name.toUpperCase() as keyof typeof SpaceKind]
}

/** A kind of circle as a word. */
export function circleName(kind: CircleKind): CircleName {
  return CIRCLE_NAMES.get(kind)!
}

/** A write rule as a word. */
export function ruleName(rule: Rule): RuleName | 'control' {
  return RULE_NAMES.get(rule)!
}

/** A write rule by its word. */
export function ruleOf(name: RuleName): Rule {
  return Rule[name.toUpperCase() as keyof typeof Rule]
}

/** A set of roles as words. */
export function roleNames(roles: Roles): RoleName[] {
  return [...ROLE_NAMES].flatMap(([role, name]) =>
    role & roles && name !== 'none' ? [name] : [])
}

/** A set of roles from words. */
export function rolesOf(names: Iterable<RoleName>): Roles {
  let roles = 0
  for (const name of names) roles |= Role[name.toUpperCase() as keyof typeof Role]
  return roles
}
