/**
 * A circle's log, folded: who is seated, with which devices and roles (PROTOCOL 4).
 *
 * `Membership.apply` judges one control entry against everything before it and takes it
 * in, or throws and changes nothing. Certificates, proofs and keys are verified here; the
 * version's own signature and chain are `check.ts`'s.
 */

import { b64, concat, unb64, type Bytes, type Id } from './encoding.ts'
import {
  REMOVE_ACCOUNT, REMOVE_DEVICE,
  type Device, type Entry, type Genesis, type Grant, type Invite, type Join, type Listing,
  type Removal, type Revoke, type SetRoles,
} from './entries.ts'
import { EnidError } from './errors.ts'
import {
  ALL_ROLES, CircleKind, Role, Rule, SpaceKind, ZERO16, ZERO32, audienceOf,
  type Audience, type Roles,
} from './kinds.ts'
import * as labels from './labels.ts'
import { accountId, deviceId, spaceId } from './names.ts'
import * as signing from './signing.ts'
import type { CheckedKeys, SignKey } from './signing.ts'

const { MEMBER: M, LEADER: L, COORDINATOR: C, OBSERVER: O, SUPERVISOR: S } = Role
const { FIRM_HEAD: F, APPLICANT: A, NAMED: N, OWNER: W } = Role

/** Whom a role may add, change and remove (PROTOCOL 4.3), by kind of circle. */
export const AUTHORITY: ReadonlyMap<CircleKind, ReadonlyMap<Roles, Roles>> = new Map([
  [CircleKind.PERSON, new Map([[W, W]])],
  [CircleKind.GROUP, new Map<Roles, Roles>([[L, M | O | L], [C, M | O | L | C]])],
  [CircleKind.PROGRAMME, new Map([[C, C]])],
  [CircleKind.FIRM, new Map<Roles, Roles>([[F, F], [C, F | C]])],
  [CircleKind.SUPERVISION, new Map<Roles, Roles>([[S, S | L], [C, S | L | C]])],
  [CircleKind.TEAM, new Map<Roles, Roles>([[L, L], [C, L | C]])],
  [CircleKind.APPLICATION, new Map([[C, A | C]])],
  [CircleKind.CASE, new Map([[N, N]])],
] as [CircleKind, ReadonlyMap<Roles, Roles>][])

/** The identity's certificate for a device, 64 bytes. */
export function certify(
  suite: number, identity: SignKey, account: Id, deviceKey: Bytes,
): Promise<Bytes> {
  return signing.sign(suite, identity, labels.SIGN_DEVICE, concat(unb64(account), deviceKey))
}

/** Throw `bad_signature` unless the identity certified the device. */
export function verifyCertificate(
  suite: number, signKey: Bytes, account: Id, deviceKey: Bytes, certificate: Bytes,
  checked: CheckedKeys,
): Promise<void> {
  return prove(suite, certified(signKey, account, deviceKey, certificate), checked)
}

/** What the invite key signs: circle, identity keys and device key. */
export function joinMessage(
  circle: Id, entry: Pick<Join, 'signKey' | 'wrapKey' | 'deviceKey'>,
): Bytes {
  return concat(unb64(circle), entry.signKey, entry.wrapKey, entry.deviceKey)
}

/** Throw `bad_signature` unless the invite key signed the joiner's keys. */
export function verifyJoin(
  suite: number, circle: Id, entry: Join, checked: CheckedKeys,
): Promise<void> {
  return prove(suite, admitted(circle, entry), checked)
}

declare const verified: unique symbol

/** One account's seat in a circle. Only a log that was folded here makes one (SEC-02). */
export interface Account {
  readonly [verified]: true
  readonly id: Id
  readonly signKey: Bytes
  readonly wrapKey: Bytes
  readonly person: Id
  /** What it may do now; none once removed. */
  readonly roles: Roles
  /** Every role that it has had here; what it wrote then still counts. */
  readonly ever: Roles
  /** Place of its entry in the log; the last seat for a person acts. */
  readonly order: number
}

/** A device and the account that it signs for. */
export interface Seated {
  readonly key: Bytes
  readonly account: Id
  readonly revoked: boolean
}

/** An invitation as the log knows it. */
export interface Place {
  readonly person: Id
  readonly roles: Roles
  readonly by: Id
  readonly state: 'open' | 'used' | 'revoked'
}

/** A removal or role change: whose roles went from what to what. */
export interface Change {
  readonly id: Id
  readonly account: Id
  readonly before: Roles
  readonly after: Roles
  /** The device that was revoked, if this was that. */
  readonly device: Id | null
}

