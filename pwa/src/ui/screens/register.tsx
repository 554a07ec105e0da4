/**
 * The register: a full-screen task. Whoever may take it sees everybody of one session in one list,
 * marks each with one tap, and finishes. Each part reads only the signals it shows.
 */

import { useComputed } from '@preact/signals'
import type { JSX } from 'preact'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { dayWords, timeWords } from '../../domain/time.ts'
import { common } from '../../words/en/common.ts'
import { register as words } from '../../words/en/register.ts'
import { riskTaken } from '../install-offer.ts'
import { TabRisk } from '../install.tsx'
import { Button, Icon, LinkButton, Page, PageHead } from '../parts/index.ts'
import { arrive, back, href } from '../router.ts'
import { madeUp, net, now } from '../truth.ts'
import { openBook, type Book } from './register-book.ts'
import { Row } from './register-row.tsx'
import { rosterAge, Sheets } from './register-sheets.tsx'
import { tooSoon } from './register-tap.ts'
import '../style/register.css'

/** The register of the session at `/s/:rec/register`. */
export function Register({ rec }: { readonly rec: string }): JSX.Element {
  const book = useMemo(() => openBook(rec), [rec])
  const why = book.closed.value
  if (why) return <Closed rec={rec} {...words[why]} />
  if (!riskTaken.value) return <div class="register closed"><Page><TabRisk up="today" /></Page></div>
  return (
    <div class="register">
      <div class="register-page">
        <Head book={book} />
        <Others book={book} />
        <List book={book} />
        <Foot book={book} />
      </div>
      <Spoken book={book} />
      <Sheets book={book} />
    </div>
  )
}

function Closed({ rec, heading, text }: { readonly rec: string; readonly heading: string; readonly text: string }): JSX.Element {
  return (
    <div class="register closed">
      <Page>
        <PageHead title={heading} up="session" upParams={{ rec }} />
        <p>{text}</p>
        <LinkButton href={href('today')} kind="secondary">{common.lost.home}</LinkButton>
      </Page>
    </div>
  )
}

// -- header -----------------------------------------------------------------------------

function Head({ book }: { readonly book: Book }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  const { groupName, number, rec } = book.session.value
  useLayoutEffect(() => { if (heading.current) arrive(heading.current) }, [])
  useLayoutEffect(() => { document.title = `${words.title(groupName, number)} · ${common.app}` }, [groupName, number])
  return (
    <header class="register-head">
      <button type="button" class="register-way" aria-label={common.back} onClick={() => back('session', { rec })}>
        <Icon name="back" />
      </button>
      <h1 ref={heading} tabIndex={-1}><span>{groupName}</span><span>· {words.session(number)}</span></h1>
      <Ahead book={book} />
      <State book={book} />
      <a class="register-way" href={href('help')} aria-label={common.help}><Icon name="help" /></a>
    </header>
  )
}

/** How far the other leaders are, as far as this phone knows, and whether the list is old; `null` when neither. */
function aheadOf(book: Book): string | null {
  const { others, rosterCheckedAt } = book.view.value
  const old = rosterAge(rosterCheckedAt, now.value)
  const ahead = others.filter((other) => other.finished || other.marked > 0).map((other) => other.finished
    ? words.progressFinished(book.short(other.name)) : words.progress(book.short(other.name), other.marked))
  return [...(old ? [words.rosterOf(old)] : []), ...ahead].join(' · ') || null
}

/** A line of its own where the rows leave room for it. */
function Others({ book }: { readonly book: Book }): JSX.Element | null {
  const ahead = useComputed(() => aheadOf(book)).value
  if (ahead === null) return null
  return <p class="register-others" style={{ '--rows': String(book.order.value.length) }}>{ahead}</p>
}

/** The same at the end of the header, where they do not; to the eye alone. */
function Ahead({ book }: { readonly book: Book }): JSX.Element | null {
  const ahead = useComputed(() => aheadOf(book)).value
  if (ahead === null) return null
  return (
    <span class="register-ahead" aria-hidden="true" style={{ '--rows': String(book.order.value.length) }}>{ahead}</span>
  )
}

/** Whether all of it is sent, and who sees it. */
function State({ book }: { readonly book: Book }): JSX.Element {
  const failed = useComputed(() => book.view.value.rows.filter((row) => row.saving === 'unsaved').length).value
  const pending = useComputed(() => book.view.value.pending > 0).value
  const sent = useComputed(() => book.view.value.rows.some((row) => row.saving === 'sent')).value
  const [tone, text] = failed ? ['unsaved', words.state.unsaved(failed)]
    : madeUp.value ? ['', words.state.madeUp]
      : net.value.state === 'offline' ? ['', words.state.offline]
        : pending ? ['waiting', net.value.state === 'busy' ? words.state.sending : words.state.waiting]
          : sent ? ['', words.state.sent] : ['', null]
  return (
    <p class="register-state">
      {text === null ? words.audienceAlone : <><span class={tone}>{text}</span> · {words.audience}</>}
    </p>
  )
}

// -- list -------------------------------------------------------------------------------

function List({ book }: { readonly book: Book }): JSX.Element {
  const order = book.order.value
  if (order.length === 0) return <Nobody />
  return (
    <ul role="list" class="register-list" aria-label={words.people}>
      {order.map((person) => <Row key={person} book={book} person={person} />)}
    </ul>
  )
}

function Nobody(): JSX.Element {
  return (
    <div class="register-list">
      <div class="register-nobody"><h2>{words.empty}</h2><p>{words.emptyText}</p></div>
    </div>
  )
}

// -- footer -----------------------------------------------------------------------------

function Foot({ book }: { readonly book: Book }): JSX.Element {
  return (
    <footer class="register-foot">
      <Primary book={book} />
      <button type="button" class="register-act" aria-disabled={!book.undoable.value}
        onClick={(event) => { if (!tooSoon(event)) book.undo() }}>{words.undo}</button>
      <button type="button" class="register-act" aria-haspopup="dialog"
        onClick={() => book.open({ kind: 'more' })}>{words.more}</button>
    </footer>
  )
}

/** One button that changes: fill the blanks, finish, correct. One element, so a second tap is known. */
function Primary({ book }: { readonly book: Book }): JSX.Element {
  const next = book.next.value
  if (next.kind === 'wait') {
    const { on, start } = book.session.value.when
    return <p class="register-note">{words.early(dayWords(on, 'short'), timeWords(start))}</p>
  }
  const text = next.kind === 'fill' ? words.fill(next.count, next.all) : words[next.kind]
  return (
    <Button kind={next.kind === 'correct' || next.kind === 'close' ? 'secondary' : 'primary'}
      onClick={(event) => { if (!tooSoon(event)) book.go() }}>{text}</Button>
  )
}

/** What is said aloud: what an undo or a fill did, and what could not be kept. */
function Spoken({ book }: { readonly book: Book }): JSX.Element {
  return (
    <>
      <p class="unseen" role="status">{book.said.value}</p>
      <p class="unseen" role="alert">{book.failed.value}</p>
    </>
  )
}
