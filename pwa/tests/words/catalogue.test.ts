/** The catalogue: plain words, plurals, and what Welsh still lacks. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cy } from '../../src/words/cy.ts'
import { plural, section, speak } from '../../src/words/speech.ts'

const EN = fileURLToPath(new URL('../../src/words/en', import.meta.url))

/** Every sentence of a section by its name; what takes arguments is said with samples. */
function sentences(value: unknown, name = ''): [string, string][] {
  if (typeof value === 'string') return [[name, value]]
  if (typeof value === 'function') return said(value as (...a: unknown[]) => unknown).map((text) => [name, text])
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => sentences(part, name ? `${name}.${key}` : key))
}

/** A sentence that needs another sort of sample is skipped here: types hold its caller to the right one. */
function said(sentence: (...a: unknown[]) => unknown): string[] {
  const samples = [[1, 1, 1], [2, 12, 3], ['Sam', 'Tuesday', 'Priya'], [['Sam', 'Priya'], 2, 'Tuesday'], ['Sam', 2, 'Tuesday'], [2, 'Tuesday', 'Sam']]
  return samples.flatMap((sample) => {
    try {
      const text = sentence(...sample)
      return typeof text === 'string' ? [text] : []
    } catch {
      return []
    }
  })
}

async function english(): Promise<Record<string, object>> {
  const all: Record<string, object> = {}
  for (const file of readdirSync(EN)) {
    const module = await import(`../../src/words/en/${file}`) as Record<string, unknown>
    const name = file.replace('.ts', '')
    all[name] = module[name] as object
  }
  return all
}

test('no fixed sentence says reflective, blames, or speaks of machinery', async () => {
  const banned = [
    /reflecti/i, /enid says/i, /truant/i, /non-attend/i, /at risk/i, /\bRSVP\b/i, /decline/i, /\bsynced?\b/i, /uploaded/i, /replicat/i,
    /\bPII\b/, /service worker/i, /\b(?:this|your|new|other) device\b/i, /you are offline/i, /\bfailed\b/i, /invalid/i, /excused absence/i, /\bnull\b/, /undefined/,
    /\bNaN\b/, /forgot (your )?(password|code)/i, /passphrase/i, /\[object/,
  ]
  for (const [name, text] of sentences(await english())) {
    for (const word of banned) assert.doesNotMatch(text, word, name)
  }
})

test('no sentence has more than 20 words', async () => {
  for (const [name, text] of sentences(await english())) {
    for (const sentence of text.split(/(?<=[.?!:])\s+/)) {
      assert.ok(sentence.split(/\s+/).length <= 20, `${name}: ${sentence}`)
    }
  }
})

test('nothing is only “saved”, without where', async () => {
  for (const [name, text] of sentences(await english())) {
    assert.doesNotMatch(text, /^Saved\.?$|\ball changes saved\b/i, name)
  }
})

test('Welsh says nothing that English does not have, in the same shape', async () => {
  const all = await english()
  const names = new Map(sentences(all).map(([name]) => [name, true]))
  for (const [name] of sentences(cy)) assert.ok(names.has(name), name)
})

test('what Welsh lacks is known: it goes live when this list is empty and a native reader has read it', async (t) => {
  const has = new Set(sentences(cy).map(([name]) => name))
  const missing = [...new Set(sentences(await english()).map(([name]) => name))].filter((name) => !has.has(name))
  t.diagnostic(`${missing.length} sentences are missing in Welsh`)
  t.diagnostic(missing.join(' '))
  assert.ok(has.size > 0)
})

test('what a language does not say is said in English', () => {
  speak('cy', { sample: { b: 'dau', part: { c: 'tri' } } })
  const words = section('sample', { a: 'one', b: 'two', part: { c: 'three', d: 'four' }, list: ['x'] })
  speak('en-GB', {})
  assert.deepEqual(words, { a: 'one', b: 'dau', part: { c: 'tri', d: 'four' }, list: ['x'] })
})

test('numbers choose their form: English has two, Welsh six', () => {
  const forms = { zero: 'dim', one: 'un', two: 'dau', few: 'tri', many: 'chwech', other: 'arall' }
  speak('cy', {})
  const welsh = [0, 1, 2, 3, 6, 4].map((n) => plural(n, forms))
  speak('en-GB', {})
  assert.deepEqual(welsh, ['dim', 'un', 'dau', 'tri', 'chwech', 'arall'])
  assert.deepEqual([0, 1, 2].map((n) => plural(n, { one: '1 thing', other: `${n} things` })), ['0 things', '1 thing', '2 things'])
})
