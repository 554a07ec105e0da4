/**
 * Is this version valid here? One function judges for all (PROTOCOL 8).
 *
 * A version is judged by its author, never by who carries it. The caller has already
 * looked up whether the id is known (a known id is success before anything else) and
 * passes what it knows of the space. With `Serving` the stricter rules of the server
 * apply as well; the app itself judges without.
 */

import { unb64, type Id } from './encoding.ts'
import { decode, type Entry, type Epoch } from './entries.ts'
import { recordKey, SEALED_OVERHEAD, type RecordKey, type Version } from './envelope.ts'
import { EnidError, type Code, type Facts } from './errors.ts'
import {
  audienceOf, BUCKETS, Role, Rule, SpaceKind, ZERO16, ZERO32, ZERO8,
} from './kinds.ts'
import { SIGN_VERSION } from './labels.ts'
import type { Account, Membership } from './membership.ts'
import { deviceId, spaceId } from './names.ts'
import { verify, type CheckedKeys } from './signing.ts'

/** n and id of a device's newest version in a space. */
export interface Tip {
  readonly n: number
  readonly id: Id
}

/** Before a device's first version. */
export const NO_TIP: Tip = { n: 0, id: ZERO32 }

/** Which audience this is: circle, kind, subject, and the id made of them. */
export interface Space {
  readonly id: Id
  readonly circle: Id
  readonly kind: SpaceKind
  readonly subject: Id
}

/** Name a space (PROTOCOL 2.2). */
export function spaceOf(circle: Id, kind: SpaceKind, subject: Id = ZERO16): Space {
  return { id: spaceId(circle, kind, subject), circle, kind, subject }
}

/** An epoch of a space: number, key id, entry id, the change that it names. */
export interface EpochMark {
  readonly number: number
  readonly kid: Id
  readonly id: Id
  readonly membership: Id
}

/** What must be known of one space to judge a version. */
export interface State {
  readonly space: Space
  /** The fold of its circle's log; in a log, `check` takes entries in. */
  readonly membership: Membership
  /** The newest epoch, if one has begun. */
  readonly epoch: EpochMark | null
  /** Newest (n, id) of a device here; `NO_TIP` before its first. */
  tip(device: Id): Tip
  /** The record that a known version belongs to. */
  recordOf(version: Id): RecordKey | null
  /** The key id of an epoch that is in this log. */
  kidOf(epoch: number): Id | null
  /** Where a device's chain ends, when an epoch entry said so. */
  closedAt(device: Id): Tip | null
}

/** What only a server knows and enforces. */
export interface Serving {
  /** Incarnation of this server. */
  readonly inc: number
  /** Whether new changes of rights are taken (PROTOCOL 8.4(3)). */
  readonly settled: boolean
  /** The log's head at a seq, or `null` past its end. */
  readonly headAt: (seq: number) => Id | null
  /** Whether all accounts have synced, however long that takes (PROTOCOL 8.4(2)). */
  readonly complete: boolean
}

/** A version that may stand: its author, its record, its control entry. */
export interface Judgement {
  readonly account: Id
  readonly record: RecordKey
  readonly entry: Entry | null
}

const CONTROL_RECORD = recordKey(Rule.CONTROL, ZERO16, ZERO16)
const SEALED_SIZES: ReadonlySet<number> = new Set(BUCKETS.map((size) => size + SEALED_OVERHEAD))

/**
 * Judge one version; in a circle's log also take its entry in. One call at a time for
 * each fold.
 *
 * Throws `unknown_…` when author, parent or epoch is not known yet (the version waits),
 * and the other codes of PROTOCOL 8.1.
 */
export async function check(
  version: Version, state: State, checked: CheckedKeys, serving: Serving | null = null,
): Promise<Judgement> {
  const { header } = version
  const entry = entryOf(version)
  const home = entry?.type === 'genesis' ? ZERO16 : state.space.id
  if (header.space !== home || (header.rule === Rule.CONTROL) !== (entry !== null)) {
    throw no('bad_envelope', 'this version belongs somewhere else')
  }
  await verifySignature(version, entry, state.membership, checked)
  checkChain(version, state)
  if (serving) checkView(version, serving)
  const repaired = serving !== null && header.view.inc < serving.inc && !serving.complete
  if (serving && !repaired && compares(entry) && !serving.settled) {
    throw no('restoring', 'after a restore, changes of rights wait')
  }
  if (state.space.kind === SpaceKind.CIRCLE) {
    return checkLogEntry(version, entry, state, checked)
  }
  const present = serving !== null && !repaired
  const { membership } = state
  const author = present ? membership.active(header.device) : membership.author(header.device)
  if (entry?.type === 'epoch') {
    checkEpoch(version, entry, author, state, present)
    return { account: author.id, record: CONTROL_RECORD, entry }
  }
  if (entry) throw no('bad_entry', 'only epochs stand beside contents')
  return checkContent(version, author, state, serving, present)
}

