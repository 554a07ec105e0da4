/** What accounts, devices and spaces are called: hashes of what they are (PROTOCOL 2.2, 3.3). */

import { hashId, uint, unb64, type Id } from './encoding.ts'
import { ZERO16, type SpaceKind } from './kinds.ts'
import { ID_ACCOUNT, ID_DEVICE, ID_SPACE } from './labels.ts'

/** 16 bytes that name an account for ever. */
export function accountId(signKey: Uint8Array, wrapKey: Uint8Array): Id {
  return hashId(16, ID_ACCOUNT, signKey, wrapKey)
}

/** 16 bytes that name a device for ever. */
export function deviceId(deviceKey: Uint8Array): Id {
  return hashId(16, ID_DEVICE, deviceKey)
}

/** 16 bytes that name one audience of a circle (PROTOCOL 2.2). */
export function spaceId(circle: Id, kind: SpaceKind, subject: Id = ZERO16): Id {
  return hashId(16, ID_SPACE, unb64(circle, 32), uint(kind, 1), unb64(subject, 16))
}
