/** What opens over the register: somebody, a visitor, more, the end. */

import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { dayWords, instantToWall } from '../../domain/time.ts'
import type { RegisterView } from '../../domain/views.ts'
import type { Id } from '../../protocol/local.ts'
import { register as words } from '../../words/en/register.ts'
import { Audience, Button, Field, Inset, Row as Line, Rows } from '../parts/index.ts'
import { now, zone } from '../truth.ts'
import type { Book } from './register-book.ts'
import { Finish, Finished, heard } from './register-end.tsx'
import { Differ, History, Late, Person } from './register-person.tsx'
import { focusOn, Steady } from './register-steady.tsx'

const DAY = 24 * 60 * 60_000
/** After this long the list of members is said to be old. */
const ROSTER_OLD = 14 * DAY

const FIELD = 'visitor-name'

/** The one that is open. */
export function Sheets({ book }: { readonly book: Book }): JSX.Element | null {
  const open = book.opened.value
  switch (open?.kind) {
    case 'person': return <Person key={open.person} book={book} person={open.person} />
    case 'differ': return <Differ key={open.person} book={book} person={open.person} />
    case 'late': return <Late book={book} person={open.person} minutes={open.minutes} />
    case 'visitor': return <Visitor book={book} />
    case 'more': return <More book={book} />
    case 'history': return <Corrections book={book} />
    case 'finish': return <Finish book={book} />
    case 'finished': return <Finished book={book} />
    case undefined: return null
  }
}

// -- more -------------------------------------------------------------------------------

function More({ book }: { readonly book: Book }): JSX.Element {
  const view = book.view.value
  const m = words.moreSheet
  const finishing = !view.finishedByMe && view.fillable.length > 0 && book.session.value.phase !== 'future'
  return (
    <Steady title={m.heading} book={book}>
      <Rows>
        <Line icon="plus" title={m.visitor} onClick={() => book.open({ kind: 'visitor' })} />
        <Line icon="pencil" title={m.history} onClick={() => book.open({ kind: 'history' })} />
        {finishing && (
          <Line icon="tick" title={m.finishNow(view.fillable.length)} onClick={() => book.open({ kind: 'finish' })} />
        )}
      </Rows>
      <RosterAge view={view} />
      {view.others.map((other) => <p key={other.name} class="hint">{heard(other)}</p>)}
      <p class="hint">{m.ticks}</p>
      <Audience>{m.seenText}</Audience>
    </Steady>
  )
}

function RosterAge({ view }: { readonly view: RegisterView }): JSX.Element | null {
  const old = rosterAge(view.rosterCheckedAt, now.value)
  if (old === null) return null
  return <Inset tone="amber" icon="clock"><p>{words.rosterOf(old)}. {words.moreSheet.rosterText}</p></Inset>
}

/** The day from which the list of members is, when that is too long ago to trust; else `null`. */
export function rosterAge(checkedAt: number | null, at: number): string | null {
  if (checkedAt === null || at - checkedAt < ROSTER_OLD) return null
  return dayWords(instantToWall(checkedAt, zone).on, 'short')
}

/** Who was marked more than once, and how. */
function Corrections({ book }: { readonly book: Book }): JSX.Element {
  const rows = book.view.value.rows.filter((row) => row.history.length > 1)
  return (
    <Steady title={words.moreSheet.history} book={book}>
      {rows.length === 0 && <p>{words.moreSheet.historyNone}</p>}
      {rows.map((row) => (
        <section key={row.person} class="register-changed"><h3>{row.label}</h3><History row={row} /></section>
      ))}
    </Steady>
  )
}

/** Somebody who is not on the list: a name is enough, with an empty list too. */
function Visitor({ book }: { readonly book: Book }): JSX.Element {
  const added = useRef<Id | null>(null)
  const [name, type] = useState('')
  const [wrong, say] = useState<string | null>(null)
  const m = words.moreSheet
  const add = (event: Event): void => {
    event.preventDefault()
    const typed = name.trim().replace(/\s+/g, ' ')
    if (typed) added.current = book.visitor(typed)
    else say(m.visitorMissing)
  }
  useEffect(() => { setTimeout(() => focusOn(FIELD)) }, [])
  return (
    <Steady title={m.visitor} book={book} then={added}>
      <form class="section" onSubmit={add} noValidate>
        <Field id={FIELD} label={m.visitorLabel} hint={m.visitorHint} error={wrong} value={name} onText={type}
          maxLength={200} autocomplete="off" autocapitalize="words" spellcheck={false} enterkeyhint="done" />
        <Button type="submit">{m.visitorAdd}</Button>
      </form>
    </Steady>
  )
}
