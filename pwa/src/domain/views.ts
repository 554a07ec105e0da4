/** What the screens show: plain values, made by the functions of this floor from a World. */

import type { Id, Intent, RoleName } from '../protocol/local.ts'

// -- time ---------------------------------------------------------------------------

/** A moment as a person reads it on the wall of the group's zone. */
export interface When {
  /** Milliseconds. */
  readonly starts: number
  readonly ends: number
  /** '2026-11-24' and '13:00' on the wall of `tz`. */
  readonly on: string
  readonly start: string
  readonly end: string
  readonly tz: string
  /** Set when the phone is elsewhere (E-03): the same moment on its own wall, 'HH:MM', and its day. */
  readonly here: { readonly on: string; readonly start: string; readonly end: string } | null
}

// -- people -------------------------------------------------------------------------

export interface PersonView {
  readonly person: Id
  readonly name: string
  /** What tells two of one name apart (E-23). */
  readonly second: string | null
  /** `name`, with `second` only where the name stands twice. */
  readonly label: string
  readonly roles: readonly RoleName[]
  /** Has an account that stands in the log. */
  readonly hasApp: boolean
  readonly isMe: boolean
}

// -- sessions -----------------------------------------------------------------------

export interface ChangeView {
  readonly what: 'when' | 'place' | 'link' | 'leaders' | 'state' | string
  readonly before: string | null
  readonly after: string | null
  readonly by: string
  readonly at: number
}

export type MyMark =
  | 'here' | 'late' | 'not_admitted' | 'absent' | 'apology_before' | 'apology_after' | 'excused'
  | 'attended_elsewhere' | 'not_recorded' | 'still_agreeing' | 'none'

/** My own apology for a session; `none` when I never wrote one. */
export interface MyApology {
  readonly state: 'none' | 'sent' | 'withdrawn'
  readonly reason: string | null
  readonly writtenAt: number | null
  /** Still in the outbox. */
  readonly pending: boolean
  /** Names of those who read the apology and its reason. */
  readonly readers: readonly string[]
  /** Whether the group is shown that I send apologies (never why). */
  readonly groupSees: boolean
}

export interface SessionView {
  readonly circle: Id
  readonly rec: Id
  readonly groupName: string
  readonly series: string | null
  /** 1 for the first of its series; cancelled ones are not counted, and have 0. */
  readonly number: number
  readonly when: When
  readonly place: string | null
  readonly link: string | null
  readonly passcode: string | null
  readonly ledBy: readonly PersonView[]
  readonly cancelled: boolean
  readonly reason: string | null
  readonly replacedBy: Id | null
  readonly changes: readonly ChangeView[]
  /** Changes by others that this account has not seen. */
  readonly news: readonly ChangeView[]
  /** 'future' | 'now' (from 30 min before the start to its end) | 'past'. */
  readonly phase: 'future' | 'now' | 'past'
  readonly iLead: boolean
  /** I am one of its people on that day, and not on leave. */
  readonly iAttend: boolean
  /** I attend, and did not choose another sitting of its week (E-27). */
  readonly expectsMe: boolean
  /** What my leaders say of me (statements); 'none' while it has not begun. */
  readonly mine: MyMark
  readonly apology: MyApology
  readonly pending: boolean
  /** Two leaders changed the same field apart: field -> what each says. */
  readonly differ: Readonly<Record<string, readonly string[]>>
  /** Milliseconds: when the space it stands in was last checked with the server. */
  readonly checkedAt: number | null
}

// -- register -----------------------------------------------------------------------

export type MarkValue =
  | 'here' | 'late' | 'not_admitted' | 'absent' | 'apology_before' | 'apology_after' | 'excused'
  | 'attended_elsewhere'

export interface RegisterRow {
  readonly person: Id
  readonly label: string
  readonly second: string | null
  readonly state: 'not_marked' | 'agreed' | 'differ'
  readonly value: MarkValue | null
  /** Who marked what, when they differ: mine first. */
  readonly sides: readonly { readonly value: MarkValue; readonly by: string; readonly mine: boolean }[]
  /** Apologies that stand: in time or after the start; the reason only where I may read it. */
  readonly apology: { readonly inTime: boolean; readonly reason: string | null; readonly writtenAt: number | null } | null
  readonly visitor: boolean
  /** On leave: listed, not expected. */
  readonly expected: boolean
  readonly hasApp: boolean
  /** Of my own newest mark about this person. */
  readonly saving: 'idle' | 'writing' | 'saved' | 'unsaved' | 'sent'
  readonly history: readonly { readonly value: MarkValue | 'none'; readonly by: string; readonly mine: boolean }[]
}

export interface RegisterView {
  readonly session: SessionView
  readonly rows: readonly RegisterRow[]
  readonly marked: number
  /** Rows that *Mark the other n as here* would fill: blank, expected, no apology. */
  readonly fillable: readonly Id[]
  readonly differing: number
  readonly finishedByMe: boolean
  readonly finishedBy: readonly string[]
  /** Other leaders: how far each is on this phone's knowledge. */
  readonly others: readonly { readonly name: string; readonly marked: number; readonly finished: boolean }[]
  /** Minutes after the start from which *Late* asks (E-18, E-19); 10 unless the programme says. */
  readonly lateMinutes: number
  readonly minPresent: number | null
  readonly pending: number
  /** When the roster was last checked; 'Members list from 3 Nov' after 14 days. */
  readonly rosterCheckedAt: number | null
}

// -- group --------------------------------------------------------------------------

