import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bare, spelled, wholeGroups } from '../../src/ui/codes.ts'

test('a typed code is spelled as it is printed, however it was typed', () => {
  assert.equal(spelled('008jp 4ct4k-ank7x\nf24sa naxws'), '008JP-4CT4K-ANK7X-F24SA-NAXWS')
  assert.equal(bare(' 00 8j-p'), '008JP')
})

test('only whole groups are judged', () => {
  assert.deepEqual(wholeGroups('008JP-4CT4K-AN'), ['008JP', '4CT4K'])
  assert.deepEqual(wholeGroups(''), [])
})
