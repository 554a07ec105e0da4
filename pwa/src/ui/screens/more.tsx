/** More: this phone, my attendance, how it looks, how it works, and the ways out. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { unsent } from '../../domain/status.ts'
import { sentenceFor } from '../../words/en/errors.ts'
import { more } from '../../words/en/more.ts'
import { lockNow } from '../door.ts'
import { Inset, Page, PageHead, Row, Rows, Section, Tag } from '../parts/index.ts'
import { href, route, type RouteName } from '../router.ts'
import { madeUp, world } from '../truth.ts'
import { codeOf } from './failed.ts'
import { useKit, type Kit } from './kit-state.ts'
import { Settings } from './settings.tsx'
import { SignOut } from './signout.tsx'
import '../style/more.css'

const words = more.menu

/** The tab. */
export function More(): JSX.Element {
  const kit = useKit()
  return (
    <Page>
      <PageHead title={more.heading} />
      <Links kit={kit} />
      <Settings />
      <Leaving kit={kit} />
    </Page>
  )
}

/** The same beside one of its pages, from 900 px. */
export function MoreSide(): JSX.Element {
  return (
    <nav class="page" aria-label={more.heading}>
      <h2>{more.heading}</h2>
      <Links kit={useKit()} />
    </nav>
  )
}

function Links({ kit }: { readonly kit: Kit }): JSX.Element {
  const waiting = madeUp.value ? 0 : unsent(world.value).length
  const at = route.value.name
  const to = (name: RouteName & ('phone' | 'attendance' | 'kit' | 'how')): { href: string; current: boolean } =>
    ({ href: href(name), current: at === name })
  return (
    <Rows>
      <Row icon="phone" title={words.phone} {...to('phone')}
        sub={waiting > 0 ? words.phoneWaiting(waiting) : madeUp.value ? null : words.phoneSafe} />
      <Row icon="register" title={words.attendance} sub={words.attendanceSub} {...to('attendance')} />
      {kit !== 'none' && (
        <Row icon="key" title={words.kit} {...to('kit')} sub={(
          <>{words.kitSub}{kit === 'needed' && <span class="kit-needed"><Tag tone="amber" icon="warning">{words.kitNeeded}</Tag></span>}</>
        )} />
      )}
      <Row icon="rules" title={words.how} sub={words.howSub} {...to('how')} />
    </Rows>
  )
}

function Leaving({ kit }: { readonly kit: Kit }): JSX.Element {
  const [asking, ask] = useState(false)
  const [failed, fail] = useState<string | null>(null)
  const lock = (): void => void lockNow().catch((error: unknown) => fail(codeOf(error)))
  return (
    <Section title={more.leaving}>
      {failed && <div role="alert"><Inset tone="error" icon="warning"><p>{words.lockFailed} {sentenceFor(failed)}</p></Inset></div>}
      <Rows>
        {kit === 'saved' && <Row icon="lock" title={words.lock} sub={words.lockSub} onClick={lock} />}
        {kit === 'needed' && <Row icon="lock" title={words.lock} sub={words.lockKit} href={href('kit')} />}
        <Row icon="share" title={words.signOut} sub={words.signOutSub} onClick={() => ask(true)} />
      </Rows>
      {asking && <SignOut kit={kit} onClose={() => ask(false)} />}
    </Section>
  )
}
