/** Seals, wraps and signatures: opening undoes sealing, and one changed bit opens nothing. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { b64, unb64, type Bytes } from '../../src/protocol/encoding.ts'
import {
  build, encodeHeader, parse, type Header, type Sealed,
} from '../../src/protocol/envelope.ts'
import { AccountKey, Identity, Invitation } from '../../src/protocol/invitations.ts'
import { BUCKETS, Rule, ZERO16, ZERO32 } from '../../src/protocol/kinds.ts'
import { SIGN_DEVICE, SIGN_VERSION } from '../../src/protocol/labels.ts'
import { certify, Membership, verifyCertificate, type Account } from '../../src/protocol/membership.ts'
import * as sealing from '../../src/protocol/sealing.ts'
import * as signing from '../../src/protocol/signing.ts'
import { checked, fold, outcome, vectors } from './known.ts'

const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size))
const bytes = (options: fc.IntArrayConstraints) =>
  fc.uint8Array(options).map((data) => new Uint8Array(data))
const size = (n: number) => bytes({ minLength: n, maxLength: n })

function headerOf(salt: Bytes): Header {
  return {
    suite: 1, space: b64(random(16)), epoch: 3, kid: b64(random(8)), rule: Rule.OWN, flags: 0,
    rec: b64(random(16)), device: b64(random(16)), n: 1, prev: ZERO32,
    view: { inc: 1, seq: 2, head: b64(random(32)) }, parents: [], salt,
  }
}

/** The same bytes with one bit changed. */
function flipped<B extends Bytes>(data: B, bit: number): B {
  const changed = data.slice() as B
  const place = bit % (data.length * 8)
  changed[place >> 3]! ^= 0x80 >> place % 8
  return changed
}

test('opening undoes sealing, with open keys and with concealed ones', async () => {
  await fc.assert(fc.asyncProperty(
    bytes({ maxLength: 2000 }), size(32), size(24), fc.constantFrom(...BUCKETS),
    async (content, secret, salt, least) => {
      const header = headerOf(salt)
      const key = sealing.epochKey(1, header.space, 3, secret)
      const body = await sealing.sealContent(header, key, content, least)
      assert(body.length >= least + 48)
      const version = { raw: encodeHeader(header), header, body }
      const hidden = await sealing.conceal(key)
      assert.deepEqual(await sealing.openContent(version, key), content)
      assert.deepEqual(await sealing.openContent(version, hidden), content)
      assert.deepEqual(await sealing.sealContent(header, hidden, content, least), body)
    }), { numRuns: 40 })
})

test('one bit changed in body, header or key, and nothing opens', async () => {
  await fc.assert(fc.asyncProperty(size(32), fc.nat(), async (secret, bit) => {
    const header = headerOf(random(24))
    const key = sealing.epochKey(1, header.space, 3, secret)
    const body = await sealing.sealContent(header, key, Uint8Array.of(1, 2, 3), 256)
    const version = { raw: encodeHeader(header), header, body }
    const other = sealing.epochKey(1, header.space, 3, flipped(secret, bit))
    const tries = [
      outcome(() => sealing.openContent({ ...version, body: flipped(body, bit) }, key)),
      outcome(() => sealing.openContent({ ...version, raw: flipped(version.raw, bit) }, key)),
      outcome(() => sealing.openContent({ ...version, header: { salt: flipped(header.salt, bit) } }, key)),
      outcome(() => sealing.openContent(version, other)),
    ]
    assert.deepEqual(new Set(await Promise.all(tries)), new Set(['unopened']))
  }), { numRuns: 60 })
})

test('a body that is no longer kept, or is cut short, does not open', async () => {
  const header = headerOf(random(24))
  const key = sealing.epochKey(1, header.space, 3, random(32))
  const body = await sealing.sealContent(header, key, Uint8Array.of(1), 256)
  for (const short of [null, body.slice(0, 47), body.slice(0, 60), new Uint8Array(0)]) {
    const version = { raw: encodeHeader(header), header, body: short as Sealed | null }
    assert.equal(await outcome(() => sealing.openContent(version, key)), 'unopened')
  }
})

test('a box on this device opens with its key and its purpose only', async () => {
  const secret = await sealing.concealed(random(32))
  const context = sealing.localContext(1, 'key', random(16))
  const box = await sealing.sealBox(secret, context, Uint8Array.of(9), random)
  assert.deepEqual(await sealing.openBox(secret, context, box), Uint8Array.of(9))
  const another = sealing.localContext(1, 'intent')
  assert.equal(await outcome(() => sealing.openBox(secret, another, box)), 'unopened')
  assert.equal(await outcome(() => sealing.openBox(random(32), context, box)), 'unopened')
})