/** What has to be proven before an entry may be taken in. */
type Proof =
  | { readonly of: 'signature'; readonly label: labels.Label; readonly key: Bytes
      readonly message: Bytes; readonly signature: Bytes }
  | { readonly of: 'key'; readonly key: Bytes }
  | { readonly of: 'wrap key'; readonly key: Bytes }

/** Gives each proof that an entry needs; changes the fold only after the last. */
type Steps = Generator<Proof, void>

/** The fold of one circle's log up to some point. */
export class Membership {
  circle: Id = ''
  kind: CircleKind = CircleKind.PERSON
  suite = 1
  length = 0
  accounts = new Map<Id, Account>()
  devices = new Map<Id, Seated>()
  /** Places by invite key. */
  invites = new Map<Id, Place>()
  /** Circles of the groups that a programme lists. */
  groups = new Set<Id>()
  changes: Change[] = []

  /** An independent fold of the same log. */
  copy(): Membership {
    const fresh = Object.assign(new Membership(), this)
    fresh.accounts = new Map(this.accounts)
    fresh.devices = new Map(this.devices)
    fresh.invites = new Map(this.invites)
    fresh.groups = new Set(this.groups)
    fresh.changes = [...this.changes]
    return fresh
  }

  // Questions ------------------------------------------------------------------

  /** The space id of the circle's log. */
  get log(): Id {
    return spaceId(this.circle, SpaceKind.CIRCLE)
  }

  /** Id of the last removal or role change; zeros before the first. */
  get lastChange(): Id {
    return this.changes.at(-1)?.id ?? ZERO32
  }

  /** The device, revoked or not; throws `unknown_author` when it is not in this log (yet). */
  device(device: Id): Seated {
    const seated = this.devices.get(device)
    if (!seated) throw new EnidError('unknown_author', 'the device is not in the log')
    return seated
  }

  /** The account that a device signs for, removed or not. */
  author(device: Id): Account {
    return this.accounts.get(this.device(device).account)!
  }

  /** The account that now acts for a person: the last that was seated. */
  acting(person: Id): Account | null {
    let last: Account | null = null
    for (const account of this.accounts.values()) {
      const seated = account.person === person && account.roles
      if (seated && (!last || account.order > last.order)) last = account
    }
    return last
  }

  /** Accounts that may read a space now: a fixed function of the log. */
  readers(kind: SpaceKind, subject: Id = ZERO16): Map<Id, Account> {
    const audience = audienceOf(kind)
    return new Map([...this.accounts].filter(([, account]) =>
      reads(audience, account.roles, account.person, subject)))
  }

  /** Whether these roles of an account allow a write rule in a space. */
  mayWrite(account: Account, roles: Roles, kind: SpaceKind, subject: Id, rule: Rule): boolean {
    const audience = audienceOf(kind)
    if (rule === Rule.LEAD) return (roles & audience.lead) !== 0
    return reads(audience, roles, account.person, subject)
  }

  /** Whether these roles of an account allow it to begin an epoch of a space. */
  mayRotate(account: Account, roles: Roles, kind: SpaceKind, subject: Id): boolean {
    const audience = audienceOf(kind)
    const ownThread = audience.byPerson && account.person === subject
    return (roles & audience.rotate) !== 0 || (ownThread && roles !== Role.NONE)
  }

  /** Whether an account is the one that now acts for a person. */
  actsFor(account: Id, person: Id): boolean {
    return this.acting(person)?.id === account
  }

  /** Whether a removal or role change is in this log (zeros always are). */
  knowsChange(change: Id): boolean {
    return change === ZERO32 || this.changes.some((each) => each.id === change)
  }

  /**
   * Devices that lost a right in a space after one change, up to another: those of an
   * account that lost the space, or the rule `lead` in it, and those that were revoked.
   */
  lost(since: Id, until: Id, kind: SpaceKind, subject: Id): Set<Id> {
    const lost = new Set<Id>()
    if (since === until) return lost
    for (const later of this.#changesAfter(since)) {
      if (later.device) lost.add(later.device)
      else if (this.#lostRight(later, kind, subject)) {
        for (const [device, seated] of this.devices) {
          if (seated.account === later.account) lost.add(device)
        }
      }
      if (later.id === until) break
    }
    return lost
  }

