/**
 * What may stand where in `src`. Each rule is asked of the syntax tree, so neither a comment
 * nor a string can break or hide one.
 */

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vite'
import paths from '../paths.json' with { type: 'json' }
import { paths as routes } from '../src/ui/router.ts'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** From left to right: each floor may import from itself and from those before it. */
const FLOORS = ['protocol', 'storage', 'vault', 'sync', 'domain', 'ui']
/** Pure: of the floors to its left it sees only the protocol. */
const DOMAIN_SEES = ['protocol', 'domain', 'words']
/** Where the screens meet what is below; no component goes past these. */
const GLUE = ['ui/truth.ts', 'ui/act.ts', 'ui/door.ts', 'ui/phone.ts']
const BELOW_SCREENS = ['storage', 'vault', 'sync']
const MAY_FETCH = ['sync/net.ts', 'sync/update.ts', 'ui/door.ts']
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  protocol: ['@noble/hashes', '@noble/curves', '@hpke/core'],
  storage: ['idb'],
  vault: ['@noble/hashes'],
  sync: [],
  domain: [],
  words: [],
  ui: ['preact', '@preact/signals'],
}
const UNSAFE_MEMBERS = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'srcdoc', 'createContextualFragment']
const UNSAFE_ATTRIBUTES = ['dangerouslySetInnerHTML', 'srcdoc', 'onclick']

type Node = Readonly<Record<string, unknown>> & { readonly type: string }

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

/** Every node below one, itself included. */
function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node)) {
    for (const part of Array.isArray(value) ? value : [value]) {
      if (isNode(part)) yield* nodesOf(part)
    }
  }
}

interface Source {
  /** The path below `src`, such as `ui/act.ts`. */
  readonly name: string
  readonly floor: string
  readonly nodes: readonly Node[]
  /** What it imports: paths below `src`, or names of packages. */
  readonly imports: readonly string[]
}

