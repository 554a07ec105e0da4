/** The vectors that both languages share (sync/vectors, PROTOCOL 5.5(3)). */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { spaceOf, stillCounts } from '../../src/protocol/check.ts'
import { bytesFromCode, codeFromBytes } from '../../src/protocol/codes.ts'
import { b64, concat, fromText, sha256, toText, unb64, type Bytes } from '../../src/protocol/encoding.ts'
import * as entries from '../../src/protocol/entries.ts'
import {
  build, encodeHeader, nextHead, parseHeader, recordKey, versionId, type Header, type Sealed,
} from '../../src/protocol/envelope.ts'
import { EnidError } from '../../src/protocol/errors.ts'
import { AccountKey, Identity, Invitation } from '../../src/protocol/invitations.ts'
import { Ring } from '../../src/protocol/keyring.ts'
import {
  SPACES, type CircleKind, type Rule, type SpaceKind,
} from '../../src/protocol/kinds.ts'
import * as labels from '../../src/protocol/labels.ts'
import { AUTHORITY, verifyCertificate, verifyJoin } from '../../src/protocol/membership.ts'
import { fill, mark } from '../../src/protocol/marks.ts'
import { register, type Cell, type Mark } from '../../src/protocol/merge.ts'
import { accountId, deviceId } from '../../src/protocol/names.ts'
import { mergeNote } from '../../src/protocol/paragraphs.ts'
import { dump, load } from '../../src/protocol/records.ts'
import * as sealing from '../../src/protocol/sealing.ts'
import { verify } from '../../src/protocol/signing.ts'
import {
  checked, fold, folded, hex, id, Known, outcome, raw, vectors, versionOf,
  type Case, type Row, type VectorFile,
} from './known.ts'

type Reader = (given: Case, file: VectorFile) => unknown

/** A member that is a number. */
function num(given: Case, name: string): number {
  return given[name] as number
}

function text(given: Case, name: string): string {
  return given[name] as string
}

/** Ids and bytes as hex, names as the vectors spell them. */
function spelled(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return value.map(spelled)
  if (typeof value === 'string') return hex(value)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) =>
    [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), spelled(each)]))
}

/** Rows where TypeScript has objects. */
function fieldsOf(entry: entries.Entry): unknown {
  const { type: _, ...fields } = entry
  if (entry.type !== 'epoch') return spelled(fields)
  return spelled({
    ...fields,
    carried: entry.carried.map((row) => Object.values(row)),
    wrapped: entry.wrapped.map((account) => [account]),
    tips: entry.tips.map((row) => Object.values(row)),
  })
}

function headerFields(header: Header): unknown {
  const { inc, seq, head } = header.view
  return { ...(spelled(header) as object), view: [inc, seq, hex(head)] }
}

