/**
 * The TypeScript side of `tests/pwa/test_twin.py`: reads one question a line on standard
 * input and answers each with one line, `{"ok": …}` or `{"code": …}`. Bytes are hex.
 */

import { createInterface } from 'node:readline'
import { spaceOf, stillCounts } from '../../src/protocol/check.ts'
import { bytesFromCode, codeFromBytes } from '../../src/protocol/codes.ts'
import { unb64 } from '../../src/protocol/encoding.ts'
import * as entries from '../../src/protocol/entries.ts'
import { encodeHeader, parse, parseHeader } from '../../src/protocol/envelope.ts'
import { EnidError } from '../../src/protocol/errors.ts'
import { AccountKey, Identity, Invitation, type Pack } from '../../src/protocol/invitations.ts'
import { Ring } from '../../src/protocol/keyring.ts'
import { SpaceKind } from '../../src/protocol/kinds.ts'
import type { RoleName, RuleName, SpaceName } from '../../src/protocol/local.ts'
import { Membership } from '../../src/protocol/membership.ts'
import { fill, mark, statementCells } from '../../src/protocol/marks.ts'
import { register, type Cell, type Mark } from '../../src/protocol/merge.ts'
import { mergeNote } from '../../src/protocol/paragraphs.ts'
import { accepted, dump, load } from '../../src/protocol/records.ts'
import * as sealing from '../../src/protocol/sealing.ts'
import { checkKey, checkWrapKey } from '../../src/protocol/signing.ts'
import { fold, folded, hex, id, Known, raw, versionOf, type Row, type Scene } from './known.ts'

/** What Python asks; each question has the members that its answer reads. */
interface Question {
  readonly op: string
  readonly [member: string]: unknown
}

type CellRow = readonly [string, Mark, string, readonly string[]]

interface Step {
  readonly kind: SpaceKind
  readonly subject: string
  readonly version: Row
  readonly serving?: { readonly inc: number; readonly settled: boolean }
}

function cellsOf(rows: unknown): Cell[] {
  return (rows as CellRow[]).map(([who, value, dot, over]) => [id(who), value, id(dot), over.map(id)])
}

function rowOf([who, value, dot, over]: Cell): CellRow {
  return [hex(who), value, hex(dot), over.map(hex)]
}

/** Fresh bytes that Python chose, so that both sides make the same. */
function chance(given: unknown) {
  let rest = raw(given)
  return (size: number) => {
    const taken = rest.slice(0, size)
    rest = rest.slice(size)
    return taken
  }
}

/** Judge one version after another, each in its space, and keep those that stand. */
async function history(circle: string, steps: readonly Step[]): Promise<unknown> {
  const log = new Known(spaceOf(id(circle), SpaceKind.CIRCLE), new Membership())
  const spaces = new Map([[log.space.id, log]])
  const verdicts: string[] = []
  const stood: [Known, Awaited<ReturnType<Known['take']>>, ReturnType<typeof versionOf>][] = []
  for (const { kind, subject, version: row, serving } of steps) {
    const space = spaceOf(id(circle), kind, id(subject))
    const known = spaces.get(space.id) ?? new Known(space, log.membership)
    spaces.set(space.id, known)
    verdicts.push(await codeOf(async () => {
      const version = versionOf(row)
      const rules = serving ? known.serving(serving.inc, serving.settled) : null
      stood.push([known, await known.take(version, rules), version])
    }))
  }
  return {
    verdicts,
    log: folded(log.membership),
    counts: stood.filter(([known]) => known !== log)
      .map(([known, judged, version]) => stillCounts(version, judged, known)),
    heads: Object.fromEntries([...spaces].map(([space, known]) => [hex(space), hex(known.heads.at(-1)!)])),
    closed: Object.fromEntries([...spaces].map(([space, known]) =>
      [hex(space), Object.fromEntries([...known.closed].map(([device, tip]) => [hex(device), [tip.n, hex(tip.id)]]))])),
  }
}

async function ringOf(given: Question) {
  const found = await fold(given['scene'] as Scene)
  const log = found.values().next().value!
  const space = spaceOf(log.space.circle, given['kind'] as SpaceKind, id(given['subject']))
  const ring = new Ring(1, space)
  ring.begun.push(...(found.get(space.id)?.begun ?? []))
  for (const [kid, secret] of given['secrets'] as [string, string][]) {
    await ring.takeSecret(id(kid), raw(secret))
  }
  while (await ring.takeCarried()) continue
  return { ring, membership: log.membership }
}

