import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { draftOf, type Typed } from '../../src/ui/screens/note-draft.ts'

const opened = { title: '', text: 'Once' }

function begin(t: TestContext): { draft: ReturnType<typeof draftOf>; kept: Typed[]; pass: (ms: number) => void } {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const kept: Typed[] = []
  const draft = draftOf(opened, async (typed) => { kept.push(typed) })
  return { draft, kept, pass: (ms) => t.mock.timers.tick(ms) }
}

test('a pause in typing hands over what was typed, once', (t) => {
  const { draft, kept, pass } = begin(t)
  draft.type({ text: 'Once u' })
  pass(200)
  draft.type({ text: 'Once upon' })
  pass(399)
  assert.deepEqual(kept, [])
  assert.equal(draft.dirty.value, true)
  pass(1)
  assert.deepEqual(kept, [{ title: '', text: 'Once upon' }])
  assert.equal(draft.dirty.value, false)
  pass(5000)
  assert.equal(kept.length, 1)
})

test('who never pauses is handed over each second all the same', (t) => {
  const { draft, kept, pass } = begin(t)
  for (let i = 1; i <= 25; i++) {
    draft.type({ text: 'a'.repeat(i) })
    pass(100)
  }
  assert.deepEqual(kept.map((typed) => typed.text.length), [10, 20])
})

test('who leaves hands over the rest before the page is gone', (t) => {
  const { draft, kept } = begin(t)
  draft.type({ title: 'Ward' })
  void draft.flush()
  assert.deepEqual(kept, [{ title: 'Ward', text: 'Once' }])
})

test('nothing is written for a note that was only looked at, or typed back', (t) => {
  const { draft, kept, pass } = begin(t)
  void draft.flush()
  draft.type({ text: 'Once!' })
  draft.type({ text: 'Once' })
  pass(1000)
  assert.deepEqual(kept, [])
  assert.equal(draft.dirty.value, false)
})

test('words that could not be kept stay in the draft', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const draft = draftOf(opened, () => Promise.resolve('unsaved'))
  draft.type({ text: 'Once more' })
  await draft.flush()
  assert.equal(draft.typed.value.text, 'Once more')
})
