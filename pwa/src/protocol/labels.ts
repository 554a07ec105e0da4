/**
 * The label registry (PROTOCOL 12, SEC-14).
 *
 * Every hash, signature, key derivation and seal begins with one of these, so no bytes
 * made for one purpose mean anything for another. No label is a prefix of another.
 */

import { fromText, type Bytes } from './encoding.ts'

declare const label: unique symbol

/** What a hash, a signature or a seal is for; made only here. */
export type Label = Bytes & { readonly [label]: true }

function of(text: string): Label {
  return fromText(text) as Label
}

// First bytes of the one header (PROTOCOL 5).
export const VERSION = of('enid/version/1\0')

// What a signature covers begins with one of these.
export const SIGN_VERSION = of('enid/sig/1\0')
export const SIGN_DEVICE = of('enid/cert/1\0')
export const SIGN_JOIN = of('enid/join/1\0')
export const SIGN_SESSION = of('enid/session/1\0')

// Names by hash.
export const ID_SPACE = of('enid/v1/space')
export const ID_ACCOUNT = of('enid/v1/account\0')
export const ID_DEVICE = of('enid/v1/device\0')
export const ID_KEY = of('enid/v1/kid\0')
export const ID_RECORD = of('enid/v1/record\0')
export const ID_LOOKUP = of('enid/v1/lookup-at-rest\0')

// Derived from an epoch key.
export const EPOCH_CONTENT = of('enid/v1/content\0')
export const EPOCH_COMMIT = of('enid/v1/epoch-commit\0')
export const EPOCH_CARRY = of('enid/v1/epoch-carry\0')
export const EPOCH_LINK = of('enid/v1/epoch-link\0')
export const EPOCH_WRAP = of('enid/v1/epoch-wrap\0')

// Derived from an invitation's secret.
export const INVITE_LOOKUP = of('enid/v1/invite-lookup\0')
export const INVITE_KEY = of('enid/v1/invite-key\0')
export const INVITE_PACK = of('enid/v1/invite-pack\0')

// Derived from the account key (the recovery code) and the account secret.
export const SLOT_LOOKUP = of('enid/v1/slot-lookup\0')
export const SLOT_SEAL = of('enid/v1/slot-seal\0')
export const SECRET_SIGN = of('enid/v1/secret-sign\0')
export const SECRET_WRAP = of('enid/v1/secret-wrap\0')
export const SECRET_RECORD = of('enid/v1/secret-record\0')

// On one device only.
export const LOCAL = of('enid/v1/local\0')
