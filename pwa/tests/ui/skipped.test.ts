import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Opened, SpaceState, World } from '../../src/protocol/local.ts'
import { skipped } from '../../src/ui/screens/skipped.ts'

const version = (fields: Partial<Opened>): Opened => ({
  id: 'a', account: 'me', rule: 'own', rec: 'r', parents: [], content: null, unknown: false, live: true, ...fields,
})

const space = (id: string, fields: Partial<SpaceState>): SpaceState => ({
  id, circle: 'c', kind: 'room', subject: '', versions: [], checkedAt: null, skipped: {}, ...fields,
})

const world = (...spaces: SpaceState[]): World => ({
  account: 'me', circles: new Map(), spaces: new Map(spaces.map((one) => [one.id, one])), outbox: [], seen: new Map(),
})

test('a phone that understands everything has left nothing out', () => {
  assert.deepEqual(skipped(world(space('s', {}))), { newer: 0, waiting: 0, faulty: 0, codes: [] })
})

test('what this app is too old for is counted as such, and only while nothing replaces it', () => {
  const versions = [version({ unknown: true }), version({ id: 'b', unknown: true, live: false })]
  assert.equal(skipped(world(space('s', { versions, skipped: { upgrade_required: 2 } }))).newer, 3)
})

test('what waits for a key is told apart from what is not right, over all spaces', () => {
  const left = skipped(world(space('s', { skipped: { no_key: 2, bad_record: 1 } }), space('t', { skipped: { no_key: 1 } })))
  assert.deepEqual(left, { newer: 0, waiting: 3, faulty: 1, codes: [['no_key', 3], ['bad_record', 1]] })
})
