/**
 * The typed contents: what a version may hold once it is opened (PROTOCOL 9).
 *
 * A content is UTF-8 JSON: an object with `t` (its type), `v` (1) and the fields of that
 * type, none of them null. The table below is `records.schema.json` in TypeScript, and the
 * types of the fields follow from it. Besides it, days exist, weeks begin on a Monday, no
 * dot stands twice in a sheet or over itself, and a statement is about one person.
 *
 * A type or version that is not known is kept, not applied, not dropped. Messages name
 * fields, never what somebody typed.
 *
 * Left to others: sealing and padding (`sealing.ts`), joining versions (`merge.ts`), whether
 * an author holds a role (`membership.ts`).
 */

import { byBytes, fromText, toText, type Bytes, type Id } from './encoding.ts'
import { EnidError } from './errors.ts'
import type { Content, RoleName, RuleName, SpaceName } from './local.ts'
import { byCell, VALUES, type Cell } from './merge.ts'

/** The largest padded size less its length prefix (PROTOCOL 5.4). */
export const CONTENT_BYTES_MAX = 65_536 - 4

// Forms of fields: a JSON Schema, and the type of the values that fit it ---------------

/** A node of the schema. `also` is what JSON Schema cannot say. */
type Schema =
  | { readonly type: 'string'; readonly pattern: string; readonly also?: (value: string) => boolean }
  | { readonly type: 'boolean' }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'array'; readonly items: Schema; readonly maxItems: number }
  | { readonly type: 'array'; readonly prefixItems: readonly Schema[]; readonly items: false
      readonly minItems: number }
  | { readonly type: 'object'; readonly properties: Readonly<Record<string, Schema>>
      readonly required: readonly string[]; readonly additionalProperties: false }
  | { readonly type: 'object'; readonly propertyNames: Schema; readonly additionalProperties: Schema
      readonly maxProperties: number }

declare const value: unique symbol
type Form<T> = Schema & { readonly [value]?: T }
interface Maybe<T> {
  readonly maybe: Form<T>
}
type Forms = Readonly<Record<string, Form<unknown> | Maybe<unknown>>>
type Read<F> = F extends Maybe<infer T> ? T : F extends { readonly [value]?: infer T } ? T : never
type Needed<P> = { [K in keyof P]: P[K] extends Maybe<unknown> ? never : K }[keyof P]
type Fields<P> =
  & { readonly [K in Needed<P>]: NonNullable<Read<P[K]>> }
  & { readonly [K in Exclude<keyof P, Needed<P>>]?: NonNullable<Read<P[K]>> }

function coded<T extends string = string>(form: string, also?: (value: string) => boolean): Form<T> {
  const schema = { type: 'string', pattern: `^(?:${form})$` } as const
  return also ? { ...schema, also } : schema
}

/** Exactly `size` bytes in canonical base64url without padding. */
function base64(size: number): Form<Id> {
  const bits = size * 8
  const last = { 0: '', 2: '[AQgw]', 4: '[AEIMQUYcgkosw048]' }[bits % 6]
  return coded(`[A-Za-z0-9_-]{${Math.floor(bits / 6)}}${last}`)
}

/** One line of 1 to `most` code points, kept exactly (E-25). */
function line(most = 200): Form<string> {
  return coded(`[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]{1,${most}}`)
}

/** Up to `most` code points, kept exactly; no NUL, no half of a surrogate pair. */
function text(most: number): Form<string> {
  return coded(`[^\\u0000\\ud800-\\udfff]{0,${most}}`)
}

function oneOf<Word extends string>(...words: readonly Word[]): Form<Word> {
  return coded(words.join('|'))
}

const DAY = '2[0-9]{3}-[01][0-9]-[0-3][0-9]'
const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]'

/** A calendar day such as 2026-10-26. */
function day(): Form<string> {
  return coded(DAY, (value) => dayOf(value) !== null)
}

/** A week, by its Monday. */
function week(): Form<string> {
  return coded(DAY, (value) => dayOf(value)?.getUTCDay() === 1)
}

/** A time on the wall where the group meets, such as 13:00. */
function clock(): Form<string> {
  return coded(TIME)
}

/** A moment in UTC, to the second: to be shown, never to order anything. */
function moment(): Form<string> {
  return coded(`${DAY}T${TIME}:[0-5][0-9]Z`, (value) => dayOf(value.slice(0, 10)) !== null)
}

/** The day, if there is such a day. */
function dayOf(value: string): Date | null {
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(value) ? date : null
}

function flag(): Form<boolean> {
  return { type: 'boolean' }
}

function whole(minimum: number, maximum: number): Form<number> {
  return { type: 'integer', minimum, maximum }
}

function items<F extends Form<unknown>>(inner: F, most: number): Form<readonly NonNullable<Read<F>>[]> {
  return { type: 'array', items: inner, maxItems: most }
}