function entryOf(version: Version): Entry | null {
  const { header, body } = version
  if (header.rule !== Rule.CONTROL) return null
  if (!body || header.parents.length || header.flags || header.rec !== ZERO16) {
    throw no('bad_envelope', 'a control entry has a body and no record')
  }
  return decode(body)
}

async function verifySignature(
  version: Version, entry: Entry | null, membership: Membership, checked: CheckedKeys,
): Promise<void> {
  const { header } = version
  if (membership.length && header.suite !== membership.suite) {
    throw no('bad_envelope', "not this circle's suite")
  }
  const brings = entry?.type === 'genesis' || entry?.type === 'join' || entry?.type === 'device'
  if (brings && deviceId(entry.deviceKey) !== header.device) {
    throw no('bad_entry', 'the device key does not fit the device')
  }
  const key = brings ? entry.deviceKey : membership.device(header.device).key
  const { id, signature } = version
  await verify(header.suite, key, SIGN_VERSION, unb64(id), signature, checked)
}

function checkChain(version: Version, state: State): void {
  const { device, n, prev } = version.header
  const tip = state.tip(device)
  if (n !== tip.n + 1 || prev !== tip.id) {
    throw no('chain_conflict', "the device's chain goes on elsewhere",
      { device, n: tip.n, id: tip.id })
  }
}

function checkView(version: Version, serving: Serving): void {
  const { view } = version.header
  if (view.seq === 0 && view.head === ZERO32) return
  const elsewhere = view.inc === serving.inc && serving.headAt(view.seq) !== view.head
  if (view.inc > serving.inc || elsewhere) {
    throw no('view_mismatch', 'the author saw another log')
  }
}

function compares(entry: Entry | null): boolean {
  return entry?.type === 'removal' || entry?.type === 'set_roles' || entry?.type === 'epoch'
}

async function checkLogEntry(
  version: Version, entry: Entry | null, state: State, checked: CheckedKeys,
): Promise<Judgement> {
  const { header, id } = version
  const { membership } = state
  if (!entry || header.epoch || header.kid !== ZERO8) {
    throw no('bad_entry', "a circle's log holds control entries only")
  }
  if (!membership.length) {
    if (id !== state.space.circle) throw no('bad_entry', 'this genesis began another circle')
    membership.suite = header.suite
  }
  await membership.apply(id, header.device, entry, checked)
  return { account: membership.author(header.device).id, record: CONTROL_RECORD, entry }
}

/** `present`: a server judges a new epoch by what stands now. */
function checkEpoch(
  version: Version, entry: Epoch, author: Account, state: State, present: boolean,
): void {
  const { header } = version
  const { space, epoch, membership } = state
  const audience = audienceOf(space.kind)
  const isHere =
    entry.circle === space.circle && entry.kind === space.kind && entry.subject === space.subject
  if (!isHere) throw no('bad_entry', "this epoch is another space's")
  const byPerson = space.subject !== ZERO16
  if (audience.circle !== membership.kind || audience.byPerson !== byPerson) {
    throw no('bad_entry', 'this circle has no such space')
  }
  const before = epoch ?? { number: 0, id: ZERO32 }
  if (entry.after !== before.id || header.epoch !== before.number + 1) {
    throw no('head_moved', 'another epoch came first')
  }
  if (!entry.wrapped.includes(author.id)) {
    throw no('bad_entry', 'only who will hold the key begins an epoch')
  }
  for (let past = 1; past < header.epoch; past++) {
    if (state.kidOf(past) === header.kid) throw no('bad_entry', 'this key served an epoch before')
  }
  checkEpochMembership(entry, author, state, present)
  checkTips(entry, state, present)
}

