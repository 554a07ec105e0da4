import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { World } from '../../src/protocol/local.ts'
import { madeUpWorld } from '../../src/domain/madeup.ts'
import { circlesOf } from '../../src/domain/people.ts'
import { welcomes } from '../../src/domain/welcome.ts'

const NOON = Date.UTC(2026, 9, 27, 12)

/** Just joined: the log says that I sit there, and no key has come. */
function justJoined(pack: object): World {
  const world = madeUpWorld(NOON, 'member')
  const circle = circlesOf(world, 'group')[0]!.id
  return { ...world, spaces: new Map(), packs: new Map([[circle, pack]]) }
}

test('who has just joined sees what the invitation said, before any leader was online (PROTOCOL 7.3)', () => {
  const world = justJoined({ group: 'Tuesdays', next: ['Tue 27 Oct 2026 13:00-14:00'], rules: ['Confidential.'], as_of: '2026-10-20' })
  const [found] = welcomes(world)
  assert.deepEqual([found?.group, found?.next, found?.rules, found?.asOf], ['Tuesdays', ['Tue 27 Oct 2026 13:00-14:00'], ['Confidential.'], '2026-10-20'])
})

test('once the group itself can be read, the invitation is no longer shown', () => {
  const world = madeUpWorld(NOON, 'member')
  const circle = circlesOf(world, 'group')[0]!.id
  assert.deepEqual(welcomes({ ...world, packs: new Map([[circle, { group: 'Old name' }]]) }), [])
})

test('a pack of another shape shows what can be shown and breaks nothing', () => {
  const [found] = welcomes(justJoined({ group: 7, next: 'tomorrow', rules: [1, 'One.'], help: null }))
  assert.deepEqual([found?.group, found?.next, found?.rules, found?.help], ['', [], ['One.'], []])
})