test('a concealed key cannot be read again', async () => {
  const key = await sealing.conceal(sealing.epochKey(1, ZERO16, 1, random(32)))
  assert(!sealing.isOpen(key))
  await assert.rejects(crypto.subtle.exportKey('raw', key.secret as CryptoKey))
  const seed = await signing.signingKey(1, random(32))
  await assert.rejects(crypto.subtle.exportKey('pkcs8', seed))
  const { privateKey } = await sealing.wrapKeys(1, random(32))
  await assert.rejects(crypto.subtle.exportKey('pkcs8', privateKey))
})

async function someAccount(): Promise<Account> {
  const file = vectors('rings')
  const [log] = (await fold(Object.values(file.scenes!)[1]!)).values()
  return log!.membership.accounts.values().next().value!
}

test('a key is wrapped for one account of a verified log, and unwrapped by nobody else', async () => {
  const identity = new Identity(random(32))
  const seat = await someAccount()
  const account: Account = { ...seat, wrapKey: await identity.wrapKey(), id: await identity.account() }
  const key = sealing.epochKey(1, b64(random(16)), 4, random(32))
  const wrapped = await sealing.wrap(key, account)
  assert.equal(wrapped.length, sealing.WRAP_BYTES)
  const commitment = await sealing.commitmentOf(key)
  const wrap = { account: account.id, space: key.space, number: 4, kid: key.kid, commitment, wrapped }
  const seed = await identity.wrapSeed()
  assert.deepEqual((await sealing.unwrap(1, seed, wrap)).secret, key.secret)
  assert.equal(await outcome(() => sealing.unwrap(1, random(32), wrap)), 'unopened')
  const others = [
    { number: 5 }, { account: seat.id }, { commitment: random(32) },
    { wrapped: flipped(wrapped, 77) }, { wrapped: wrapped.slice(0, 40) },
  ]
  for (const other of others) {
    const refused = () => sealing.unwrap(1, seed, { ...wrap, ...other })
    assert.equal(await outcome(refused), 'unopened')
  }
})

test('an account that no log seated is no account to wrap to (SEC-02)', () => {
  const key = sealing.epochKey(1, ZERO16, 1, random(32))
  const named = {
    id: ZERO16, signKey: random(32), wrapKey: random(32), person: ZERO16, roles: 1, ever: 1, order: 0,
  }
  // @ts-expect-error: only a folded log makes an account
  const call = () => sealing.wrap(key, named)
  // @ts-expect-error: carrying and wrapping need a key whose bytes are at hand
  const other = (hidden: sealing.EpochKey) => sealing.carry(key, hidden)
  // @ts-expect-error: a label is not any bytes
  const third = () => signing.sign(1, random(32), random(8), random(8))
  assert.equal([call, other, third].length, 3)
})

test('a signature counts under its label and its key only', async () => {
  const seed = random(32)
  const key = await signing.publicKey(1, seed)
  const message = random(40)
  const signature = await signing.sign(1, await signing.signingKey(1, seed), SIGN_VERSION, message)
  assert.deepEqual(await signing.sign(1, seed, SIGN_VERSION, message), signature)
  const verify = (label: typeof SIGN_VERSION, by: Bytes, over: Bytes, what: Bytes) =>
    outcome(() => signing.verify(1, by, label, over, what, checked))
  assert.equal(await verify(SIGN_VERSION, key, message, signature), 'ok')
  assert.equal(await verify(SIGN_DEVICE, key, message, signature), 'bad_signature')
  for (let bit = 0; bit < 512; bit += 5) {
    assert.equal(await verify(SIGN_VERSION, key, message, flipped(signature, bit)), 'bad_signature')
  }
  assert.equal(await verify(SIGN_VERSION, key, message.slice(1), signature), 'bad_signature')
  assert.equal(await verify(SIGN_VERSION, random(31), message, signature), 'bad_signature')
  assert.equal(await outcome(() => signing.verify(2, key, SIGN_VERSION, message, signature, checked)), 'upgrade_required')
})

test('S and R out of range are refused wherever the engine would take them (5.5(2))', async (t) => {
  t.mock.method(crypto.subtle, 'verify', () => Promise.resolve(true))
  const key = await signing.publicKey(1, random(32))
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const prime = 2n ** 255n - 19n
  const verify = (r: bigint, s: bigint) => outcome(() => signing.verify(
    1, key, SIGN_VERSION, random(8), Uint8Array.from([...little(r), ...little(s)]), checked))
  assert.equal(await verify(prime - 1n, order - 1n), 'ok')
  assert.equal(await verify(prime - 1n + 2n ** 255n, 0n), 'ok')
  for (const s of [order, order + 1n, 2n ** 253n, 2n ** 256n - 1n]) {
    assert.equal(await verify(1n, s), 'bad_signature')
  }
  for (const r of [prime, prime + 1n, 2n ** 255n - 1n, 2n ** 256n - 1n]) {
    assert.equal(await verify(r, 1n), 'bad_signature')
  }
})

/** 32 bytes, the lowest first. */
function little(number: bigint): number[] {
  return Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * i)) & 255n))
}