const READERS: Readonly<Record<string, Reader>> = {
  base64url(given) {
    const data = unb64(given['text'], given['size'] as number | undefined)
    assert.deepEqual(data, raw(given['bytes']))
    assert.equal(b64(data), given['text'])
  },

  codes(given) {
    const groups = num(given, 'groups')
    let secret: Bytes
    try {
      secret = bytesFromCode(text(given, 'typed'), groups)
    } catch (error) {
      assert.equal((error as EnidError).facts['group'], given['group'])
      throw error
    }
    assert.deepEqual(secret, raw(given['bytes']))
    assert.equal(codeFromBytes(secret, groups), given['code'])
  },

  ids(given) {
    const of = (name: string) => raw(given[name])
    const names: Readonly<Record<string, () => string>> = {
      account: () => accountId(of('sign_key'), of('wrap_key')),
      device: () => deviceId(of('device_key')),
      head: () => nextHead(id(given['head']), id(given['version'])),
      version: () => versionId(of('header'), id(given['body_hash'])),
      kid: () => sealing.kidOf(of('secret')),
      space: () => spaceOf(id(given['circle']), num(given, 'kind') as SpaceKind, id(given['subject'])).id,
      record: () => recordKey(num(given, 'rule') as Rule, id(given['account']), id(given['rec'])),
    }
    assert.equal(hex(names[text(given, 'of')]!()), given['id'])
  },

  tables(given) {
    if (given['of'] === 'label') {
      const label = labels[text(given, 'label') as keyof typeof labels] as Bytes
      assert.equal(hex(label), given['bytes'])
    } else if (given['of'] === 'authority') {
      const table = AUTHORITY.get(num(given, 'circle') as CircleKind)
      assert.equal(table?.get(num(given, 'role')), given['over'])
    } else {
      const row = spelled(SPACES.get(num(given, 'kind'))) as Record<string, unknown>
      for (const [name, value] of Object.entries(row)) assert.equal(value, given[name], name)
    }
  },

  signatures(given) {
    const [key, message, signature] = ['key', 'message', 'signature'].map((n) => raw(given[n]))
    const label = raw(given['label']) as labels.Label
    return verify(num(given, 'suite'), key!, label, message!, signature!, new Set())
  },

  headers(given) {
    const header = parseHeader(raw(given['header']))
    assert.deepEqual(headerFields(header), given['fields'])
    assert.equal(hex(encodeHeader(header)), given['header'])
  },

  async versions(given) {
    const version = versionOf(given['version'] as Row)
    const { header, signature } = version
    const key = raw(given['device_key'])
    await verify(header.suite, key, labels.SIGN_VERSION, unb64(version.id), signature, checked)
    assert.equal(hex(version.id), given['id'])
  },

  entries(given) {
    const entry = entries.decode(raw(given['bytes']))
    assert.equal(entries.numberOf(entry), given['number'])
    assert.deepEqual(fieldsOf(entry), given['fields'])
    assert.equal(hex(entries.encode(entry)), given['bytes'])
  },

  logs: judge,
  check: judge,

  async rings(given, file) {
    const { log, state } = await where(given, file)
    const ring = new Ring(1, state.space)
    ring.begun.push(...state.begun)
    ring.confirmed = new Set((given['confirmed'] as string[]).map(id))
    for (const [kid, secret] of given['secrets'] as [string, string][]) {
      await ring.takeSecret(id(kid), raw(secret))
    }
    while (await ring.takeCarried()) continue
    const holds = (given['holds'] ?? []) as string[]
    if (given['holds']) assert.deepEqual(new Set(ring.keys.keys()), new Set(holds.map(id)))
    await concealedRingAgrees(ring, log, given)
    assert.equal(hex((await ring.writable(log.membership)).kid), given['kid'])
  },

  async sealing(given) {
    const key = sealing.epochKey(1, id(given['space']), num(given, 'epoch'), raw(given['secret']))
    const header = parseHeader(raw(given['header']))
    const sign = () => new Uint8Array(64)
    if (given.expect === 'unopened') {
      const body = raw(given['body']) as Sealed
      if ('fits_without_commitment' in given) await opensWithoutCommitment(key, header, body)
      await sealing.openContent(await build(header, body, sign), key)
    }
    const content = concat(...Array.from({ length: num(given, 'times') }, () => raw(given['content'])))
    const body = await sealing.sealContent(header, key, content, num(given, 'least'))
    assert.equal(body.length, num(given, 'padded') + 48)
    if ('body' in given) assert.equal(hex(body), given['body'])
    if ('body_hash' in given) assert.equal(hex(sha256(body)), given['body_hash'])
    const version = await build(header, body, sign)
    assert.deepEqual(await sealing.openContent(version, key), content)
    assert.deepEqual(await sealing.openContent(version, await sealing.conceal(key)), content)
  },

  async wraps(given) {
    const [space, kid, number] = [id(given['space']), id(given['kid']), num(given, 'epoch')]
    if (given['of'] === 'wrap') {
      const wrapped = {
        account: id(given['account']), space, number, kid, commitment: raw(given['commitment']),
        wrapped: raw(given['wrap']),
      }
      const key = await sealing.unwrap(1, raw(given['seed']), wrapped)
      assert.equal(hex(key.secret), given['secret'])
      const pair = await sealing.wrapKeys(1, raw(given['seed']))
      assert.equal((await sealing.unwrap(1, pair, wrapped)).kid, kid)
      return
    }
    const key = sealing.epochKey(1, space, number, raw(given['secret']))
    if (given['of'] === 'carried') {
      const opened = await sealing.openCarried(key, kid, raw(given['sealed']))
      assert.equal(hex(opened), given['opened'])
      const old = sealing.epochKey(1, space, number - 1, opened)
      assert.equal(hex(await sealing.carry(key, old)), given['sealed'])
      return
    }
    assert.equal(key.kid, kid)
    assert.equal(hex(await sealing.commitmentOf(key)), given['commitment'])
    const next = raw(given['next_commitment'])
    assert.equal(hex(await sealing.linkTo(key, num(given, 'next_epoch'), next)), given['link'])
  },

  async accounts(given) {
    if (given['of'] === 'identity') {
      const who = new Identity(raw(given['secret']))
      for (const identity of [who, new Identity(await who.kept())]) {
        assert.equal(hex(await identity.signSeed()), given['sign_seed'])
        assert.equal(hex(await identity.signKey()), given['sign_key'])
        assert.equal(hex(await identity.wrapSeed()), given['wrap_seed'])
        assert.equal(hex(await identity.wrapKey()), given['wrap_key'])
        assert.equal(hex(await identity.recordSecret()), given['record_secret'])
        assert.equal(hex(await identity.account()), given['account'])
      }
    } else if (given['of'] === 'account key') {
      const key = new AccountKey(raw(given['key']))
      assert.equal(key.code, given['code'])
      assert.equal(hex(await key.lookup()), given['lookup'])
      assert.deepEqual(AccountKey.fromCode(text(given, 'code')).key, key.key)
    } else if (given['of'] === 'slot') {
      const key = new AccountKey(raw(given['key']))
      const who = await key.openSlot(raw(given['slot']))
      assert.equal(hex(who.secret), given['secret'])
      const slot = await key.sealSlot(who, (size) => raw(given['salt']).slice(0, size))
      assert.equal(hex(slot), given['slot'])
    } else {
      const [signKey, deviceKey, certificate] = ['sign_key', 'device_key', 'certificate']
        .map((name) => raw(given[name]))
      await verifyCertificate(1, signKey!, id(given['account']), deviceKey!, certificate!, checked)
    }
  },

  async invitations(given) {
    if (given['of'] === 'proof') {
      const entry = entries.decode(raw(given['entry']))
      assert(entry.type === 'join')
      return verifyJoin(1, id(given['circle']), entry, checked)
    }
    const invitation = new Invitation(raw(given['secret']))
    if (given['of'] === 'pack') {
      assert.deepEqual(await invitation.openPack(raw(given['box'])), given['pack'])
      return
    }
    assert.deepEqual(Invitation.fromCode(text(given, 'code')).secret, invitation.secret)
    assert.equal(hex(await invitation.lookup()), given['lookup'])
    assert.equal(hex(await invitation.seed()), given['seed'])
    assert.equal(hex(await invitation.publicKey()), given['public'])
    assert.equal(invitation.code, given['code'])
  },

  registers(given) {
    const cells = (given['cells'] as CellRow[]).map(cellOf)
    if (given['of'] === 'register') {
      for (const order of permutations(cells)) {
        const shown = [...register([...order, ...order.slice(0, 1)])].map(([person, standing]) => [
          hex(person),
          { state: standing.state, values: standing.values, cells: standing.cells.map(rowOf) },
        ])
        assert.deepEqual(Object.fromEntries(shown), given['shown'])
      }
    } else if (given['of'] === 'mark') {
      const made = mark(cells, id(given['person']), given['value'] as Mark, id(given['dot']))
      assert.deepEqual(rowOf(made), given['cell'])
    } else {
      const [roster, dots] = ['roster', 'dots'].map((name) => (given[name] as string[]).map(id))
      const filled = fill(cells, roster!, given['value'] as Mark, dots!)
      assert.deepEqual(filled.map(rowOf), given['made'])
    }
  },

  notes(given) {
    const [base, mine, theirs] = ['base', 'mine', 'theirs'].map((name) => given[name] as string)
    assert.equal(mergeNote(base!, mine!, theirs!), given['joined'])
    assert.equal(mergeNote(base!, theirs!, mine!), given['joined'])
  },

  records(given) {
    const found = load(fromText(text(given, 'content')))
    assert.equal(!found.unknown, given['known'] ?? true)
    if (found.unknown) assert.deepEqual(found.content, JSON.parse(text(given, 'content')))
    else if ('canonical' in given) {
      assert.equal(toText(dump(found.content)), given['canonical'])
    }
  },
}

