/** The end of a register: what is still open, how many of each, who has not been heard from. */

import type { JSX } from 'preact'
import type { MarkValue, RegisterRow, RegisterView } from '../../domain/views.ts'
import { register as words } from '../../words/en/register.ts'
import { Button, Buttons, Inset } from '../parts/index.ts'
import { back } from '../router.ts'
import type { Book } from './register-book.ts'
import { Steady } from './register-steady.tsx'

/** Something is still open: say what, and let the leader finish all the same. */
export function Finish({ book }: { readonly book: Book }): JSX.Element {
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

export function Finished({ book }: { readonly book: Book }): JSX.Element {
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

/** How far another leader is, as far as this phone knows. */
export function heard({ name: known, marked, finished }: RegisterView['others'][number]): string {
  const name = known === '?' ? words.someone : known
  return finished ? words.done.otherFinished(name) : marked ? words.done.other(name, marked) : words.done.otherSilent(name)
}
