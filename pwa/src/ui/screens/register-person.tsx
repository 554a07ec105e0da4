/** One person of a register: their mark, what they wrote, what was said before; late; a disagreement. */

import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { clockWords, dayWords, instantToWall } from '../../domain/time.ts'
import type { MarkValue, RegisterRow } from '../../domain/views.ts'
import type { Id } from '../../protocol/local.ts'
import { register as words } from '../../words/en/register.ts'
import { Button, Buttons, Choices, Details, Inset, Saving } from '../parts/index.ts'
import { now, zone } from '../truth.ts'
import type { Book, Value } from './register-book.ts'
import { along, Choice, offered } from './register-row.tsx'
import { Steady } from './register-steady.tsx'

export function Person({ book, person }: { readonly book: Book; readonly person: Id }): JSX.Element | null {
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
export function History({ row }: { readonly row: RegisterRow }): JSX.Element {
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
export function Late({ book, person, minutes }: {
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
export function Differ({ book, person }: { readonly book: Book; readonly person: Id }): JSX.Element | null {
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
