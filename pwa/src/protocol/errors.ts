/**
 * The one error of the protocol and its codes (PROTOCOL 10).
 *
 * `retry` says what the caller must do; `code` says exactly what happened. Verification
 * throws one of these; it never returns false.
 */

export type Retry = 'later' | 'after_pull' | 'after_user' | 'never'

const TABLE = {
  later: ['rate_limited', 'busy', 'restoring', 'bad_challenge', 'no_answer'],
  after_pull: [
    'epoch_stale', 'head_moved', 'chain_conflict', 'view_mismatch', 'unknown_author',
    'unknown_invite', 'unknown_change', 'unknown_epoch', 'unknown_parent', 'no_key',
    'not_seated', 'unproven_epoch', 'restored',
  ],
  after_user: [
    'quota', 'auth_required', 'device_revoked', 'role_denied', 'cross_site',
    'invitation_needed', 'invite_used', 'invite_expired', 'no_such_invite', 'no_such_slot',
    'upgrade_required', 'cursor_moved', 'declined', 'bad_server', 'server_fault', 'in_use',
    'no_account', 'no_zone', 'no_rules', 'no_such_note', 'no_such_person',
    'no_such_session',
  ],
  never: [
    'two_credentials', 'no_such_space', 'too_large', 'bad_request', 'not_found',
    'method_not_allowed', 'not_json', 'server_error', 'bad_envelope', 'bad_signature',
    'bad_entry', 'bad_padding', 'bad_parent', 'bad_epoch', 'bad_code', 'bad_record',
    'unopened',
  ],
} as const satisfies Record<Retry, readonly string[]>

/** Every code of PROTOCOL 10. */
export type Code = (typeof TABLE)[Retry][number]

/** What the caller must do, by code. */
export const RETRY: ReadonlyMap<string, Retry> = new Map(
  Object.entries(TABLE).flatMap(([retry, codes]) =>
    codes.map((code) => [code, retry as Retry] as const)),
)

/** Further members of a problem document: ids and numbers only. */
export type Facts = Readonly<Record<string, unknown>>

/** Everything that can go wrong by the rules of the protocol. */
export class EnidError extends Error {
  override readonly name = 'EnidError'
  readonly code: string
  readonly retry: Retry
  readonly detail: string
  readonly facts: Facts

  constructor(code: Code, detail = '', facts: Facts = {}, retry = RETRY.get(code)) {
    super(detail ? `${code}: ${detail}` : code)
    this.code = code
    this.retry = retry ?? 'never'
    this.detail = detail
    this.facts = facts
  }

  /** An error that a server told: its code may be newer than this program. */
  static told(code: string, retry: Retry, detail = '', facts: Facts = {}): EnidError {
    return new EnidError(code as Code, detail, facts, retry)
  }
}

const UNKNOWN = new Set<string>([
  'unknown_author', 'unknown_invite', 'unknown_change', 'unknown_epoch', 'unknown_parent',
] satisfies Code[])

/** Whether something is not known *yet*: the version waits (PROTOCOL 8.2(1)). */
export function isUnknown(error: unknown): error is EnidError {
  return error instanceof EnidError && UNKNOWN.has(error.code)
}

/** Whether an error has one of these codes; narrows what was caught. */
export function isCode(error: unknown, ...codes: readonly Code[]): error is EnidError {
  return error instanceof EnidError && (codes as readonly string[]).includes(error.code)
}
