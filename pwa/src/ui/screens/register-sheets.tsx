/** What opens over the register: one person, a disagreement, a late arrival, a visitor, more, the end. */

import { useComputed } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { clockWords, dayWords, instantToWall } from '../../domain/time.ts'
import type { MarkValue, RegisterRow, RegisterView } from '../../domain/views.ts'
import type { Id } from '../../protocol/local.ts'
import { register as words } from '../../words/en/register.ts'
import {
  Audience, Button, Buttons, Choices, Details, Field, Inset, Row as Line, Rows, Saving, Sheet,
} from '../parts/index.ts'
import { back } from '../router.ts'
import { now, zone } from '../truth.ts'
import type { Book, Value } from './register-book.ts'
import { along, Choice, offered } from './register-row.tsx'
import { TREMBLE_MS } from './register-tap.ts'

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

/** Gives the focus to what has this id; to a name means to its button. */
function focusOn(id: string): void {
  const found = document.getElementById(id)
  ;(found?.closest('button') ?? found)?.focus()
}

/** A sheet that the second tap of a trembling thumb neither closes nor answers. */
function Steady({ title, book, about, then, children }: {
  readonly title: string; readonly book: Book; readonly children: ComponentChildren
  /** Whose name takes the focus when what opened the sheet is gone: *Settle* is, once it is settled. */
  readonly about?: Id
  /** Whose name takes it anyway. */
  readonly then?: { readonly current: Id | null }
}): JSX.Element {
  useEffect(() => () => {
    // After the sheet has given it back to what opened it.
    setTimeout(() => {
      const lost = document.activeElement === document.body
      const to = then?.current ?? (lost ? about : null)
      if (to) focusOn(`name-${to}`)
    })
  }, [])
  const since = useRef(performance.now())
  const early = (): boolean => performance.now() - since.current < TREMBLE_MS
  const shield = (event: Event): void => {
    if (!early()) return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <Sheet title={title} onClose={() => { if (!early()) book.close() }}>
      <div class="register-sheet" onClickCapture={shield}>{children}</div>
    </Sheet>
  )
}

// -- one person -------------------------------------------------------------------------

function Person({ book, person }: { readonly book: Book; readonly person: Id }): JSX.Element | null {
  const row = book.row(person).value
  if (!row) return null
  const asks = row.value === 'absent' || row.value === 'apology_before' || row.value === 'apology_after'
  return (
    <Steady title={row.label} book={book} about={person}>
      <About row={row} />
      {row.state === 'differ' ? <Sides book={book} row={row} /> : (
        <fieldset class="register-big" onKeyDown={along}>
          <legend class="unseen">{words.person.mark}</legend>
          {offered.map((value) => (
            <Choice key={value} name={`big-${person}`} value={value} row={row} onTap={() => book.choose(person, value)} />
          ))}
        </fieldset>
      )}
      <Saving state={row.saving} again={() => book.again()} />
      {row.value === 'late' && <Since book={book} />}
      {asks && <Apologies book={book} row={row} />}
      <SomethingElse book={book} row={row} />
      <Details title={words.person.history}>
        <p class="hint">{words.person.historyHint}</p>
        <History row={row} />
      </Details>
      {row.value !== null && (
        <Button kind="quiet" icon="undo" onClick={() => book.put(person, 'none')}>{words.person.clear}</Button>
      )}
    </Steady>
  )
}

/** Who this is, and what they wrote. */
function About({ row }: { readonly row: RegisterRow }): JSX.Element {
  const { apology } = row
  const facts = [
    row.visitor && words.person.visitor, !row.expected && words.person.away,
    !row.visitor && !row.hasApp && words.person.noApp,
  ].filter((fact) => fact !== false)
  return (
    <>
      {facts.map((fact) => <p key={fact} class="hint">{fact}</p>)}
      {apology && (
        <Inset icon="envelope">
          <p>{wrote(apology)}</p>
          {apology.reason && <p>{words.person.reason(apology.reason)}</p>}
        </Inset>
      )}
    </>
  )
}

function wrote({ writtenAt, inTime }: NonNullable<RegisterRow['apology']>): string {
  if (writtenAt === null) return words.person.wroteUnknown
  const { on } = instantToWall(writtenAt, zone)
  const when = `${clockWords(writtenAt, zone)}, ${dayWords(on, 'short')}`
  return inTime ? words.person.wrote(when) : words.person.wroteAfter(when)
}

