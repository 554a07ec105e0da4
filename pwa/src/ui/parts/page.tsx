/** What a page is made of: its head, cards, sections, insets, an empty state. */

import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { common as words } from '../../words/en/common.ts'
import { arrive, back, href, type Params, type RouteName } from '../router.ts'
import { Icon, type IconName } from './icons.tsx'

type Children = { readonly children?: ComponentChildren }

/** The column that a page's parts stand in. */
export function Page({ children }: Children): JSX.Element {
  return <div class="page">{children}</div>
}

interface HeadProps extends Children {
  readonly title: string
  /** Where Back leads when the page was opened from outside; no Back on the four tabs. */
  readonly up?: RouteName
  readonly upParams?: Readonly<Record<string, string>>
  readonly sub?: ComponentChildren
}

/** The page's one h1; it takes the focus when the page arrives, and names the window. */
export function PageHead({ title, up, upParams, sub, children }: HeadProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => { if (heading.current) arrive(heading.current) }, [])
  useLayoutEffect(() => { document.title = title === words.app ? title : `${title} · ${words.app}` }, [title])
  const to = up && ([up, upParams] as unknown as ['group', Params<'group'>])
  return (
    <div class="head">
      {to && (
        <a class="head-back" href={href(...to)} onClick={(event) => { event.preventDefault(); back(...to) }}>
          <Icon name="back" size={20} />{words.back}
        </a>
      )}
      <h1 ref={heading} tabIndex={-1}>{title}</h1>
      {sub && <p class="head-sub">{sub}</p>}
      {children}
    </div>
  )
}

export type Tone = 'plain' | 'amber' | 'violet' | 'error' | 'teal'

/** One thing, with its own heading. */
export function Card({ tone = 'plain', title, kicker, children }: Children & {
  readonly tone?: Tone; readonly title?: ComponentChildren; readonly kicker?: ComponentChildren
}): JSX.Element {
  return (
    <section class={`card ${tone}`}>
      {kicker && <p class="card-kicker">{kicker}</p>}
      {title && <h2>{title}</h2>}
      {children}
    </section>
  )
}

/** A part of a page under an h2. */
export function Section({ title, children, id }: Children & { readonly title: string; readonly id?: string }): JSX.Element {
  return <section class="section" {...(id && { id })}><h2>{title}</h2>{children}</section>
}

/** Something to know, said once, in place. */
export function Inset({ tone = 'plain', icon, children }: Children & { readonly tone?: Tone; readonly icon?: IconName }): JSX.Element {
  return <div class={`inset ${tone}`}>{icon && <Icon name={icon} size={20} />}<div>{children}</div></div>
}

/** Who can see what stands here. Every screen has one. */
export function Audience({ children }: Children): JSX.Element {
  return <p class="audience"><Icon name="eye" />{children}</p>
}

/** Nothing is here, and that is all right: what it is, and what one can do. */
export function Empty({ icon, title, children }: Children & { readonly icon: IconName; readonly title: string }): JSX.Element {
  return <div class="empty"><Icon name={icon} size={40} /><p>{title}</p>{children}</div>
}

/** A short label. The tone is never the only sign: the words say it. */
export function Tag({ tone = 'plain', icon, children }: Children & { readonly tone?: Tone; readonly icon?: IconName }): JSX.Element {
  return <span class={`tag ${tone}`}>{icon && <Icon name={icon} />}{children}</span>
}

/** How safe one small thing is. Two levels only: on this phone, and sent. */
export function Saving({ state, again }: {
  readonly state: 'idle' | 'writing' | 'saved' | 'unsaved' | 'sent'; readonly again?: () => void
}): JSX.Element | null {
  if (state === 'idle') return null
  if (state === 'unsaved' && again) {
    return <button type="button" class="button danger small" onClick={again}><Icon name="warning" size={18} />{words.saving.again}</button>
  }
  const icon: Record<typeof state, IconName> = { writing: 'clock', saved: 'phone', sent: 'sent', unsaved: 'warning' }
  return <span class={`saving ${state}`}><Icon name={icon[state]} />{words.saving[state]}</span>
}

/** A page that is still loading: nothing for 300 ms, then where things will be. */
export function Waiting(): JSX.Element {
  return <div class="page"><div class="skeleton" aria-busy="true"><span class="unseen">{words.opening}</span><i /><i /><i /></div></div>
}