/** An array with one thing of each kind, in order. */
function row<const F extends readonly Form<unknown>[]>(
  ...kinds: F
): Form<{ readonly [I in keyof F]: NonNullable<Read<F[I]>> }> {
  return { type: 'array', prefixItems: kinds, items: false, minItems: kinds.length }
}

/** An object whose keys are data. */
function entries<F extends Form<unknown>>(
  key: Form<string>, inner: F, most: number,
): Form<Readonly<Record<string, NonNullable<Read<F>>>>> {
  return { type: 'object', propertyNames: key, additionalProperties: inner, maxProperties: most }
}

/** An object with exactly these fields. */
function part<P extends Forms>(forms: P): Form<Fields<P>> {
  const properties: Record<string, Schema> = {}
  const required: string[] = []
  for (const [name, form] of Object.entries(forms)) {
    properties[name] = 'maybe' in form ? form.maybe : form
    if (!('maybe' in form)) required.push(name)
  }
  return { type: 'object', properties, required, additionalProperties: false }
}

/** Let a field be absent; it is still never null. */
function maybe<T>(form: Form<T>): Maybe<T> {
  return { maybe: form }
}

/** Marks as `[person, value, dot, [over, …]]`. */
function cells(): Form<readonly Cell[]> {
  return items(row(base64(16), oneOf(...VALUES), base64(8), items(base64(8), 4000)), 2000)
}

// The types, as a table: what belongs together stands in one row. `code` is the programme's
// own id of a thing, so that importing twice adds nothing.

const ID = base64(16)
const CODE = maybe(line(80))
const LINE = maybe(line())
const SPANS = maybe(items(part({ first_on: day(), last_on: maybe(day()), name: LINE }), 60))
const REACH = { email: maybe(line(254)), phone: maybe(line(40)) }
const SUPERVISOR = part({ name: line(), role: LINE, ...REACH })
const HELP = part({
  name: line(), reach: line(300), for_whom: LINE, hours: LINE, source: maybe(line(300)),
  checked_on: maybe(day()),
})
const CHANGE = part({
  what: line(40), before: maybe(line(500)), after: maybe(line(500)), by: ID, at: moment(),
})
const GUIDELINE = part({ text: text(1000), why: maybe(text(1000)) })
const EPOCH_KEY = row(whole(0, 2 ** 32 - 1), base64(8), base64(32))
const SHIFTS = items(row(clock(), clock()), 4)

/** The fields of each type, version 1. */
export const SCHEMAS = {
  /** The person of this thread agreed to a version of the rules. */
  agreement: part({ rules_version: whole(1, 10_000), at: moment() }),
  /** The person of this thread cannot come; the reason is theirs to give or not. */
  apology: part({
    session: ID, written_at: moment(), withdrawn: flag(), reason: maybe(text(2000)),
  }),
  /** "Sends apologies", where the programme shows it to the group. */
  apology_flag: part({ session: ID, person: ID, withdrawn: flag() }),
  contact: part({ person: ID, ...REACH, supervisors: maybe(items(SUPERVISOR, 8)) }),
  /** What a group is called; no other record has it. */
  group: part({ name: line(), code: CODE }),
  note: part({ title: LINE, text: text(65_000) }),
  notice: part({ title: LINE, text: text(4000), at: moment() }),
  /**
   * A roster entry, with or without an account. `second` tells two people of one name
   * apart (E-23); during `leave` nobody expects them (E-32).
   */
  person: part({
    person: ID, name: line(), second: LINE, code: CODE, usual: LINE,
    roles: maybe(items(line(40), 8)),
    from_on: maybe(day()), until_on: maybe(day()), leave: SPANS,
  }),
  programme: part({
    name: line(), code: CODE, group_word: LINE, tz: line(64),
    apologies_shown: oneOf('group', 'leaders'),
    late_minutes: maybe(whole(0, 240)), min_present: maybe(whole(0, 100)),
    purpose: maybe(text(4000)), help: maybe(items(HELP, 40)),
    terms: SPANS, closed: SPANS,
  }),
  /** The programme's circle and its space keys, in rows of epoch, kid, key. */
  programme_key: part({ circle: base64(32), epochs: items(EPOCH_KEY, 500) }),
  /**
   * Weeks of seven letters, over and over from a Monday. A shift is start and finish; a
   * finish at or before the start is on the next day. Letters without: o, z, f.
   */
  rota: part({
    name: LINE, anchor: week(), leave: SPANS,
    weeks: items(coded('[A-Za-z]{7}'), 53),
    codes: entries(coded('[A-Za-z]'), SHIFTS, 52),
  }),
  rules: part({
    version: whole(1, 10_000), code: CODE, title: LINE,
    rules: items(text(1000), 40), guidelines: maybe(items(GUIDELINE, 40)),
  }),
  /** One meeting, by the wall clock of its zone; `changes` is what the group is told. */
  session: part({
    series: LINE, code: CODE, on: day(), start: clock(), minutes: whole(1, 1440),
    tz: line(64), led_by: items(ID, 12),
    place: maybe(line(500)), link: maybe(line(2000)), passcode: maybe(line(100)),
    state: oneOf('planned', 'cancelled'), reason: maybe(text(500)),
    replaced_by: maybe(base64(16)), changes: maybe(items(CHANGE, 100)),
  }),
  settings: part({ values: entries(line(64), text(500), 200) }),
  /** One leader's cells for one session, and the names of its visitors. */
  sheet: part({
    session: ID, cells: cells(), finished: flag(),
    visitors: maybe(entries(base64(16), line(), 100)),
  }),
  /** Which session of a week somebody comes to; none named means neither. */
  sitting: part({ person: ID, week: week(), session: maybe(base64(16)) }),
  /** One leader's cells about the person of this thread. */
  statement: part({ session: ID, person: ID, cells: cells() }),
}