type CellRow = readonly [person: string, value: Mark, dot: string, over: readonly string[]]

function cellOf([person, value, dot, over]: CellRow): Cell {
  return [id(person), value, id(dot), over.map(id)]
}

function rowOf([person, value, dot, over]: Cell): CellRow {
  return [hex(person), value, hex(dot), over.map(hex)]
}

function permutations<T>(things: readonly T[]): T[][] {
  if (!things.length) return [[]]
  return things.flatMap((first, i) =>
    permutations(things.toSpliced(i, 1)).map((rest) => [first, ...rest]))
}

/** The scene of a case, and the space that it is about. */
async function where(given: Case, file: VectorFile) {
  const known = await fold(file.scenes![text(given, 'scene')]!, given['circle'])
  const log = known.values().next().value!
  const space = spaceOf(log.space.circle, num(given, 'kind') as SpaceKind, id(given['subject']))
  return { log, state: known.get(space.id) ?? new Known(space, log.membership) }
}

async function judge(given: Case, file: VectorFile): Promise<void> {
  const { log, state } = await where(given, file)
  const told = given['serving'] as { inc: number; settled: boolean } | undefined
  const version = versionOf(given['version'] as Row)
  const before = folded(log.membership)
  try {
    const judged = await state.take(version, told ? state.serving(told.inc, told.settled) : null)
    if (given['after']) {
      assert.deepEqual(folded(log.membership), given['after'])
      await aKnownLogFoldsTheSame(given, file)
    }
    if ('counts' in given) assert.equal(stillCounts(version, judged, state), given['counts'])
  } catch (error) {
    assert.deepEqual(folded(log.membership), before, 'a refused entry changes nothing')
    throw error
  }
}