export interface RulesView {
  readonly version: number
  readonly title: string | null
  readonly rules: readonly string[]
  readonly guidelines: readonly { readonly text: string; readonly why: string | null }[]
  readonly agreedVersion: number | null
  readonly agreedAt: number | null
  readonly agreementPending: boolean
  /** For leaders: who has agreed to this version, and who not yet. */
  readonly members: readonly { readonly label: string; readonly agreed: boolean }[]
}

/** A line of *Dates*: a session, or a long gap in words. */
export type DateLine =
  | { readonly kind: 'session'; readonly session: SessionView }
  | { readonly kind: 'gap'; readonly weeks: number; readonly resumes: string; readonly why: string | null }

export interface GroupView {
  readonly circle: Id
  readonly name: string
  readonly roles: readonly RoleName[]
  readonly purpose: string | null
  readonly word: string | null
  readonly people: readonly PersonView[]
  readonly dates: readonly DateLine[]
  readonly next: SessionView | null
  readonly rules: RulesView | null
  readonly notices: readonly { readonly rec: Id; readonly title: string | null; readonly text: string; readonly at: number; readonly by: string }[]
  /** Who reads what, for *Who can see what*: a line for each audience of a group. */
  readonly audiences: readonly { readonly space: 'frame' | 'room' | 'register' | 'leaders' | 'thread' | 'personal'; readonly readers: readonly string[] }[]
  readonly checkedAt: number | null
  readonly frozen: string | null
  /** I was removed: since the log says so. What is here stays readable until wiped. */
  readonly removed: boolean
}

export interface HelpContact {
  readonly name: string
  readonly reach: string
  readonly forWhom: string | null
  readonly hours: string | null
  readonly source: string | null
  readonly checkedOn: string | null
}

// -- today --------------------------------------------------------------------------

export type Todo =
  | { readonly kind: 'register'; readonly session: SessionView; readonly marked: number; readonly of: number }
  | { readonly kind: 'register_missing'; readonly session: SessionView }
  | { readonly kind: 'differ'; readonly session: SessionView; readonly people: number; readonly names: readonly string[] }
  | { readonly kind: 'rules'; readonly circle: Id; readonly version: number }
  | { readonly kind: 'changed'; readonly session: SessionView; readonly change: ChangeView }
  | { readonly kind: 'notice'; readonly circle: Id; readonly rec: Id; readonly title: string | null; readonly text: string; readonly by: string; readonly at: number }

export interface TodayView {
  readonly next: SessionView | null
  /** When nothing is booked soon: the first date after the gap. */
  readonly later: SessionView | null
  /** Sessions of this week's linked sittings, when the group has more than one (E-27). */
  readonly week: readonly SessionView[]
  /** The Monday of `week`: this week's, or next week's once this week's sittings are over. */
  readonly weekOn: string | null
  readonly todos: readonly Todo[]
  readonly groups: number
}

// -- notes --------------------------------------------------------------------------

export interface NoteView {
  readonly rec: Id
  readonly title: string
  /** First words, for the list. */
  readonly preview: string
  readonly text: string
  /** Texts that could not be joined: the person decides. */
  readonly versions: readonly { readonly text: string; readonly thisPhone: boolean }[]
  /** What a save must name as its base. */
  readonly base: readonly Id[]
  readonly saving: 'idle' | 'writing' | 'saved' | 'unsaved' | 'sent'
  /** Milliseconds of the newest writing known to this phone, or null. */
  readonly at: number | null
}

// -- attendance ---------------------------------------------------------------------

export interface AttendanceView {
  readonly circle: Id
  readonly groupName: string
  readonly attended: number
  /** Sessions that count: begun, not cancelled, since I joined, and recorded (E-35). */
  readonly of: number
  readonly lines: readonly { readonly session: SessionView; readonly mark: MyMark }[]
}

// -- status -------------------------------------------------------------------------

/** The status line (ux 4.2), computed from outbox, cursors, conflicts and the last probe; never a flag. */
export type Status =
  | { readonly kind: 'sent'; readonly at: number }
  | { readonly kind: 'sending'; readonly count: number }
  | { readonly kind: 'pending'; readonly count: number }
  | { readonly kind: 'offline' }
  | { readonly kind: 'stuck'; readonly count: number; readonly since: number }
  | { readonly kind: 'stale'; readonly days: number }
  | { readonly kind: 'differ'; readonly session: SessionView; readonly names: readonly string[]; readonly people: number }
  | { readonly kind: 'refused'; readonly count: number; readonly code: string }
  | { readonly kind: 'unsaved'; readonly count: number; readonly code: string }
  | { readonly kind: 'locked' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'clock'; readonly hours: number }
  | { readonly kind: 'madeup' }

/** What the network floor last knew: passed in, kept nowhere else. */
export interface Net {
  /** 'busy' only while a request is running. */
  readonly state: 'unknown' | 'idle' | 'busy' | 'offline'
  readonly lastOkAt: number | null
  /** Milliseconds that this phone's clock is ahead of the server's, when the last answer said. */
  readonly clockAhead: number | null
  readonly lastError: string | null
}

/** One line of *This phone*: an act that is not sent yet. */
export interface UnsentView {
  readonly n: number
  readonly what: 'mark' | 'apology' | 'agreement' | 'note' | 'sitting' | 'session' | 'settings' | 'other'
  /** Of which session, person or note, where that can be said in a few words. */
  readonly about: string | null
  readonly state: 'writing' | 'saved' | 'batched' | 'refused' | 'unsaved'
  readonly code: string | null
  readonly at: number
}

// -- acts: each gives intents, pure; `ui/act.ts` seals and keeps them ------------------

export type Act = readonly Intent[]
