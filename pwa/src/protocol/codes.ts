/** Typed codes: groups of four characters and a check, as people read them out (PROTOCOL 3.4). */

import { fromText, sha256, uint, type Bytes } from './encoding.ts'
import { EnidError } from './errors.ts'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const FORGIVEN: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' }

/** Spell a secret as `groups` of four Crockford characters and a check (PROTOCOL 3.4). */
export function codeFromBytes(secret: Uint8Array, groups: number): string {
  const surplus = BigInt(secret.length * 8 - groups * 20)
  const number = secret.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) >> surplus
  const places = groups * 4
  const digits = Array.from({ length: places }, (_, i) =>
    CROCKFORD[Number((number >> BigInt(5 * (places - 1 - i))) & 31n)]!).join('')
  return Array.from({ length: groups }, (_, group) => {
    const word = digits.slice(group * 4, group * 4 + 4)
    return word + checkCharacter(group, word)
  }).join('-')
}

/**
 * Read a typed code; O, I, L, spaces, dashes and lower case are forgiven.
 *
 * Throws `bad_code`; the fact `group` names the first group, from 1, that looks wrong.
 */
export function bytesFromCode(code: string, groups: number): Bytes {
  const typed = [...code.toUpperCase().replace(/[ \-\t\r\n\u2010\u2011\u2013]/g, '')].map(
    (character) => FORGIVEN[character] ?? character)
  for (let group = 0; group < groups; group++) {
    if (!groupFits(group, typed.slice(group * 5, group * 5 + 5).join(''))) {
      throw new EnidError('bad_code', `group ${group + 1} looks wrong`, { group: group + 1 })
    }
  }
  if (typed.length !== groups * 5) {
    throw new EnidError('bad_code', `expected ${groups} groups of five characters`)
  }
  const digits = typed.filter((_, place) => place % 5 < 4)
  const size = Math.ceil((groups * 20) / 8)
  let number = digits.reduce((sum, digit) => (sum << 5n) | BigInt(CROCKFORD.indexOf(digit)), 0n)
  number <<= BigInt(size * 8 - groups * 20)
  return Uint8Array.from({ length: size }, (_, i) =>
    Number((number >> BigInt(8 * (size - 1 - i))) & 255n))
}

/** Whether five typed characters are a group of a code at this place, counted from 0. */
export function groupFits(group: number, typed: string): boolean {
  const word = [...typed.toUpperCase()].map((character) => FORGIVEN[character] ?? character)
  return word.length === 5 && word.every((each) => CROCKFORD.includes(each))
    && word[4] === checkCharacter(group, word.slice(0, 4).join(''))
}

function checkCharacter(group: number, characters: string): string {
  return CROCKFORD[sha256(uint(group, 1), fromText(characters))[0]! >> 3]!
}