/** How long it has been going on, while it goes on; the next day nobody remembers. */
function Since({ book }: { readonly book: Book }): JSX.Element | null {
  const minutes = useComputed(() => {
    const { starts, ends } = book.session.value.when
    return now.value < starts || now.value >= ends ? null : Math.floor((now.value - starts) / 60_000)
  }).value
  return minutes === null ? null : <p class="hint">{words.person.since(minutes)}</p>
}

type Word = 'apology_before' | 'apology_after' | 'absent'

function Apologies({ book, row }: { readonly book: Book; readonly row: RegisterRow }): JSX.Element {
  const came = row.value === 'absent' && row.apology
  return (
    <>
      {came && (
        <Button kind="secondary" icon="envelope"
          onClick={() => book.put(row.person, came.inTime ? 'apology_before' : 'apology_after')}>
          {words.person.accept}
        </Button>
      )}
      <Choices<Word> legend={words.person.apologyAsk} hint={words.person.apologyHint}
        options={[
          { value: 'apology_before', label: words.person.apologyBefore },
          { value: 'apology_after', label: words.person.apologyAfter },
          { value: 'absent', label: words.person.apologyNo },
        ]}
        value={row.value as Word} onChoose={(value) => book.put(row.person, value)} />
    </>
  )
}

type Seldom = 'not_admitted' | 'excused' | 'attended_elsewhere'
const seldom: readonly Seldom[] = ['not_admitted', 'excused', 'attended_elsewhere']

function SomethingElse({ book, row }: { readonly book: Book; readonly row: RegisterRow }): JSX.Element {
  const chosen = seldom.find((value) => value === row.value) ?? null
  return (
    <Details title={words.person.other} open={chosen !== null}>
      <Choices<Seldom> legend={words.person.other} quietLegend value={chosen}
        options={seldom.map((value) => ({
          value, label: words.values[value],
          ...(value === 'not_admitted' && { hint: words.person.notAdmittedHint }),
        }))}
        onChoose={(value) => book.put(row.person, value)} />
    </Details>
  )
}

/** Every mark about one person, the newest first (E-22). */
function History({ row }: { readonly row: RegisterRow }): JSX.Element {
  if (row.history.length === 0) return <p>{words.person.historyNone}</p>
  return (
    <ol class="register-history" reversed>
      {row.history.toReversed().map((one, place) => (
        <li key={place}>{words.side(one.mine ? words.you : one.by, words.said[one.value])}</li>
      ))}
    </ol>
  )
}

// -- late -------------------------------------------------------------------------------

/** After the cut-off the leader decides; nothing is refused (E-18, E-19). */
function Late({ book, person, minutes }: {
  readonly book: Book; readonly person: Id; readonly minutes: number
}): JSX.Element {
  const decide = (value: MarkValue) => () => { book.put(person, value); book.close() }
  return (
    <Steady title={words.person.lateAsk(book.row(person).value?.label ?? '')} book={book} about={person}>
      <p>{words.person.since(minutes)} {words.person.limit(book.view.value.lateMinutes)}</p>
      <Buttons>
        <Button onClick={decide('late')}>{words.person.letIn}</Button>
        <Button kind="secondary" onClick={decide('not_admitted')}>{words.person.notAdmitted}</Button>
      </Buttons>
      <p class="hint">{words.person.notAdmittedHint}</p>
    </Steady>
  )
}

// -- two leaders differ -------------------------------------------------------------------

/** Both marks side by side; a mark settles it for both (E-21). */
function Differ({ book, person }: { readonly book: Book; readonly person: Id }): JSX.Element | null {
  const row = book.row(person).value
  if (!row) return null
  return (
    <Steady title={words.differ.heading(row.label)} book={book} about={person}>
      <About row={row} />
      {row.state === 'differ' ? <Sides book={book} row={row} /> : <Saving state={row.saving} again={() => book.again()} />}
      <Button kind="quiet" onClick={() => book.open({ kind: 'person', person })}>{words.differ.other}</Button>
    </Steady>
  )
}

