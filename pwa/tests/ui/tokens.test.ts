/** The colours: every pair that the look promises, and no colour anywhere but among the tokens. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const UI = fileURLToPath(new URL('../../src/ui', import.meta.url))
const TOKENS = join(UI, 'style', 'tokens.css')

/** Text or mark, on what, and how much contrast it needs (WCAG 1.4.3, 1.4.11). */
const PAIRS: readonly (readonly [string, string, number])[] = [
  ['ink', 'paper', 4.5], ['ink', 'surface', 4.5], ['ink', 'sunk', 4.5],
  ['ink-2', 'paper', 4.5], ['ink-2', 'surface', 4.5], ['ink-2', 'sunk', 4.5],
  ['teal', 'paper', 4.5], ['teal', 'surface', 4.5], ['teal', 'sunk', 4.5], ['teal', 'teal-wash', 4.5],
  ['teal-hover', 'paper', 4.5], ['teal-hover', 'teal-wash', 4.5], ['ink', 'teal-wash', 4.5],
  ['on-teal', 'teal', 4.5], ['on-teal', 'teal-hover', 4.5], ['on-teal', 'teal-active', 4.5],
  ['amber', 'paper', 4.5], ['amber', 'surface', 4.5], ['amber', 'amber-wash', 4.5],
  ['amber-ink', 'amber-wash', 4.5], ['ink', 'amber-wash', 4.5],
  ['amber-mark', 'paper', 3], ['amber-mark', 'surface', 3],
  ['violet', 'paper', 4.5], ['violet', 'surface', 4.5], ['violet', 'violet-wash', 4.5],
  ['violet-ink', 'violet-wash', 4.5], ['ink', 'violet-wash', 4.5],
  ['error', 'paper', 4.5], ['error', 'surface', 4.5], ['error', 'error-wash', 4.5], ['ink', 'error-wash', 4.5],
  ['edge', 'paper', 3], ['edge', 'surface', 3], ['edge', 'sunk', 3],
  ['focus', 'paper', 3], ['focus', 'surface', 3], ['focus', 'sunk', 3], ['focus', 'teal-wash', 3],
  ['seat-here', 'paper', 3], ['seat-here', 'surface', 3], ['focus-ink', 'focus-fill', 4.5],
  ['teal', 'amber-wash', 4.5], ['teal', 'violet-wash', 4.5], ['teal', 'error-wash', 4.5],
]

const tokens = new Map(
  [...readFileSync(TOKENS, 'utf8').matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)]
    .map(([, name = '', light = '', dark = '']) => [name, { light, dark }]),
)

/** Relative luminance of '#rrggbb' (WCAG 2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

function filesOf(ending: RegExp, folder = UI): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesOf(ending, path) : ending.test(entry.name) ? [path] : []
  })
}

const styleSheets = (): string[] => filesOf(/\.css$/)


test('every token has a light and a dark colour', () => {
  assert.equal(tokens.size, 25)
})

for (const theme of ['light', 'dark'] as const) {
  for (const [text, ground, least] of PAIRS) {
    test(`${text} can be read on ${ground} when it is ${theme}`, () => {
      const ratio = contrast(tokens.get(text)?.[theme] ?? '', tokens.get(ground)?.[theme] ?? '')
      assert.ok(ratio >= least, `${ratio.toFixed(2)} is less than ${least}`)
    })
  }
}

test('no colour stands outside the tokens', () => {
  const literal = /#[0-9a-f]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch|color|color-mix)\(|:\s*(?:white|black|red|green|blue|gr[ae]y|yellow|orange|purple|teal)\b/i
  for (const sheet of styleSheets()) {
    if (sheet === TOKENS) continue
    const lines = readFileSync(sheet, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '').split('\n')
    assert.deepEqual(lines.filter((line) => literal.test(line)), [], sheet)
  }
})

test('every token that is used is a token', () => {
  const names = new Set([...readFileSync(TOKENS, 'utf8').matchAll(/--([\w-]+):/g)].map(([, name]) => name))
  // What a screen measures and sets itself, as `'--name'`.
  const measured = filesOf(/\.tsx?$/).flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/'--([\w-]+)'/g)])
  for (const [, name] of measured) names.add(name)
  for (const sheet of styleSheets()) {
    const css = readFileSync(sheet, 'utf8')
    const own = new Set([...css.matchAll(/--([\w-]+):/g)].map(([, name]) => name))
    const unknown = [...css.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name).filter((name) => !names.has(name) && !own.has(name))
    assert.deepEqual(unknown, [], sheet)
  }
})
