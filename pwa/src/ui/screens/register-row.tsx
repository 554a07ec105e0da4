/** One person's row: three choices, or what already stands and one thing to do about it. */

import { useSignal } from '@preact/signals'
import type { JSX, TargetedKeyboardEvent } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { MarkValue, RegisterRow } from '../../domain/views.ts'
import type { Id } from '../../protocol/local.ts'
import { register as words } from '../../words/en/register.ts'
import { Icon, Tag } from '../parts/index.ts'
import type { Book } from './register-book.ts'
import { tooSoon } from './register-tap.ts'

/** The marks that a row offers, one tap each; the others are in the person's sheet. */
export const offered = ['here', 'late', 'absent'] as const

const isOffered = (value: MarkValue | null): boolean => (offered as readonly unknown[]).includes(value)

/** Paints again only when something of this one person has changed. */
export function Row({ book, person }: { readonly book: Book; readonly person: Id }): JSX.Element | null {
  const row = book.row(person).value
  const changing = useSignal(false)
  useEffect(() => { if (row?.value) changing.value = false }, [row?.value])
  if (!row) return null
  const says = book.locked.value ? stands(book, row) : changing.value ? null : saysOf(book, row)
  return (
    <li class="register-row" data-saving={row.saving}>
      <fieldset class="register-person" aria-labelledby={`name-${person}`}>
        <legend><Name book={book} row={row} /></legend>
        {says === null ? <Choices book={book} row={row} fresh={changing} />
          : <Says book={book} row={row} tone={says.tone} text={says.text} onChange={() => { changing.value = true }} />}
        <Kept saving={row.saving} />
      </fieldset>
    </li>
  )
}

/** The name opens the person's sheet; while a mark is not kept it tries again instead. */
function Name({ book, row }: { readonly book: Book; readonly row: RegisterRow }): JSX.Element {
  const failed = row.saving === 'unsaved'
  const aside = asideOf(row)
  return (
    <button type="button" class="register-name" {...(!failed && { 'aria-haspopup': 'dialog' as const })}
      onClick={() => { if (failed) book.again(); else book.open({ kind: 'person', person: row.person }) }}>
      <span class="register-label" id={`name-${row.person}`}>{row.label}</span>
      {failed ? <small><Icon name="warning" size={14} />{words.notSaved}</small> : aside && <small>{aside}</small>}
    </button>
  )
}

function asideOf(row: RegisterRow): string | null {
  if (row.visitor) return words.visitor
  if (row.apology && (row.value === 'absent' || row.value === 'late')) return words.apologies
  return row.expected || row.value === null ? null : words.away
}

interface Saying { readonly text: string; readonly tone: 'plain' | 'violet' }

/** What a row says instead of asking; `null` where it asks. */
function saysOf(book: Book, row: RegisterRow): Saying | null {
  if (row.state === 'differ') return { tone: 'violet', text: sidesOf(book, row) }
  if (row.value !== null) return isOffered(row.value) ? null : { tone: 'plain', text: words.values[row.value] }
  if (row.apology) return { tone: 'plain', text: row.apology.inTime ? words.apologies : words.apologiesAfter }
  return row.expected ? null : { tone: 'plain', text: words.away }
}

/** The same for a register that is finished: nothing asks. */
function stands(book: Book, row: RegisterRow): Saying {
  return saysOf(book, row) ?? { tone: 'plain', text: words.values[row.value ?? 'none'] }
}

/** 'You: here · Sam: absent'. */
function sidesOf(book: Book, row: RegisterRow): string {
  return row.sides.map((side) => words.side(side.mine ? words.you : book.short(side.by), words.said[side.value])).join(' · ')
}

function Says({ book, row, tone, text, onChange }: {
  readonly book: Book; readonly row: RegisterRow; readonly onChange: () => void
} & Saying): JSX.Element {
  const differ = row.state === 'differ'
  const act = differ ? () => book.open({ kind: 'differ', person: row.person }) : onChange
  return (
    <div class="register-says">
      <Tag tone={tone}>{text}</Tag>
      <Ticks saving={row.value === null ? 'idle' : row.saving} />
      {(differ || !book.locked.value) && (
        <button type="button" class="register-act" {...(differ && { 'aria-haspopup': 'dialog' as const })} onClick={act}>
          {differ ? words.settle : words.change}<span class="unseen"> {row.label}</span>
        </button>
      )}
    </div>
  )
}

/** Arrows go along the row without marking; Space and Enter mark. Tab goes to the next row. */
function Choices({ book, row, fresh }: {
  readonly book: Book; readonly row: RegisterRow; readonly fresh: { readonly value: boolean }
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => { if (fresh.value) box.current?.querySelector('input')?.focus() }, [])
  return (
    <div class="register-choices" ref={box} onKeyDown={along}>
      {offered.map((value) => (
        <Choice key={value} name={`mark-${row.person}`} value={value} row={row}
          onTap={() => book.choose(row.person, value)} />
      ))}
    </div>
  )
}

/** One choice: a radio as large as its label. `onTap` says whether the choice stands. */
export function Choice({ name, value, row, onTap }: {
  readonly name: string; readonly value: (typeof offered)[number]; readonly row: RegisterRow
  readonly onTap: () => boolean
}): JSX.Element {
  const chosen = row.value === value
  return (
    <label class="register-choice">
      <input type="radio" name={name} value={value} checked={chosen}
        onClick={(event) => { if (tooSoon(event) || !onTap()) event.preventDefault() }} />
      {words[value]}
      {chosen && <Ticks saving={row.saving} />}
    </label>
  )
}

/** Arrows move, they do not choose: nobody is marked late on the way to absent. */
export function along(event: TargetedKeyboardEvent<HTMLElement>): void {
  const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }
  const radios = [...event.currentTarget.querySelectorAll('input')]
  const at = radios.indexOf(event.target as HTMLInputElement)
  const step = steps[event.key]
  if (at < 0 || (step === undefined && event.key !== 'Enter')) return
  event.preventDefault()
  if (step === undefined) radios[at]?.click()
  else radios[(at + step + radios.length) % radios.length]?.focus()
}

/** One tick: kept on this phone. Two: seen in the log. */
function Ticks({ saving }: { readonly saving: RegisterRow['saving'] }): JSX.Element | null {
  if (saving !== 'saved' && saving !== 'sent') return null
  return (
    <svg class="register-tick" viewBox="0 0 14 10" fill="none" stroke="currentColor" stroke-width="1.75"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      {saving === 'sent' && <path d="M1 5.5L3.6 8" />}
      <path d={saving === 'sent' ? 'M5 5.5L7.6 8.2L13 1.8' : 'M4 5.5L6.8 8.2L12.2 1.8'} />
    </svg>
  )
}

/** The same in words: to a screen reader always, to the eye where there is room. */
function Kept({ saving }: { readonly saving: RegisterRow['saving'] }): JSX.Element | null {
  if (saving !== 'saved' && saving !== 'sent') return null
  return <span class="unseen">{saving === 'saved' ? words.saved : words.sent}</span>
}