  /** Whether somebody lost a right here after the change that its epoch names. */
  isDue(change: Id, kind: SpaceKind, subject: Id): boolean {
    return this.#changesAfter(change).some((later) =>
      !later.device && this.#lostRight(later, kind, subject))
  }

  /** What an account was allowed once `change` had been made. */
  rolesAt(account: Account, change: Id): Roles {
    const next = this.#changesAfter(change).find((later) =>
      later.account === account.id && !later.device)
    return next ? next.before : account.roles
  }

  /** All that an account was allowed at any time since `change`. */
  rolesSince(account: Account, change: Id): Roles {
    let { roles } = account
    for (const later of this.#changesAfter(change)) {
      if (later.account === account.id && !later.device) roles |= later.before | later.after
    }
    return roles
  }

  /** Whether a device had been signed out once `change` had been made. */
  revokedAt(device: Id, change: Id): boolean {
    const later = this.#changesAfter(change).some((each) => each.device === device)
    return this.device(device).revoked && !later
  }

  /** Whether a change is the same as an earlier one, or comes after it. */
  follows(change: Id, earlier: Id): boolean {
    const ids = [ZERO32, ...this.changes.map((each) => each.id)]
    return ids.indexOf(change) >= ids.indexOf(earlier)
  }

  /** The author, who must be seated and not revoked; else `device_revoked`, `role_denied`. */
  active(device: Id): Account {
    const seated = this.device(device)
    if (seated.revoked) {
      throw new EnidError('device_revoked', 'this device was signed out for good')
    }
    const account = this.accounts.get(seated.account)!
    if (!account.roles) throw denied('this account has left the circle')
    return account
  }

  #changesAfter(change: Id): Change[] {
    const place = this.changes.findIndex((each) => each.id === change)
    return this.changes.slice(place + 1) // zeros: all of them
  }

  #lostRight(change: Change, kind: SpaceKind, subject: Id): boolean {
    const audience = audienceOf(kind)
    const { person } = this.accounts.get(change.account)!
    const readBefore = reads(audience, change.before, person, subject)
    const readsAfter = reads(audience, change.after, person, subject)
    const led = change.before & audience.lead && !(change.after & audience.lead)
    return (readBefore && !readsAfter) || Boolean(led)
  }

  // Taking entries in ----------------------------------------------------------

  /**
   * Judge one entry and take it in. One call at a time for each fold.
   *
   * `version` is the id of the version that carries it, `device` its author, whose
   * signature the caller has verified. Throws `bad_entry`, `bad_signature`, `head_moved`
   * (when `after` is not the last change), `role_denied`, `device_revoked`, `invite_used`,
   * `unknown_invite`, `unknown_author` or `upgrade_required`.
   */
  async apply(version: Id, device: Id, entry: Entry, checked: CheckedKeys): Promise<void> {
    for (const proof of this.#take(version, device, entry)) {
      await prove(this.suite, proof, checked)
    }
    this.length += 1
  }

  /**
   * Take in an entry that this device has verified and stored before: the same rules, but
   * signatures and keys are not examined again.
   */
  applyKnown(version: Id, device: Id, entry: Entry): void {
    for (const proof of this.#take(version, device, entry)) void proof
    this.length += 1
  }

  #take(version: Id, device: Id, entry: Entry): Steps {
    if ((this.length === 0) !== (entry.type === 'genesis')) {
      throw bad('a log begins with its genesis and has one')
    }
    switch (entry.type) {
      case 'genesis': return this.#genesis(version, device, entry)
      case 'invite': return this.#invite(device, entry)
      case 'revoke': return this.#revoke(device, entry)
      case 'join': return this.#join(device, entry)
      case 'grant': return this.#grant(device, entry)
      case 'device': return this.#device(device, entry)
      case 'set_roles': return this.#setRoles(version, device, entry)
      case 'removal': return this.#removal(version, device, entry)
      case 'listing': return this.#listing(device, entry)
      case 'epoch': throw bad("this entry does not belong in a circle's log")
    }
  }

  *#genesis(version: Id, device: Id, entry: Genesis): Steps {
    if (!isCircleKind(entry.kind)) {
      throw new EnidError('upgrade_required', 'a kind of circle not known here')
    }
    const roles = rolesFrom(entry.roles)
    this.#introduce(device, entry.deviceKey)
    const account = accountId(entry.signKey, entry.wrapKey)
    yield certified(entry.signKey, account, entry.deviceKey, entry.certificate)
    yield* this.#seat(entry.signKey, entry.wrapKey, entry.person, roles)
    this.circle = version
    this.kind = entry.kind
    this.devices.set(device, { key: entry.deviceKey, account, revoked: false })
  }

  *#invite(device: Id, entry: Invite): Steps {
    const author = this.active(device)
    const roles = rolesFrom(entry.roles)
    this.#mustCommand(author, roles | this.#rolesOf(entry.person))
    const key = b64(entry.inviteKey)
    if (this.invites.has(key)) throw bad('this invitation key was used before')
    yield { of: 'key', key: entry.inviteKey }
    this.invites.set(key, { person: entry.person, roles, by: author.id, state: 'open' })
  }

  *#revoke(device: Id, entry: Revoke): Steps {
    const author = this.active(device)
    const place = this.#openPlace(entry.inviteKey)
    if (place.by !== author.id) this.#mustCommand(author, place.roles)
    this.invites.set(b64(entry.inviteKey), { ...place, state: 'revoked' })
  }

  *#join(device: Id, entry: Join): Steps {
    const place = this.#openPlace(entry.inviteKey)
    const account = accountId(entry.signKey, entry.wrapKey)
    this.#introduce(device, entry.deviceKey, account)
    yield certified(entry.signKey, account, entry.deviceKey, entry.certificate)
    yield admitted(this.circle, entry)
    if (this.#isSeated(account)) throw bad('this account is seated already')
    yield* this.#seat(entry.signKey, entry.wrapKey, place.person, place.roles)
    this.devices.set(device, { key: entry.deviceKey, account, revoked: false })
    this.invites.set(b64(entry.inviteKey), { ...place, state: 'used' })
  }

  *#grant(device: Id, entry: Grant): Steps {
    const author = this.active(device)
    const roles = rolesFrom(entry.roles)
    this.#mustCommand(author, roles | this.#rolesOf(entry.person))
    if (this.#isSeated(accountId(entry.signKey, entry.wrapKey))) {
      throw bad('this account is seated already')
    }
    yield { of: 'key', key: entry.signKey }
    yield* this.#seat(entry.signKey, entry.wrapKey, entry.person, roles)
  }

  *#device(device: Id, entry: Device): Steps {
    this.#introduce(device, entry.deviceKey)
    const owner = this.accounts.get(entry.account)
    if (!owner?.roles) throw denied('no such account is seated here')
    yield certified(owner.signKey, entry.account, entry.deviceKey, entry.certificate)
    this.devices.set(device, { key: entry.deviceKey, account: entry.account, revoked: false })
  }

  *#setRoles(version: Id, device: Id, entry: SetRoles): Steps {
    const author = this.active(device)
    const roles = rolesFrom(entry.roles)
    this.#mustFollow(entry.after)
    const target = this.#target(entry.account)
    this.#mustCommand(author, target.roles | roles)
    this.#change(version, target, roles)
  }

  *#removal(version: Id, device: Id, entry: Removal): Steps {
    const author = this.active(device)
    this.#mustFollow(entry.after)
    if (entry.what === REMOVE_DEVICE) this.#revokeDevice(version, author, entry.subject)
    else if (entry.what === REMOVE_ACCOUNT) {
      const target = this.#target(entry.subject)
      if (target.id !== author.id) this.#mustCommand(author, target.roles)
      this.#change(version, target, Role.NONE)
    } else throw bad('a removal names an account or a device')
  }

  *#listing(device: Id, entry: Listing): Steps {
    const author = this.active(device)
    if (this.kind !== CircleKind.PROGRAMME || !(author.roles & Role.COORDINATOR)) {
      throw denied("only a programme's coordinator lists groups")
    }
    const lists = entry.listed === 1
    if (entry.listed > 1 || lists === this.groups.has(entry.group)) {
      throw bad('the listing changes nothing')
    }
    if (lists) this.groups.add(entry.group)
    else this.groups.delete(entry.group)
  }

  #revokeDevice(version: Id, author: Account, device: Id): void {
    const seated = this.device(device)
    if (seated.revoked) throw bad('this device was revoked before')
    const owner = this.accounts.get(seated.account)!
    if (owner.id !== author.id) this.#mustCommand(author, owner.roles)
    this.devices.set(device, { ...seated, revoked: true })
    const { id: account, roles } = owner
    this.changes.push({ id: version, account, before: roles, after: roles, device })
  }

  #change(version: Id, target: Account, roles: Roles): void {
    if (!roles) {
      // Places that it opened close behind it.
      for (const [key, place] of this.invites) {
        if (place.by === target.id && place.state === 'open') {
          this.invites.set(key, { ...place, state: 'revoked' })
        }
      }
    }
    const { id: account, roles: before } = target
    this.changes.push({ id: version, account, before, after: roles, device: null })
    this.accounts.set(account, { ...target, roles, ever: target.ever | roles })
  }

  *#seat(signKey: Bytes, wrapKey: Bytes, person: Id, roles: Roles): Steps {
    const id = accountId(signKey, wrapKey)
    const before = this.accounts.get(id)
    yield { of: 'wrap key', key: wrapKey }
    if (before && before.person !== person) {
      throw bad('this account stood for another person here')
    }
    const ever = roles | (before?.ever ?? Role.NONE)
    const seat = { id, signKey, wrapKey, person, roles, ever, order: this.length }
    this.accounts.set(id, seat as Account)
  }

  /** A new device; or one that comes `back` with an account that had left. */
  #introduce(device: Id, deviceKey: Bytes, back: Id | null = null): void {
    const known = this.devices.get(device)
    const returns = known?.account === back && !known.revoked
    if (deviceId(deviceKey) !== device || (known && !returns)) {
      throw bad('the device key does not fit, or is in the log already')
    }
  }

  /** What would be taken over by another account for the same person. */
  #rolesOf(person: Id): Roles {
    return this.acting(person)?.roles ?? Role.NONE
  }

  #isSeated(account: Id): boolean {
    return Boolean(this.accounts.get(account)?.roles)
  }

  #target(account: Id): Account {
    const target = this.accounts.get(account)
    if (!target?.roles) throw bad('no such account is seated here')
    return target
  }

  #openPlace(inviteKey: Bytes): Place {
    const place = this.invites.get(b64(inviteKey))
    if (!place) throw new EnidError('unknown_invite', 'the invitation is not in the log')
    if (place.state !== 'open') {
      throw new EnidError('invite_used', `this invitation was ${place.state}`)
    }
    return place
  }

  #mustFollow(after: Id): void {
    if (after !== this.lastChange) {
      throw new EnidError('head_moved', 'another change came first')
    }
  }

  #mustCommand(author: Account, roles: Roles): void {
    let allowed: Roles = Role.NONE
    for (const [role, over] of AUTHORITY.get(this.kind)!) {
      if (author.roles & role) allowed |= over
    }
    const leads = this.kind === CircleKind.GROUP && author.roles & Role.LEADER
    if (leads && !this.#hasCoordinator()) allowed |= Role.COORDINATOR // PROTOCOL 4.3(1)
    if (roles & ~allowed) throw denied("not within this account's authority")
  }

  #hasCoordinator(): boolean {
    const coordinates = (each: Account | Place) => each.roles & Role.COORDINATOR
    return [...this.accounts.values()].some(coordinates)
      || [...this.invites.values()].some((each) => each.state === 'open' && coordinates(each))
  }
}

