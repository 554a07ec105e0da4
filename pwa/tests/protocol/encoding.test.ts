/** Canonical bytes, labels and error codes (PROTOCOL 3, 10, 12). */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesFromCode, codeFromBytes } from '../../src/protocol/codes.ts'
import { b64, byBytes, concat, Reader, sameBytes, sha256, uint, unb64 } from '../../src/protocol/encoding.ts'
import { EnidError, isCode, isUnknown, RETRY } from '../../src/protocol/errors.ts'
import {
  circleName, CircleKind, Role, roleNames, rolesOf, ruleName, ruleOf, Rule, SpaceKind, spaceKind,
  spaceName,
} from '../../src/protocol/kinds.ts'
import * as labels from '../../src/protocol/labels.ts'
import { outcome } from './known.ts'

const bytes = (options: fc.IntArrayConstraints = {}) =>
  fc.uint8Array(options).map((data) => new Uint8Array(data))

test('base64url is that of RFC 4648 without padding, both ways', () => {
  fc.assert(fc.property(bytes({ maxLength: 200 }), (data) => {
    assert.equal(b64(data), Buffer.from(data).toString('base64url'))
    assert.deepEqual(unb64(b64(data)), data)
  }))
})

test('whatever decodes is spelled in one way only', () => {
  fc.assert(fc.property(fc.string({ maxLength: 12 }), (text) => {
    try {
      assert.equal(b64(unb64(text)), text)
    } catch (error) {
      assert(isCode(error, 'bad_envelope'))
    }
  }))
})

test('what is no text is refused like any other spelling', async () => {
  for (const each of [null, undefined, 12, [], {}]) {
    assert.equal(await outcome(() => unb64(each)), 'bad_envelope')
  }
})

test('ids are ordered as their bytes are', () => {
  fc.assert(fc.property(bytes({ maxLength: 20 }), bytes({ maxLength: 20 }), (a, b) => {
    assert.equal(Math.sign(byBytes(b64(a), b64(b))), Buffer.compare(a, b))
  }))
})

test('integers are big-endian, and exact as far as a chain can count', () => {
  fc.assert(fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (number) => {
    const data = uint(number, 8)
    assert.equal(Buffer.from(data).readBigUInt64BE(), BigInt(number))
    assert.equal(new Reader(data).number(8), number)
  }))
  assert.throws(() => uint(256, 1), RangeError)
  assert.throws(() => uint(-1, 4), RangeError)
  assert.throws(() => uint(0.5, 4), RangeError)
})

test('bytes are compared whole', () => {
  assert(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)))
  assert(!sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)))
  assert(!sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1)))
  assert.deepEqual(sha256(Uint8Array.of(1), Uint8Array.of(2)), sha256(Uint8Array.of(1, 2)))
})

test('a typed code gives its bytes back, however it is typed', () => {
  fc.assert(fc.property(bytes({ minLength: 20, maxLength: 20 }), (secret) => {
    const code = codeFromBytes(secret, 8)
    assert.deepEqual(bytesFromCode(code, 8), secret)
    const careless = ` ${code.toLowerCase().replaceAll('1', 'l').replaceAll('0', 'o')}\n`
    assert.deepEqual(bytesFromCode(careless.replaceAll('-', ' \u2013 '), 8), secret)
  }))
})

test('no label is a prefix of another, and all are those of PROTOCOL 12', () => {
  const found = Object.entries(labels).map(([name, label]) =>
    [name, Buffer.from(label).toString('latin1')] as const)
  for (const [name, label] of found) {
    assert.deepEqual(found.filter(([, other]) => other.startsWith(label)), [[name, label]])
  }
  const listed = [...page().matchAll(/\| `([A-Z_]+)` \| `(enid\/[^`]+)` (?=\|)/g)].map((row) =>
    [row[1], row[2]!.replace('\\0', '\0')])
  assert.deepEqual(listed.sort(), found.map((each) => [...each]).sort())
})

test('the codes and what to do about them are those of PROTOCOL 10', () => {
  const section = page().split('## 10. Errors')[1]!.split('## 11.')[0]!
  const listed = [...section.matchAll(/^\| (`.+?) \| [^|]+ \| (later|after_pull|after_user|never) \|/gm)]
    .flatMap(([, codes, retry]) => [...codes!.matchAll(/`(\w+)`/g)].map((code) => [code[1], retry]))
  assert.deepEqual(new Map(listed as [string, string][]), RETRY)
})

test('an error says what happened and what to do', () => {
  const error = new EnidError('unknown_epoch', 'not here yet', { epoch: 3 })
  assert.equal(error.retry, 'after_pull')
  assert.equal(error.message, 'unknown_epoch: not here yet')
  assert(isUnknown(error) && isCode(error, 'busy', 'unknown_epoch') && !isCode(error, 'busy'))
  assert.equal(EnidError.told('of_tomorrow', 'later').retry, 'later')
  assert(!isUnknown(new EnidError('no_key')) && !isUnknown(new Error('unknown_epoch')))
})

test('every kind has a word, and every word its kind', () => {
  for (const kind of Object.values(SpaceKind)) assert.equal(spaceKind(spaceName(kind)), kind)
  assert.equal(spaceName(SpaceKind.SUPERVISORS), 'supervisors')
  assert.equal(circleName(CircleKind.GROUP), 'group')
  for (const rule of [Rule.LEAD, Rule.OWN, Rule.ALL]) {
    const name = ruleName(rule)
    assert(name !== 'control' && ruleOf(name) === rule)
  }
  assert.deepEqual(roleNames(Role.MEMBER | Role.FIRM_HEAD), ['member', 'firm_head'])
  assert.equal(rolesOf(['member', 'firm_head']), Role.MEMBER | Role.FIRM_HEAD)
  assert.deepEqual(roleNames(Role.NONE), [])
})

test('parts are put one after another', () => {
  assert.deepEqual(concat(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3))
})

function page(): string {
  return readFileSync(new URL('../../../sync/PROTOCOL.md', import.meta.url), 'utf8')
}
