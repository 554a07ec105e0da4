/** Lists: rows that lead somewhere, facts with their names, something to unfold. */

import type { ComponentChildren, JSX } from 'preact'
import { useKept } from '../router.ts'
import { Icon, type IconName } from './icons.tsx'

/** Rows in one card. */
export function Rows({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <ul role="list" class="rows">{children}</ul>
}

interface RowProps {
  readonly title: ComponentChildren
  readonly sub?: ComponentChildren
  readonly icon?: IconName
  /** Stands at the end: a tag, a state. */
  readonly end?: ComponentChildren
  readonly href?: string
  readonly onClick?: () => void
  /** This row's page is open beside the list. */
  readonly current?: boolean
}

/** One row: a link, a button, or only words. */
export function Row({ title, sub, icon, end, href, onClick, current }: RowProps): JSX.Element {
  const inside = (
    <>
      {icon && <Icon name={icon} />}
      <span class="row-text"><span class="row-title">{title}</span>{sub && <span class="row-sub">{sub}</span>}</span>
      {end}
      {(href || onClick) && <Icon name="next" size={18} />}
    </>
  )
  return (
    <li>
      {href ? <a class="row" href={href} {...(current && { 'aria-current': 'page' as const })}>{inside}</a>
        : onClick ? <button type="button" class="row" onClick={onClick}>{inside}</button>
          : <div class="row">{inside}</div>}
    </li>
  )
}

/** Named facts. */
export function Facts({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <dl class="facts">{children}</dl>
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}

/** Unfolds in place; `kept`: the name by which Back finds it as it was. */
export function Details({ title, open = false, kept, children }: {
  readonly title: ComponentChildren; readonly open?: boolean; readonly kept?: string; readonly children: ComponentChildren
}): JSX.Element {
  const [isOpen, setOpen] = useKept(kept ? `open ${kept}` : null, open)
  return (
    <details class="details" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><Icon name="next" size={16} />{title}</summary>
      <div>{children}</div>
    </details>
  )
}