const ANSWERS: Readonly<Record<string, (given: Question) => unknown>> = {
  base64url: ({ text }) => hex(unb64(text)),
  code: ({ typed, groups }) =>
    codeFromBytes(bytesFromCode(typed as string, groups as number), groups as number),
  header({ data }) {
    const header = parseHeader(raw(data))
    return [hex(encodeHeader(header)), header.n, header.view.seq, header.parents.map(hex)]
  },
  version({ row }) {
    const [header, signature, body] = row as Row
    return hex(parse(raw(header), raw(signature), raw(body)).id)
  },
  entry({ data }) {
    const entry = entries.decode(raw(data))
    return [entries.numberOf(entry), hex(entries.encode(entry))]
  },
  keys: async ({ sign, wrap }) => [
    await codeOf(() => checkKey(1, raw(sign), new Set())),
    await codeOf(() => checkWrapKey(1, raw(wrap))),
  ],
  record({ content }) {
    const found = load(raw(content))
    return found.unknown ? 'unknown' : hex(dump(found.content))
  },
  accepted: ({ rows }) =>
    (rows as [string, SpaceName, RuleName, RoleName][]).map(([type, space, rule, role]) =>
      accepted(type, space, rule, [role])),
  register: ({ cells }) => [...register(cellsOf(cells))].map(([who, standing]) =>
    [hex(who), standing.state, standing.values, standing.cells.map(rowOf)]),
  mark: ({ cells, person, value, dot }) =>
    rowOf(mark(cellsOf(cells), id(person), value as Mark, id(dot))),
  fill: ({ cells, roster, value, dots }) => fill(
    cellsOf(cells), (roster as string[]).map(id), value as Mark, (dots as string[]).map(id),
  ).map(rowOf),
  statement: ({ cells, person }) => statementCells(cellsOf(cells), id(person)).map(rowOf),
  note: ({ base, mine, theirs }) =>
    mergeNote(base as string | null, mine as string, theirs as string),
  async seal({ header: data, space, epoch, secret, content, least }) {
    const key = sealing.epochKey(1, id(space), epoch as number, raw(secret))
    return hex(await sealing.sealContent(parseHeader(raw(data)), key, raw(content), least as number))
  },
  async open({ row, space, epoch, secret }) {
    const key = sealing.epochKey(1, id(space), epoch as number, raw(secret))
    return hex(await sealing.openContent(versionOf(row as Row), key))
  },
  history: ({ circle, steps }) => history(circle as string, steps as Step[]),
  async ring(given) {
    const { ring, membership } = await ringOf(given)
    const held = [...ring.keys.keys()].map(hex).sort()
    const due = ring.isDue(membership)
    return [held, due, await codeOf(() => ring.writable(membership))]
  },
  async next_epoch(given) {
    const { ring, membership } = await ringOf(given)
    const to = (given['to'] as string[]).map((account) => membership.accounts.get(id(account))!)
    const tips = (given['tips'] as [string, number, string][]).map(([device, n, tip]) =>
      ({ device: id(device), n, id: id(tip) }))
    const made = await ring.nextEpoch(membership, to, tips, chance(given['random']))
    const wraps = made.wraps.map(({ account, wrapped }) => [hex(account), hex(wrapped)])
    return [hex(entries.encode(made.entry)), hex(made.key.kid), wraps]
  },
  async unwrap({ seed, account, space, number, kid, commitment, wrapped }) {
    const wrap = {
      account: id(account), space: id(space), number: number as number, kid: id(kid),
      commitment: raw(commitment), wrapped: raw(wrapped),
    }
    return hex((await sealing.unwrap(1, raw(seed), wrap)).secret)
  },
  async identity({ secret }) {
    const who = new Identity(raw(secret))
    return [hex(await who.account()), hex(await who.kept())]
  },
  async invitation({ secret, pack, random }) {
    const invitation = new Invitation(raw(secret))
    const box = await invitation.sealPack(pack as Pack, chance(random))
    return [invitation.code, hex(await invitation.lookup()), hex(await invitation.publicKey()), hex(box)]
  },
  pack: ({ secret, box }) => new Invitation(raw(secret)).openPack(raw(box)),
  async slot({ key, secret, random }) {
    const account = new AccountKey(raw(key))
    const slot = await account.sealSlot(new Identity(raw(secret)), chance(random))
    return [account.code, hex(await account.lookup()), hex(slot)]
  },
  open_slot: async ({ key, slot }) => hex((await new AccountKey(raw(key)).openSlot(raw(slot))).secret),
}

async function codeOf(act: () => unknown): Promise<string> {
  const answer = await answered(act)
  return 'code' in answer ? answer.code : 'ok'
}

async function answered(act: () => unknown): Promise<{ ok: unknown } | { code: string }> {
  try {
    return { ok: (await act()) ?? null }
  } catch (error) {
    if (error instanceof EnidError) return { code: error.code }
    throw error
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line) as Question
  const answer = await answered(() => ANSWERS[given.op]!(given))
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
