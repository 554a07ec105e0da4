/** The frame around every screen: bars, status line, panes, and what stands there instead of a screen. */

import { type ComponentChildren, type ComponentType, type JSX } from 'preact'
import { useEffect, useErrorBoundary, useState } from 'preact/hooks'
import { signal } from '@preact/signals'
import { common as words } from '../words/en/common.ts'
import { applyUpdate } from './act.ts'
import { Button, Card, Icon, LinkButton, Mark, Page, PageHead, StatusLine, Tag, Waiting, type IconName } from './parts/index.ts'
import { closedPages, listed, pages, type PageOf, type Tab } from './pages.ts'
import { goInstead, href, route, type Route } from './router.ts'
import { madeUp, update, vault } from './truth.ts'

if (import.meta.env.MODE === 'e2e') void import('./hook.ts')

type Screen = ComponentType<Record<string, string>>

const broad = matchMedia('(width >= 56.25em)')
const wide = signal(broad.matches)
broad.addEventListener('change', () => { wide.value = broad.matches })

/** Everything that is seen. */
export function Shell(): JSX.Element {
  const at = route.value
  const page = listed(at.name) ? pages[at.name] : undefined
  const outside = useGuard(at, page)
  if (outside) return <main id="main"><Waiting /></main>
  const closed = closedPages[vault.value]
  if (closed && at.name !== 'help') return <Framed><Loaded key={vault.value} load={closed} params={{}} /></Framed>
  if (!page) return <Framed tabs={null}><Lost /></Framed>
  const screen = <Loaded key={at.key} load={page.load} params={at.params} />
  if (page.frame === 'task') return <main id="main" class="task">{screen}</main>
  if (page.frame === 'door' || vault.value === 'empty') return <Framed>{screen}</Framed>
  return (
    <Framed tabs={page.tab} side={page.side && wide.value ? <Loaded key={at.name} load={page.side} params={at.params} quiet /> : null}>
      {screen}
    </Framed>
  )
}

/** Sends a phone without an account to the front page, and one that has one away from it. */
function useGuard(at: Route, page: PageOf | undefined): boolean {
  const empty = vault.value === 'empty'
  const away = empty ? page !== undefined && page.frame !== 'door' && at.name !== 'help' && at.name !== 'how'
    : at.name === 'front'
  useEffect(() => { if (away) goInstead(empty ? 'front' : 'today') }, [away, empty])
  return away
}

function Framed({ tabs, side, children }: {
  readonly tabs?: Tab | null; readonly side?: JSX.Element | null; readonly children: ComponentChildren
}): JSX.Element {
  const known = vault.value !== 'empty'
  return (
    <div class={tabs === undefined ? 'app' : 'app tabbed'}>
      <a class="skip" href="#main">{words.skip}</a>
      <header class="top">
        <a class="mark" href={href(known ? 'today' : 'front')}><Mark />{words.app}</a>
        {madeUp.value && <Tag tone="teal">{words.demo}</Tag>}
        {listed('help') && <a class="top-link" href={href('help')}><Icon name="help" size={20} />{words.help}</a>}
      </header>
      {known && <StatusLine />}
      <div class="middle">
        {side && <aside class="side" aria-label={words.side}>{side}</aside>}
        <main id="main" tabIndex={-1}>{update.value === 'ready' && <Update />}{children}</main>
      </div>
      {tabs !== undefined && <Tabs now={tabs} />}
    </div>
  )
}

const tabNames: readonly Tab[] = ['today', 'groups', 'notes', 'more']
const tabIcons: Record<Tab, IconName> = { today: 'today', groups: 'groups', notes: 'notes', more: 'more' }

function Tabs({ now }: { readonly now: Tab | null }): JSX.Element {
  return (
    <nav class="tabs" aria-label={words.tabsName}>
      {tabNames.filter(listed).map((name) => (
        <a key={name} class="tab" href={href(name)} {...(now === name && { 'aria-current': 'page' as const })}>
          <span class="pill"><Icon name={tabIcons[name]} /></span><span>{words.tabs[name]}</span>
        </a>
      ))}
    </nav>
  )
}

function Update(): JSX.Element {
  return (
    <div class="notice"><p>{words.update.ready}</p><Button small onClick={applyUpdate}>{words.update.now}</Button></div>
  )
}

const loaded = new Map<PageOf['load'], Screen>()

/** A screen whose code may still be on its way. */
function Loaded({ load, params, quiet }: {
  readonly load: () => Promise<Screen> | Screen; readonly params: Readonly<Record<string, string>>
  /** Beside another screen: while it is not there, nothing is. */
  readonly quiet?: boolean
}): JSX.Element | null {
  const [, again] = useState(0)
  const [failed, fail] = useState(false)
  const [error, reset] = useErrorBoundary()
  const ready = loaded.get(load)
  useEffect(() => {
    if (loaded.has(load)) return
    let gone = false
    Promise.resolve(load()).then((screen) => {
      loaded.set(load, screen)
      if (!gone) again((n) => n + 1)
    }, () => { if (!gone) fail(true) })
    return () => { gone = true }
  }, [load])
  if (quiet && (error || failed || !ready)) return null
  if (error) return <Broken text={words.broken} onAgain={reset} />
  if (failed) return <Broken text={words.loadFailed} onAgain={() => location.reload()} />
  const Ready = ready ?? eager(load)
  return Ready ? <Ready {...params} /> : <Waiting />
}

/** Today needs no waiting: its load gives the screen itself. */
function eager(load: () => Promise<Screen> | Screen): Screen | undefined {
  if (load !== pages.today?.load) return undefined
  const screen = load()
  return screen instanceof Promise ? undefined : screen
}

/** Fetches every other part while nothing is asked of the phone. */
export function warm(): void {
  const loads = [...Object.values(pages).flatMap((page) => [page.load, ...(page.side ? [page.side] : [])]), ...Object.values(closedPages)]
  for (const load of loads) void Promise.resolve(load()).then((screen) => loaded.set(load, screen), () => {})
}

function Broken({ text, onAgain }: { readonly text: { readonly heading: string; readonly text: string }; readonly onAgain: () => void }): JSX.Element {
  return (
    <Page>
      <PageHead title={text.heading} />
      <Card tone="error"><p>{text.text}</p><Button onClick={onAgain}>{words.tryAgain}</Button></Card>
    </Page>
  )
}

function Lost(): JSX.Element {
  return (
    <Page>
      <PageHead title={words.lost.heading} />
      <p>{words.lost.text}</p>
      <LinkButton href={href('today')}>{words.lost.home}</LinkButton>
    </Page>
  )
}