/** A type that is known here. */
export type RecordType = keyof typeof SCHEMAS

/** The content of a known type, every field checked. */
export type ContentOf<T extends RecordType> =
  { readonly t: T; readonly v: 1 } & NonNullable<Read<(typeof SCHEMAS)[T]>>

/** Any content of a known type. */
export type KnownContent = { [T in RecordType]: ContentOf<T> }[RecordType]

/** Whether a content is of a known type, and so has its fields. */
export function isOf<T extends RecordType>(content: Content, type: T): content is ContentOf<T> & Content {
  return content.t === type && content.v === 1
}

// Places ---------------------------------------------------------------------------

/** Where a type counts: kind of space, write rule, roles that may author it. */
export interface Place {
  readonly space: SpaceName
  readonly rule: RuleName
  readonly roles: readonly RoleName[]
}

function place(space: SpaceName, rule: RuleName, ...roles: readonly RoleName[]): Place {
  return { space, rule, roles }
}

const FRAME = place('frame', 'lead', 'leader', 'coordinator')
const OFFICE = place('office', 'lead', 'coordinator')
const PERSONAL = place('personal', 'own', 'owner')
const THREAD = place('thread', 'own', 'member', 'observer')

/** The table of types (PROTOCOL 9.1): a record anywhere else is skipped and counted. */
export const PLACES: Readonly<Record<RecordType, readonly Place[]>> = {
  agreement: [THREAD],
  apology: [THREAD],
  apology_flag: [place('room', 'own', 'member', 'observer')],
  contact: [place('leaders', 'lead', 'leader'), OFFICE],
  group: [FRAME],
  note: [PERSONAL],
  notice: [FRAME, place('room', 'lead', 'leader')],
  person: [FRAME, OFFICE],
  programme: [place('programme', 'lead', 'coordinator')],
  programme_key: [place('frame', 'lead', 'coordinator')],
  rota: [PERSONAL],
  rules: [FRAME],
  session: [FRAME],
  settings: [PERSONAL],
  sheet: [place('register', 'own', 'leader', 'coordinator')],
  sitting: [place('room', 'own', 'member')],
  statement: [place('thread', 'own', 'leader')],
}

/**
 * Tell whether a record of this type counts where it was found. `roles` are all that its
 * author ever had in the circle. A type that is not known counts nowhere, and is kept.
 */
export function accepted(
  type: string, space: SpaceName, rule: RuleName | 'control', roles: Iterable<RoleName>,
): boolean {
  const held = new Set(roles)
  return isKnown(type) && PLACES[type].some((each) =>
    each.space === space && each.rule === rule && each.roles.some((role) => held.has(role)))
}

/** The smallest padded size, bytes: a sheet's must not tell how many are marked. */
export function leastBucket(type: string): number {
  return type === 'sheet' ? 2048 : 256
}

// Reading and writing ----------------------------------------------------------------

/** A content as it was read; of an unknown type or version it is applied to nothing. */
export interface Loaded {
  readonly content: Content
  readonly unknown: boolean
}

/**
 * Read an opened version's content: the plaintext without its length and padding.
 *
 * Throws `bad_record`: not such an object, or a known type with a field that is missing,
 * not known or malformed.
 */
export function load(content: Uint8Array): Loaded {
  const values = parsed(content)
  const { t, v } = values
  if (typeof t !== 'string' || !Number.isInteger(v)) throw bad('t must be a string and v an integer')
  const found = values as Content
  if (!isKnown(t) || v !== 1) return { content: found, unknown: true }
  return { content: checked(t, found), unknown: false }
}

/**
 * Write the canonical content of a record: compact JSON with sorted keys, the same bytes
 * for the same fields.
 *
 * Throws `bad_record`: no such type, a field that `load` would refuse, or too long.
 */
