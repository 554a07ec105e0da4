/**
 * Where we are: path routes over History. Each entry keeps its own small state (how far it was
 * scrolled, a filter), so that Back finds a page as it was left.
 */

import { signal, type ReadonlySignal } from '@preact/signals'
import { useState } from 'preact/hooks'

/** Every address of the app; the server answers exactly these with the shell. */
export const paths = {
  front: '/',
  join: '/join',
  open: '/open',
  today: '/today',
  groups: '/groups',
  group: '/g/:circle',
  rules: '/g/:circle/rules',
  session: '/s/:rec',
  register: '/s/:rec/register',
  apology: '/s/:rec/apology',
  notes: '/notes',
  note: '/notes/:rec',
  more: '/more',
  phone: '/phone',
  attendance: '/attendance',
  kit: '/kit',
  how: '/how',
  help: '/help',
} as const

export type RouteName = keyof typeof paths
type Names<P> = P extends `${string}:${infer N}/${infer Rest}` ? N | Names<Rest>
  : P extends `${string}:${infer N}` ? N : never
export type Params<N extends RouteName> = { readonly [K in Names<(typeof paths)[N]>]: string }
/** A route needs its params, and only those. */
type Rest<N extends RouteName> = Names<(typeof paths)[N]> extends never ? [] : [params: Params<N>]

export interface Route {
  readonly name: RouteName | 'lost'
  readonly params: Readonly<Record<string, string>>
  /** Changes with every navigation: what is shown anew has a new key. */
  readonly key: number
}

/** The address of a route. */
export function href<N extends RouteName>(name: N, ...[params]: Rest<N>): string {
  return paths[name].replace(/:(\w+)/g, (_, key: string) =>
    encodeURIComponent((params as Record<string, string> | undefined)?.[key] ?? ''))
}

/** What an address means; 'lost' when it means nothing. */
export function match(path: string): Omit<Route, 'key'> {
  for (const [name, shape] of Object.entries(paths)) {
    const keys = shape.match(/:\w+/g) ?? []
    const found = new RegExp(`^${shape.replace(/:\w+/g, '([^/]+)')}/?$`).exec(path)
    if (!found) continue
    const params = keys.map((key, i) => [key.slice(1), decodeURIComponent(found[i + 1] ?? '')])
    return { name: name as RouteName, params: Object.fromEntries(params) as Record<string, string> }
  }
  return { name: 'lost', params: {} }
}

type Kept = Readonly<Record<string, unknown>>
const kept = (): Kept => (history.state as Kept | null) ?? {}
const here = (): Route => ({ ...match(location.pathname), key: steps++ })
let steps = 0
const current = signal<Route>({ name: 'lost', params: {}, key: -1 })

/** Where we are now. */
export const route: ReadonlySignal<Route> = current

/** Starts listening; call once, before the first paint. */
export function startRouter(): void {
  history.scrollRestoration = 'manual'
  current.value = here()
  addEventListener('popstate', () => { current.value = here() })
  document.addEventListener('click', followed)
}

/** Plain links are ours when they lead to an address of ours. */
function followed(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.('a')
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute('download')) return
  if (link.origin !== location.origin || match(link.pathname).name === 'lost') return
  if (link.hash && link.pathname === location.pathname) return
  event.preventDefault()
  follow(link.pathname)
}

function follow(path: string, replace = false): void {
  keep('y', scroller().scrollTop)
  history[replace ? 'replaceState' : 'pushState']({ inside: kept()['inside'] === true || !replace }, '', path)
  current.value = here()
}

/** Goes to a route; Back comes back. */
export function go<N extends RouteName>(name: N, ...rest: Rest<N>): void {
  follow(href(name, ...rest))
}

/** Goes to a route in place of this one: Back does not come back here. */
export function goInstead<N extends RouteName>(name: N, ...rest: Rest<N>): void {
  follow(href(name, ...rest), true)
}

/** Goes back; to `name` when this page was opened from outside. */
export function back<N extends RouteName>(name: N, ...rest: Rest<N>): void {
  if (kept()['inside'] === true) {
    keep('y', scroller().scrollTop)
    history.back()
  } else goInstead(name, ...rest)
}

/** What scrolls: the page between the bars, or everything where the bars scroll too. */
export function scroller(): Element {
  const main = document.getElementById('main')
  return main && getComputedStyle(main).overflowY === 'auto' ? main : document.documentElement
}

function keep(name: string, value: unknown): void {
  history.replaceState({ ...kept(), [name]: value }, '')
}

/** State that Back brings back: a filter, an open section; without a name it is forgotten. */
export function useKept<T>(name: string | null, initial: T): [T, (value: T) => void] {
  const [value, set] = useState<T>(() => (name === null ? undefined : kept()[name] as T | undefined) ?? initial)
  return [value, (next) => {
    if (name !== null) keep(name, next)
    set(next)
  }]
}

let first = true

/** A page has arrived: its heading takes the focus, and it stands where it was left. */
export function arrive(heading: HTMLElement): void {
  const y = kept()['y']
  if (!first) heading.focus({ preventScroll: true })
  first = false
  scroller().scrollTop = typeof y === 'number' ? y : 0
}
