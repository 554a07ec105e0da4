/** Record names of one account: what an act needs of the vault while it is made. */

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { b64, concat, fromText, unb64, type Bytes, type Id } from '../protocol/encoding.ts'

export type NamePart = string | { readonly id: Id }

/** `HMAC(record secret, parts joined by a zero byte)` (PROTOCOL 5.3): texts are UTF-8, ids their bytes. */
export function ownRec(secret: Bytes, ...parts: readonly NamePart[]): Id {
  const bytes = parts.flatMap((part, place) => [
    ...(place ? [new Uint8Array(1)] : []), typeof part === 'string' ? fromText(part) : unb64(part.id),
  ])
  return b64(hmac(sha256, secret, concat(...bytes)).subarray(0, 16))
}