export function dump(content: Content): Bytes {
  const { t, v } = content
  if (!isKnown(t) || v !== 1) throw bad(`there is no type ${t} of version ${v}`)
  const bytes = fromText(canonical(checked(t, content)))
  if (bytes.length > CONTENT_BYTES_MAX) throw bad(`${t}: ${bytes.length} bytes do not fit`)
  return bytes
}

/** Compact JSON with sorted keys; only what must be is escaped. Absent fields are left out. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`)
  return `{${members.join(',')}}`
}

/** Order as Python does: JavaScript compares halves of surrogate pairs instead. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!
    if (difference) return difference
  }
  return left.length - right.length
}

function isKnown(type: string): type is RecordType {
  return Object.hasOwn(SCHEMAS, type)
}

function parsed(content: Uint8Array): Readonly<Record<string, unknown>> {
  if (content.length > CONTENT_BYTES_MAX) throw bad(`more than ${CONTENT_BYTES_MAX} bytes`)
  let values: unknown
  try {
    values = JSON.parse(toText(content))
  } catch {
    throw bad('not UTF-8 JSON')
  }
  if (!isObject(values)) throw bad('not an object')
  return values
}

function checked(type: RecordType, content: Content): Content {
  const { t: _t, v: _v, ...fields } = content
  const fault = faultOf(SCHEMAS[type], fields, type)
  if (fault !== null) throw bad(`${fault} is not as it must be`)
  if (type !== 'sheet' && type !== 'statement') return content
  return tidied(content as unknown as ContentOf<'sheet'> | ContentOf<'statement'>)
}

/** The same with its cells in order; no dot twice or over itself, nobody else's in a thread. */
function tidied(content: ContentOf<'sheet'> | ContentOf<'statement'>): Content {
  const cells = content.cells
    .map(([person, mark, dot, over]): Cell => [person, mark, dot, [...new Set(over)].sort(byBytes)])
    .sort(byCell)
  if (new Set(cells.map(([, , dot]) => dot)).size !== cells.length) throw bad('a dot stands twice')
  if (cells.some(([, , dot, over]) => over.includes(dot))) throw bad('a mark is over itself')
  if (content.t === 'statement' && cells.some(([person]) => person !== content.person)) {
    throw bad('a statement is about one person only')
  }
  return { ...content, cells }
}

/** Where a value does not fit, by the names of fields; `null` when it does. */
function faultOf(schema: Schema, value: unknown, at: string): string | null {
  switch (schema.type) {
    case 'boolean': return typeof value === 'boolean' ? null : at
    case 'integer': return fitsInteger(schema, value) ? null : at
    case 'string': return fitsString(schema, value) ? null : at
    case 'array': return faultInArray(schema, value, at)
    case 'object': return isObject(value) ? faultInObject(schema, value, at) : at
  }
}

function fitsInteger(schema: Extract<Schema, { type: 'integer' }>, value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value)
    && value >= schema.minimum && value <= schema.maximum
}

const expressions = new Map<string, RegExp>()

function fitsString(schema: Extract<Schema, { type: 'string' }>, value: unknown): boolean {
  if (typeof value !== 'string') return false
  let expression = expressions.get(schema.pattern)
  if (!expression) expressions.set(schema.pattern, (expression = new RegExp(schema.pattern, 'u')))
  return expression.test(value) && (schema.also?.(value) ?? true)
}

function faultInArray(
  schema: Extract<Schema, { type: 'array' }>, value: unknown, at: string,
): string | null {
  if (!Array.isArray(value)) return at
  const fits = schema.items ? value.length <= schema.maxItems : value.length === schema.minItems
  if (!fits) return at
  for (const [i, each] of value.entries()) {
    const fault = faultOf(schema.items || schema.prefixItems[i]!, each, `${at}.${i}`)
    if (fault !== null) return fault
  }
  return null
}

function faultInObject(
  schema: Extract<Schema, { type: 'object' }>, value: Readonly<Record<string, unknown>>, at: string,
): string | null {
  const names = Object.keys(value).filter((name) => value[name] !== undefined)
  if (schema.additionalProperties) {
    if (names.length > schema.maxProperties) return at
    const { propertyNames: key, additionalProperties: inner } = schema // the names are data
    const fits = names.every((name) =>
      faultOf(key, name, at) === null && faultOf(inner, value[name], at) === null)
    return fits ? null : at
  }
  const missing = schema.required.find((name) => value[name] === undefined)
  if (missing !== undefined) return `${at}.${missing}`
  for (const name of names) {
    if (!Object.hasOwn(schema.properties, name)) return at
    const fault = faultOf(schema.properties[name]!, value[name], `${at}.${name}`)
    if (fault !== null) return fault
  }
  return null
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bad(detail: string): EnidError {
  return new EnidError('bad_record', detail)
}