test('a key is examined once, and a bad one is never remembered', async () => {
  const known = new Set<string>()
  const key = await signing.publicKey(1, random(32))
  await signing.checkKey(1, key, known)
  assert.deepEqual(known, new Set([b64(key)]))
  const identity = Uint8Array.from({ length: 32 }, (_, i) => (i ? 0 : 1))
  assert.equal(await outcome(() => signing.checkKey(1, identity, known)), 'bad_signature')
  assert.equal(known.size, 1)
  assert.equal(await outcome(() => signing.checkWrapKey(1, identity)), 'bad_signature')
  assert.equal(await outcome(() => signing.checkWrapKey(1, random(32))), 'ok')
})

test('what is verified ahead counts for that signature, key, label and message only', async () => {
  const seed = random(32)
  const key = await signing.publicKey(1, seed)
  const sign = (id: Bytes) => signing.sign(1, seed, SIGN_VERSION, id)
  const made = await build(headerOf(random(24)), new Uint8Array(0) as Sealed, sign)
  const version = parse(made.raw, made.signature, made.body)
  assert.deepEqual(version, made)
  const { signature } = version
  const over = unb64(version.id)
  const verify = (by: Bytes, label: typeof SIGN_VERSION, what: Bytes, mark: Bytes) =>
    outcome(() => signing.verify(1, by, label, what, mark, checked))
  signing.verifyAhead(1, key, SIGN_VERSION, over, signature, checked)
  assert.equal(await verify(key, SIGN_VERSION, over, signature), 'ok')
  const other = await signing.publicKey(1, random(32))
  assert.equal(await verify(other, SIGN_VERSION, over, signature), 'bad_signature')
  assert.equal(await verify(key, SIGN_DEVICE, over, signature), 'bad_signature')
  assert.equal(await verify(key, SIGN_VERSION, flipped(over, 3), signature), 'bad_signature')
  const wrong = flipped(signature, 9)
  signing.verifyAhead(1, key, SIGN_VERSION, over, wrong, checked)
  assert.equal(await verify(key, SIGN_VERSION, over, wrong), 'bad_signature')
  assert.equal(await verify(key, SIGN_VERSION, over, wrong), 'bad_signature')
})

test('a certificate is for one account and one device (SEC-04)', async () => {
  const seed = random(32)
  const [signKey, device] = [await signing.publicKey(1, seed), random(32)]
  const account = b64(random(16))
  const certificate = await certify(1, seed, account, device)
  await verifyCertificate(1, signKey, account, device, certificate, checked)
  const elsewhere = b64(random(16))
  const refused = () => verifyCertificate(1, signKey, elsewhere, device, certificate, checked)
  assert.equal(await outcome(refused), 'bad_signature')
})

test('codes, packs and slots give back what was put in, and to nobody else', async () => {
  const invitation = Invitation.make(random)
  assert.deepEqual(Invitation.fromCode(invitation.code).secret, invitation.secret)
  const pack = { circle: b64(random(32)), v: 1, group: 'Tuesday ✓' }
  const box = await invitation.sealPack(pack, random)
  assert.equal(box.length, 24 + 48 + 1024)
  assert.deepEqual(await Invitation.fromCode(invitation.code).openPack(box), pack)
  assert.equal(await outcome(() => Invitation.make(random).openPack(box)), 'unopened')

  const identity = new Identity(random(32))
  const key = new AccountKey(random(20))
  const slot = await key.sealSlot(identity, random)
  assert.equal(slot.length, 120)
  assert.deepEqual((await AccountKey.fromCode(key.code).openSlot(slot)).secret, identity.secret)
  assert.equal(await outcome(() => new AccountKey(random(20)).openSlot(slot)), 'unopened')
  assert.equal(await outcome(() => key.openSlot(flipped(slot, 3))), 'unopened')
})

test('a copy of a fold lives on its own', async () => {
  const file = vectors('logs')
  const [log] = (await fold(Object.values(file.scenes!)[7]!)).values()
  const copy: Membership = log!.membership.copy()
  assert.deepEqual(copy, log!.membership)
  copy.devices.clear()
  copy.changes.length = 0
  assert.notEqual(log!.membership.devices.size, 0)
})

test('opening at launch loads neither the log’s rules, HPKE nor curve arithmetic', () => {
  const seen = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    if (!file.startsWith('./')) return
    const source = readFileSync(new URL(`../../src/protocol/${file}`, import.meta.url), 'utf8')
    for (const [, from] of source.matchAll(/^(?:import|export) (?!type\b)[^;]*? from '([^']+)'$/gm)) {
      visit(from!)
    }
  }
  for (const file of ['./opening.ts', './header.ts', './merge.ts', './names.ts', './kinds.ts']) visit(file)
  assert.deepEqual([...seen].sort(), [
    './encoding.ts', './errors.ts', './header.ts', './kinds.ts', './labels.ts', './merge.ts',
    './names.ts', './opening.ts', '@noble/hashes/sha2.js',
  ])
})