/** Folding again what was verified before gives the same without looking at signatures. */
async function aKnownLogFoldsTheSame(given: Case, file: VectorFile): Promise<void> {
  const { log } = await where({ ...given, scene: given['scene'] }, file)
  const version = versionOf(given['version'] as Row)
  log.membership.applyKnown(version.id, version.header.device, entries.decode(version.body!))
  assert.deepEqual(folded(log.membership), given['after'])
}

/** A ring whose keys nobody can read says the same. */
async function concealedRingAgrees(open: Ring, log: Known, given: Case): Promise<void> {
  const ring = new Ring(open.suite, open.space)
  ring.begun.push(...open.begun)
  ring.confirmed = open.confirmed
  for (const key of open.keys.values()) {
    assert(sealing.isOpen(key))
    assert(await ring.takeSecret(key.kid, await sealing.concealed(key.secret)))
  }
  assert.equal(await outcome(() => ring.writable(log.membership)), given.expect)
}

/** SEC-11: AES-GCM alone would take this blob. */
async function opensWithoutCommitment(key: sealing.EpochKey, header: Header, body: Bytes) {
  const context = concat(labels.EPOCH_CONTENT, encodeHeader(header))
  const derived = await sealing.derive(1, key.secret, header.salt, context, 64)
  const aes = await crypto.subtle.importKey('raw', derived.slice(0, 32), 'AES-GCM', false, ['decrypt'])
  const how = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData: context }
  await crypto.subtle.decrypt(how, aes, body.slice(32))
}

test('every file of vectors has a reader, and every case is read', () => {
  const folder = new URL('../../../sync/vectors/', import.meta.url)
  const stems = readdirSync(folder).filter((name) => name.endsWith('.json'))
  assert.deepEqual(stems.map((name) => name.slice(0, -5)).sort(), Object.keys(READERS).sort())
})

for (const [stem, reader] of Object.entries(READERS)) {
  const file = vectors(stem)
  for (const given of file.cases) {
    test(`${stem}: ${given.name}`, async () => {
      assert.equal(await outcome(() => reader(given, file)), given.expect)
    })
  }
}