async function prove(suite: number, proof: Proof, checked: CheckedKeys): Promise<void> {
  if (proof.of === 'wrap key') return signing.checkWrapKey(suite, proof.key)
  if (proof.of === 'key') return signing.checkKey(suite, proof.key, checked)
  const { key, label, message, signature } = proof
  return signing.verify(suite, key, label, message, signature, checked)
}

function certified(key: Bytes, account: Id, deviceKey: Bytes, signature: Bytes): Proof {
  const message = concat(unb64(account), deviceKey)
  return { of: 'signature', label: labels.SIGN_DEVICE, key, message, signature }
}

function admitted(circle: Id, entry: Join): Proof {
  const { inviteKey: key, proof: signature } = entry
  const message = joinMessage(circle, entry)
  return { of: 'signature', label: labels.SIGN_JOIN, key, message, signature }
}

function reads(audience: Audience, roles: Roles, person: Id, subject: Id): boolean {
  const own = audience.byPerson && person === subject && roles !== Role.NONE
  return own || (roles & audience.readers) !== 0
}

function isCircleKind(kind: number): kind is CircleKind {
  return AUTHORITY.has(kind as CircleKind)
}

function rolesFrom(number: number): Roles {
  if (number & ~ALL_ROLES) throw new EnidError('upgrade_required', 'a role not known here')
  if (!number) throw bad('no role at all')
  return number
}

function bad(detail: string): EnidError {
  return new EnidError('bad_entry', detail)
}

function denied(detail: string): EnidError {
  return new EnidError('role_denied', detail)
}