function Sides({ book, row }: { readonly book: Book; readonly row: RegisterRow }): JSX.Element {
  const values = [...new Set(row.sides.map((side) => side.value))]
  const settle = (value: Value) => () => { book.put(row.person, value); book.close() }
  return (
    <>
      <p>{words.differ.text}</p>
      <div class="register-sides">
        {values.map((value) => (
          <div key={value} class="register-side">
            <p>{words.differ.marked(row.sides.filter((side) => side.value === value).map((side) => side.mine ? words.you : side.by))}</p>
            <b>{words.values[value]}</b>
            <Button kind="secondary" onClick={settle(value)}>{words.differ.choose(words.said[value])}</Button>
          </div>
        ))}
      </div>
    </>
  )
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

/** How far another leader is, as far as this phone knows. */
function heard({ name: known, marked, finished }: RegisterView['others'][number]): string {
  const name = known === '?' ? words.someone : known
  return finished ? words.done.otherFinished(name) : marked ? words.done.other(name, marked) : words.done.otherSilent(name)
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

// -- the end ----------------------------------------------------------------------------

/** Something is still open: say what, and let the leader finish all the same. */
function Finish({ book }: { readonly book: Book }): JSX.Element {
  const view = book.view.value
  const blank = view.rows.filter((row) => view.fillable.includes(row.person)).map((row) => row.label)
  const differ = view.rows.filter((row) => row.state === 'differ').map((row) => row.label)
  return (
    <Steady title={words.done.askHeading} book={book}>
      <Counts view={view} />
      {blank.length > 0 && <><p>{words.done.notMarked(blank)}</p><p class="hint">{words.done.notMarkedText}</p></>}
      {differ.length > 0 && (
        <Inset tone="violet" icon="differ"><p>{words.done.differ(differ)}</p><p>{words.done.differText}</p></Inset>
      )}
      <Heard view={view} />
      <Buttons>
        <Button onClick={() => book.finish()}>{words.done.finish}</Button>
        <Button kind="secondary" onClick={() => book.close()}>{words.done.goOn}</Button>
      </Buttons>
    </Steady>
  )
}

function Finished({ book }: { readonly book: Book }): JSX.Element {
  const view = book.view.value
  const leave = (): void => { book.close(); back('today') }
  return (
    <Steady title={words.done.heading} book={book}>
      <Counts view={view} />
      <Heard view={view} />
      <p class="hint">{words.done.text}</p>
      <Buttons>
        <Button onClick={leave}>{words.done.leave}</Button>
        <Button kind="secondary" onClick={() => { book.close(); book.go() }}>{words.correct}</Button>
      </Buttons>
    </Steady>
  )
}

const counted: readonly MarkValue[] = [
  'here', 'late', 'not_admitted', 'absent', 'apology_before', 'apology_after', 'excused', 'attended_elsewhere',
]

/** How many of each: only what there is. Finishing writes down the apologies that stand. */
function Counts({ view }: { readonly view: RegisterView }): JSX.Element {
  const values = view.rows.map(countedAs)
  const present = values.filter((value) => value === 'here' || value === 'late').length
  const lines: (readonly [string, number])[] = [
    ...counted.map((value) => [words.values[value], values.filter((one) => one === value).length] as const),
    [words.differs, values.filter((one) => one === 'differ').length],
    [words.notMarked, view.rows.filter((row) => countedAs(row) === 'none' && row.expected).length],
  ]
  return (
    <>
      <dl class="register-counts" aria-label={words.done.counts}>
        {lines.filter(([, n]) => n > 0).map(([name, n]) => <div key={name}><dt>{name}</dt><dd>{n}</dd></div>)}
      </dl>
      {view.minPresent !== null && present < view.minPresent && <p class="hint">{words.done.few(present, view.minPresent)}</p>}
    </>
  )
}

function countedAs(row: RegisterRow): MarkValue | 'none' | 'differ' {
  if (row.state === 'differ') return 'differ'
  if (row.value !== null) return row.value
  return !row.apology ? 'none' : row.apology.inTime ? 'apology_before' : 'apology_after'
}

/** Who else leads, and whether this phone has heard of their marks. */
function Heard({ view }: { readonly view: RegisterView }): JSX.Element | null {
  if (view.others.length === 0) return null
  return <ul role="list" class="register-heard">{view.others.map((other) => <li key={other.name}>{heard(other)}</li>)}</ul>
}