function checkEpochMembership(
  entry: Epoch, author: Account, state: State, present: boolean,
): void {
  const { membership, space } = state
  if (!membership.knowsChange(entry.membership)) {
    throw no('unknown_change', 'the epoch names a change not in the log')
  }
  if (present && entry.membership !== membership.lastChange) {
    throw no('epoch_stale', 'the epoch does not know the last removal')
  }
  if (state.epoch && !membership.follows(entry.membership, state.epoch.membership)) {
    throw no('bad_entry', 'the epoch forgets a removal that was known')
  }
  const roles = membership.rolesAt(author, entry.membership)
  if (!membership.mayRotate(author, roles, space.kind, space.subject)) {
    throw no('role_denied', 'this account may not begin an epoch here')
  }
  for (const account of entry.wrapped) {
    const known = membership.accounts.get(account)
    if (!known) throw no('unknown_author', 'the epoch wraps to an unknown account')
    const then = membership.rolesAt(known, entry.membership)
    if (!membership.mayWrite(known, then, space.kind, space.subject, Rule.ALL)) {
      throw no('bad_entry', 'the epoch wraps to an account outside the space')
    }
  }
}

function checkTips(entry: Epoch, state: State, present: boolean): void {
  const { space, membership } = state
  const since = state.epoch?.membership ?? ZERO32
  const lost = membership.lost(since, entry.membership, space.kind, space.subject)
  const right = [...lost].filter((device) => state.tip(device).n > 0)
  const isListed = (device: Id) => {
    const tip = state.tip(device)
    return entry.tips.some((row) => row.device === device && row.n === tip.n && row.id === tip.id)
  }
  if (present && !(entry.tips.length === right.length && right.every(isListed))) {
    throw no('epoch_stale', 'the epoch does not list the latest tips')
  }
  const devices = new Set(entry.tips.map((row) => row.device))
  if (!devices.isSubsetOf(lost) || devices.size !== entry.tips.length) {
    throw no('bad_entry', 'the epoch lists the wrong devices')
  }
}

function checkContent(
  version: Version, author: Account, state: State, serving: Serving | null, present: boolean,
): Judgement {
  const { header } = version
  const { space, membership } = state
  const roles = present ? author.roles : author.ever | author.roles
  if (!membership.mayWrite(author, roles, space.kind, space.subject, header.rule)) {
    throw no('role_denied', 'this role may not write so here')
  }
  checkEpochOf(version, state, present)
  checkSize(version, space.kind)
  const record = recordKey(header.rule, author.id, header.rec)
  for (const parent of header.parents) {
    const known = state.recordOf(parent)
    if (known !== null && known !== record) {
      throw no('bad_parent', 'a parent is a version of another record')
    }
    if (known === null && serving) {
      throw no('unknown_parent', 'a parent is not in this log yet')
    }
  }
  return { account: author.id, record, entry: null }
}

function checkEpochOf(version: Version, state: State, present: boolean): void {
  const { header } = version
  const { epoch } = state
  if (!epoch || header.epoch > epoch.number) {
    throw no('unknown_epoch', 'the epoch is not in this log yet')
  }
  if (present && header.epoch < epoch.number) {
    throw no('epoch_stale', 'a newer epoch has begun')
  }
  if (header.kid !== state.kidOf(header.epoch)) {
    throw no('bad_epoch', "the key id is not this epoch's")
  }
}

function checkSize(version: Version, kind: SpaceKind): void {
  const { body, header } = version
  if (!body) return
  if (header.flags) {
    if (body.length) throw no('bad_padding', 'a deletion has no body')
    return
  }
  const least = header.rule === Rule.OWN ? audienceOf(kind).least : BUCKETS[0]
  if (!SEALED_SIZES.has(body.length) || body.length < least + SEALED_OVERHEAD) {
    throw no('bad_padding', 'not one of the padded sizes')
  }
}

/**
 * Whether a version that may stand still counts (PROTOCOL 8.3).
 *
 * A version of a device that lost the space counts up to the tip that the next epoch
 * lists, or as far as its roles since the newest epoch allow it.
 */
export function stillCounts(
  version: Pick<Version, 'header'>, judged: Pick<Judgement, 'account'>, state: State,
): boolean {
  const { header } = version
  const closed = state.closedAt(header.device)
  if (!closed || header.n <= closed.n) return true
  const { membership, space } = state
  // What was lost since the newest epoch is for the next one to close, and what was given
  // since counts already.
  const then = state.epoch?.membership ?? ZERO32
  const account = membership.accounts.get(judged.account)!
  const roles = membership.rolesSince(account, then)
  return !membership.revokedAt(header.device, then) && roles !== Role.NONE
    && membership.mayWrite(account, roles, space.kind, space.subject, header.rule)
}

function no(code: Code, detail: string, facts: Facts = {}): EnidError {
  return new EnidError(code, detail, facts)
}