function read(name: string): Source {
  const file = join(SRC, name)
  const lang = name.endsWith('.tsx') ? 'tsx' : 'ts'
  const program: unknown = parseAst(readFileSync(file, 'utf8'), { lang })
  assert.ok(isNode(program))
  const nodes = [...nodesOf(program)]
  const imports = nodes.flatMap((node) => {
    const from = node['source']
    const named = isNode(from) && typeof from['value'] === 'string' ? from['value'] : undefined
    if (named === undefined) return []
    return [named.startsWith('.') ? relative(SRC, join(dirname(file), named)) : named]
  })
  return { name, floor: name.split('/')[0] ?? '', nodes, imports }
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
  .map(read)

/** Fails with one line for each place that breaks a rule. */
function nowhere(broken: (source: Source) => Iterable<string | false | undefined>): void {
  const found = sources.flatMap((source) =>
    [...broken(source)].filter(Boolean).map((what) => `${source.name}: ${what}`),
  )
  assert.deepEqual(found, [])
}

const isOurs = (path: string): boolean => /\.(?:tsx?|css|json)$/.test(path)
const floorOf = (path: string): string => path.split('/')[0] ?? ''
const packageOf = (name: string): string => name.split('/').slice(0, name[0] === '@' ? 2 : 1).join('/')

/** The last name of what is called: `fetch` of `fetch()` and of `globalThis.fetch()`. */
function called(node: Node): string | undefined {
  if (node.type !== 'CallExpression' || !isNode(node['callee'])) return undefined
  const callee = node['callee']
  const last = isNode(callee['property']) ? callee['property'] : callee
  return typeof last['name'] === 'string' ? last['name'] : undefined
}

/** Whether a node is the call of a method of some global, such as `document.write()`. */
function ofGlobal(node: Node, global: string, method: string): boolean {
  if (called(node) !== method || !isNode(node['callee'])) return false
  const object = node['callee']['object']
  return isNode(object) && object['name'] === global
}

function firstArgument(node: Node): unknown {
  const given = node['arguments']
  return Array.isArray(given) && isNode(given[0]) ? given[0]['value'] : undefined
}

test('there is something to look at', () => {
  assert.ok(sources.length > 20)
  assert.ok(sources.some((source) => source.imports.length > 3))
})

test('every file stands on a floor, and imports only go left', () => {
  nowhere(({ floor, imports }) => {
    const seen = floor === 'words' ? [] : FLOORS.slice(0, FLOORS.indexOf(floor))
    const allowed = [floor, ...seen, ...(floor === 'domain' || floor === 'ui' ? ['words'] : [])]
    return [
      floor !== 'words' && !FLOORS.includes(floor) && 'stands on no floor',
      ...imports.map((path) => isOurs(path) && !allowed.includes(floorOf(path)) && `imports ${path}`),
    ]
  })
})

test('the domain is pure: no signals, no promises, no clock, nothing that is stored', () => {
  nowhere(({ floor, imports, nodes }) => {
    if (floor !== 'domain') return []
    return [
      ...imports.map((path) => !DOMAIN_SEES.includes(floorOf(path)) && `imports ${path}`),
      ...nodes.map((node) => {
        if (node.type === 'AwaitExpression' || node['async'] === true) return 'waits'
        if (node.type === 'Identifier' && node['name'] === 'Promise') return 'promises'
        if (ofGlobal(node, 'Date', 'now') || ofGlobal(node, 'Math', 'random')) return 'asks the clock or chance'
        if (node.type !== 'NewExpression' || !isNode(node['callee'])) return false
        const bare = Array.isArray(node['arguments']) && node['arguments'].length === 0
        return node['callee']['name'] === 'Date' && bare && 'asks the clock'
      }),
    ]
  })
})

test('components know nothing of storage, vault and sync: truth.ts and act.ts do', () => {
  nowhere(({ name, floor, imports }) => {
    if (floor !== 'ui' || GLUE.includes(name)) return []
    // The first line of all starts the worker's watch.
    const allowed = name === 'ui/boot.tsx' ? ['sync/update.ts'] : []
    return imports.map(
      (path) => BELOW_SCREENS.includes(floorOf(path)) && !allowed.includes(path) && `imports ${path}`,
    )
  })
})

test('each package has its floor', () => {
  nowhere(({ floor, imports }) =>
    imports.map((path) => !isOurs(path) && !PACKAGES[floor]?.includes(packageOf(path)) && `imports ${path}`),
  )
})

test('the network is asked in two places, and by the demo’s opener', () => {
  const asking = ['fetch', 'sendBeacon']
  const making = ['XMLHttpRequest', 'WebSocket', 'EventSource']
  nowhere(({ name, nodes }) =>
    nodes.map((node) => {
      const call = called(node)
      if (call && asking.includes(call)) return !MAY_FETCH.includes(name) && `calls ${call}()`
      if (node.type !== 'NewExpression' || !isNode(node['callee'])) return false
      const made = node['callee']['name']
      return typeof made === 'string' && making.includes(made) && `makes a ${made}`
    }),
  )
  const opener = sources.find((source) => source.name === 'ui/door.ts')
  const asked = opener?.nodes.filter((node) => called(node) === 'fetch').map(firstArgument)
  assert.deepEqual(asked, ['/demo/people.json'])
})

test('nothing turns text into markup, script or a style attribute', () => {
  nowhere(({ nodes }) =>
    nodes.map((node) => {
      const name = node['name']
      const property = node.type === 'MemberExpression' && isNode(node['property']) && node['property']['name']
      if (typeof property === 'string' && UNSAFE_MEMBERS.includes(property)) return property
      if (node.type === 'JSXAttribute' && isNode(name) && UNSAFE_ATTRIBUTES.includes(String(name['name']))) {
        return String(name['name'])
      }
      const call = called(node)
      if (call === 'setAttribute' && firstArgument(node) === 'style') return "setAttribute('style')"
      return (call === 'eval' || ofGlobal(node, 'document', 'write')) && `${call}()`
    }),
  )
})

test('no type is `any`, no export is the default, and what runs is what is written', () => {
  const refused: Readonly<Record<string, string>> = {
    TSAnyKeyword: 'any',
    ExportDefaultDeclaration: 'a default export',
    TSEnumDeclaration: 'an enum',
    TSModuleDeclaration: 'a namespace',
    TSParameterProperty: 'a parameter property',
  }
  nowhere(({ nodes }) => nodes.map((node) => refused[node.type]))
})

test('imports of ours carry their ending', () => {
  const floors = [...FLOORS, 'words']
  nowhere(({ imports }) => imports.map((path) => floors.includes(floorOf(path)) && !isOurs(path) && path))
})

test('every address that the app knows is one that server and worker answer', () => {
  const shapeOf = (path: string): string => path.replace(/:\w+/g, ':')
  const answered = new Set(paths.map(shapeOf))
  // `/groups/:circle/:page` answers for any word in the last place.
  const anyWord = (path: string): string => shapeOf(path).replace(/\/[a-z]+$/, '/:')
  const unanswered = Object.values(routes).filter(
    (path) => !answered.has(shapeOf(path)) && !answered.has(anyWord(path)),
  )
  assert.deepEqual(unanswered, [])
})
