/** Contents: the table is the shared schema, and what was read is written the same (PROTOCOL 9). */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromText, toText } from '../../src/protocol/encoding.ts'
import { isCode } from '../../src/protocol/errors.ts'
import type { Content } from '../../src/protocol/local.ts'
import {
  accepted, canonical, CONTENT_BYTES_MAX, dump, isOf, leastBucket, load, PLACES, SCHEMAS,
  type ContentOf,
} from '../../src/protocol/records.ts'
import { outcome, vectors } from './known.ts'

test('the table is records.schema.json', () => {
  const file = new URL('../../../sync/records.schema.json', import.meta.url)
  const { $defs: shared } = JSON.parse(readFileSync(file, 'utf8')) as { $defs: unknown }
  const ours = Object.entries(SCHEMAS).map(([name, schema]) => {
    assert(schema.type === 'object' && schema.additionalProperties === false)
    const tags = { t: { const: name }, v: { const: 1 } }
    return [name, {
      ...schema,
      properties: { ...tags, ...schema.properties },
      required: ['t', 'v', ...schema.required],
    }]
  })
  const plain: unknown = JSON.parse(JSON.stringify(Object.fromEntries(ours)))
  assert.deepEqual(plain, shared)
})

test('every type has a place, and the places are those of PROTOCOL 9.1', () => {
  const page = readFileSync(new URL('../../../sync/PROTOCOL.md', import.meta.url), 'utf8')
  const rows = page.split('| type | what it is |')[1]!.split('\n\n')[0]!
  const listed = [...rows.matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \| (\w+) \| ([^|]+) \|$/gm)]
    .map(([, type, spaces, rule, roles]) => [type, spaces!.split('; ').map((space, i) =>
      ({ space, rule, roles: (roles!.split('; ')[i] ?? roles)!.split(', ') }))])
  assert.deepEqual(PLACES, Object.fromEntries(listed))
  assert(accepted('sheet', 'register', 'own', ['leader']))
  assert(!accepted('sheet', 'register', 'own', ['member']))
  assert(!accepted('sheet', 'frame', 'own', ['leader']))
  assert(!accepted('poll', 'register', 'own', ['leader']))
  assert(!accepted('constructor', 'frame', 'lead', ['leader']))
  assert.equal(leastBucket('sheet'), 2048)
  assert.equal(leastBucket('note'), 256)
})

const good = vectors('records').cases
  .filter((each) => each.expect === 'ok' && each['canonical'])
  .map((each) => load(fromText(each['canonical'] as string)).content)

test('what was read is written as it was, in whatever order its fields stood', () => {
  for (const content of good) {
    const turned = Object.fromEntries(Object.entries(content).reverse()) as Content
    assert.deepEqual(dump(turned), fromText(canonical(content)))
    assert.deepEqual(load(dump(turned)).content, content)
  }
})

test('an absent field may be undefined, and is left out', () => {
  const written = dump({ t: 'note', v: 1, text: 'a', title: undefined })
  assert.equal(toText(written), '{"t":"note","text":"a","v":1}')
})

test('a content that lost a needed field, or has one too many, is refused', async () => {
  for (const content of good) {
    const schema = SCHEMAS[content.t as keyof typeof SCHEMAS]
    assert(schema.type === 'object' && schema.additionalProperties === false)
    for (const name of schema.required) {
      const { [name]: _, ...rest } = content
      assert.equal(await outcome(() => dump(rest as Content)), 'bad_record', `${content.t}.${name}`)
    }
    assert.equal(await outcome(() => dump({ ...content, colour: 'red' })), 'bad_record')
  }
})

test('any value in a place where another form belongs is refused, never an accident', () => {
  fc.assert(fc.property(fc.constantFrom(...good), fc.nat(), fc.jsonValue(), (content, at, value) => {
    const names = Object.keys(content).filter((name) => name !== 't' && name !== 'v')
    const changed: Content = { ...content, [names[at % names.length]!]: value }
    try {
      assert.deepEqual(load(dump(changed)).unknown, false)
    } catch (error) {
      assert(isCode(error, 'bad_record'))
    }
  }), { numRuns: 1000 })
})

test('a type or version of tomorrow is kept as it came', () => {
  const poll = { t: 'poll', v: 1, options: ['a', 'b'] }
  assert.deepEqual(load(fromText(JSON.stringify(poll))), { content: poll, unknown: true })
  const note = { t: 'note', v: 2, body: [] }
  assert.deepEqual(load(fromText(JSON.stringify(note))), { content: note, unknown: true })
})

test('names that every object inherits are no fields and no types', async () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const content = fromText(`{"t":"group","v":1,"name":"a","${name}":{}}`)
    assert.equal(await outcome(() => load(content)), 'bad_record')
    assert(load(fromText(`{"t":"${name}","v":1}`)).unknown)
    const settings = `{"t":"settings","v":1,"values":{"${name}":"x"}}`
    assert.equal(toText(dump(load(fromText(settings)).content)), settings)
  }
})

test('keys are sorted by code points, not by halves of surrogate pairs', () => {
  const values = { '\uff5e': 'b', '\u{1f642}': 'c', a: 'a' }
  assert.equal(canonical(values), '{"a":"a","\uff5e":"b","\u{1f642}":"c"}')
})

test('a content that is too long is refused when read and when written', async () => {
  assert.equal(await outcome(() => load(new Uint8Array(CONTENT_BYTES_MAX + 1).fill(32))), 'bad_record')
  const note: Content = { t: 'note', v: 1, text: '\u{1f642}'.repeat(20_000) }
  assert.equal(await outcome(() => dump(note)), 'bad_record')
})

test('what was typed never stands in a message', () => {
  try {
    dump({ t: 'person', v: 1, person: 'secret words', name: 'more secret words' })
    assert.fail()
  } catch (error) {
    assert(isCode(error, 'bad_record') && error.message.includes('person.person'))
    assert(!error.message.includes('secret'))
  }
})

test('the fields of a known type have types of their own', () => {
  const session = good.find((each) => each.t === 'session')!
  assert(isOf(session, 'session'))
  const minutes: number = session.minutes
  const led: readonly string[] = session.led_by
  const place: string | undefined = session.place
  const state: 'planned' | 'cancelled' = session.state
  assert(minutes > 0 && led && (place ?? true) && state)
  const typed: ContentOf<'session'> = session
  // @ts-expect-error: no such field
  assert.equal(typed.colour, undefined)
  assert(!isOf(session, 'note'))
})
