/** What one phone holds, opened: the shapes that vault, sync, domain and ui share. No behaviour. */

/** A 16- or 32-byte id, or an 8-byte one (kid, dot), in base64url without padding. */
export type Id = string

/** Write rules by name (PROTOCOL 5.2); control entries never reach the domain. */
export type RuleName = 'lead' | 'own' | 'all'

/** Spaces by name, as in the table of kinds (PROTOCOL 2). */
export type SpaceName =
  | 'circle' | 'personal' | 'frame' | 'room' | 'register' | 'leaders' | 'thread' | 'programme'
  | 'office' | 'firm' | 'supervision' | 'supervisors' | 'team' | 'application' | 'case'

export type CircleName =
  | 'person' | 'group' | 'programme' | 'firm' | 'supervision' | 'team' | 'application' | 'case'

export type RoleName =
  | 'member' | 'leader' | 'coordinator' | 'observer' | 'supervisor' | 'firm_head' | 'applicant'
  | 'named' | 'owner'

/** One audience: a space is named by these three (PROTOCOL 2); `subject` is a person or zeros. */
export interface SpaceRef {
  readonly circle: Id
  readonly kind: SpaceName
  readonly subject: Id
}

/** A record's content as its JSON stands: `t`, `v` and the fields of that type (PROTOCOL 9). */
export interface Content {
  readonly t: string
  readonly v: number
  readonly [field: string]: unknown
}

/** One version that counts, opened. */
export interface Opened {
  readonly id: Id
  /** Whose it is: the author's account. */
  readonly account: Id
  readonly rule: RuleName
  readonly rec: Id
  readonly parents: readonly Id[]
  /** `null` when it says that the record is deleted. */
  readonly content: Content | null
  /** Of a type or version that this app does not know: kept, shown as "update the app". */
  readonly unknown: boolean
  /** Nothing newer replaces it. Others are kept only to join heads that differ. */
  readonly live: boolean
  /** How much of the space's log its author had seen; for the order of a list only. */
  readonly order?: number
}

/** One act that is not yet in the verified log; the row leaves when it is (PROTOCOL 14.3). */
export interface Pending {
  /** Its place in the outbox; below zero while it is being written. */
  readonly n: number
  readonly state: 'writing' | 'saved' | 'batched' | 'refused' | 'unsaved'
  readonly space: Id
  readonly rule: RuleName
  readonly rec: Id
  readonly content: Content | null
  /** The versions that were on the screen: version ids, or local names of other rows. */
  readonly base: readonly Id[]
  /** Where it was typed; two tabs are two editors. */
  readonly editor: Id
  /** Why the server or the log refused it, or why the phone could not keep it. */
  readonly code: string | null
  /** Milliseconds by this phone's clock; shown, never used to order. */
  readonly at: number
}

/** What an act wants written: the argument of the one function that writes. */
export interface Intent {
  readonly space: SpaceRef
  readonly rule: RuleName
  readonly rec: Id
  /** `null` deletes the record. */
  readonly content: Content | null
  readonly base: readonly Id[]
  readonly editor: Id
}

/** How an outbox row is called until its version has been seen. */
export function localName(n: number): Id {
  return `outbox:${n}`
}

/** One space with all that is needed to show it. */
export interface SpaceState extends SpaceRef {
  readonly id: Id
  readonly versions: readonly Opened[]
  /** Milliseconds: when a verified page of it last came; `null` before the first. */
  readonly checkedAt: number | null
  /** Versions kept and not shown, by code: waiting for a key, misplaced, refused. */
  readonly skipped: Readonly<Record<string, number>>
}

/** One account's seat in a circle. */
export interface Seat {
  readonly account: Id
  readonly person: Id
  /** Empty once removed. */
  readonly roles: readonly RoleName[]
}

/** What the verified log of a circle says, folded. */
export interface CircleState {
  readonly id: Id
  readonly kind: CircleName
  /** In the order in which they joined, removed ones too: the last acts for its person. */
  readonly seats: readonly Seat[]
  /** Groups that a programme lists. */
  readonly groups: readonly Id[]
  /** Code of the invalid entry that froze writing here, or `null`. */
  readonly frozen: string | null
}

/** What an invitation brought (PROTOCOL 7.3): all of it may be missing. */
export interface Pack {
  readonly group?: string
  readonly programme?: string
  readonly name?: string
  readonly next?: readonly string[]
  readonly rules?: readonly string[]
  readonly help?: readonly string[]
  /** The day of its making. */
  readonly as_of?: string
}

/** Everything this phone knows of one account: the argument of every projection. */
export interface World {
  readonly account: Id
  /** Only those that are this account's by its own act (PROTOCOL 14.6). */
  readonly circles: ReadonlyMap<Id, CircleState>
  /** By space id; one that was only written to is here as well, without versions. */
  readonly spaces: ReadonlyMap<Id, SpaceState>
  readonly outbox: readonly Pending[]
  /** Local names and editors whose version has been seen: name -> version id. */
  readonly seen: ReadonlyMap<Id, Id>
  /** By circle: what an invitation brought, for as long as no key has come. */
  readonly packs?: ReadonlyMap<Id, Pack>
}

/** Where acts get what is not theirs to decide; passed in, so that acts stay pure. */
export interface Pen {
  /** Milliseconds. */
  readonly now: number
  /** 16 random bytes of this tab, the same until it is loaded anew: two tabs are two editors. */
  readonly tab: Id
  /** Fresh random bytes as an id. */
  readonly random: (bytes: 8 | 16) => Id
  /**
   * A record's name on which all phones of this account meet: the HMAC of PROTOCOL 5.3 over the
   * parts with a zero byte between them. Strings are UTF-8; an `{id}` stands for its raw bytes.
   */
  readonly ownRec: (...parts: readonly (string | { readonly id: Id })[]) => Id
  /** The name on which everybody who leads a circle meets. */
  readonly sharedRec: (kind: string, subject: Id) => Id
  /** The id of a space. */
  readonly spaceId: (space: SpaceRef) => Id
}
