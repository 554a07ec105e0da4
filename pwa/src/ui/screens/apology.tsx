/**
 * "I can't come" (E-08 to E-10): above the button stands who will see it; a reason is never asked
 * for, only offered afterwards, to the leaders alone; it can be taken back. Works without signal.
 */

import '../style/apology.css'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { sendApology, withdrawApology } from '../../domain/apology.ts'
import type { Act, SessionView } from '../../domain/views.ts'
import type { Pending } from '../../protocol/local.ts'
import { apology as words } from '../../words/en/apology.ts'
import { session as ofSession } from '../../words/en/session.ts'
import { act, pen, retry } from '../act.ts'
import { findSession } from '../find.ts'
import { Audience, Button, Buttons, Card, Choices, Details, Empty, Inset, Page, PageHead, Saving, TextArea } from '../parts/index.ts'
import { momentOf, nameOf } from '../say.ts'
import { madeUp, now, world } from '../truth.ts'
import { TREMBLE_MS } from './register-tap.ts'

/** The page at `/s/:rec/apology`. */
export function Apology({ rec }: { readonly rec: string }): JSX.Element {
  const session = findSession(rec)
  if (!session) {
    return (
      <Page>
        <PageHead title={ofSession.lostSession} up="today" />
        <Empty icon="today" title={ofSession.lostSession}><p class="quiet">{ofSession.lostSessionText}</p></Empty>
      </Page>
    )
  }
  return (
    <Page>
      <PageHead title={words.heading} up="session" upParams={{ rec }} sub={`${momentOf(session.when)} · ${nameOf(session)}`} />
      {session.cancelled ? <Inset icon="cross"><p>{words.cancelled}</p></Inset>
        : session.iAttend ? <Apologies session={session} asked /> : <p>{words.notExpected}</p>}
    </Page>
  )
}

/**
 * Apologies for one session, whole: to send, to give a reason for, to take back. For a page, a card
 * or a sheet; `asked` leaves out the first "I can't come".
 */
export function Apologies({ session, asked = false }: {
  readonly session: SessionView; readonly asked?: boolean
}): JSX.Element {
  const [open, setOpen] = useState(asked)
  const sent = session.apology.state === 'sent'
  const heading = useRef<HTMLHeadingElement>(null)
  const first = useRef(true)
  useEffect(() => {
    if (!first.current) heading.current?.focus()
    first.current = false
  }, [sent])
  if (sent) return <Sent session={session} heading={heading} />
  return (
    <div class="apology">
      {session.apology.state === 'withdrawn' && <Withdrawn session={session} heading={heading} />}
      {open ? <Send session={session} {...(!asked && { onNotNow: () => setOpen(false) })} />
        : <Button kind="secondary" onClick={() => setOpen(true)}>{words.cannot}</Button>}
    </div>
  )
}

type Heading = { readonly current: HTMLHeadingElement | null }
const write = (intents: Act): void => void act(intents)

// -- sending ----------------------------------------------------------------------------

function Send({ session, onNotNow }: { readonly session: SessionView; readonly onNotNow?: () => void }): JSX.Element {
  const since = useRef(performance.now())
  const send = (): void => {
    // The second tap of a trembling thumb on "I can't come" is not an answer.
    if (performance.now() - since.current < TREMBLE_MS) return
    write(sendApology(world.value, pen(), session))
  }
  const { starts, ends } = session.when
  return (
    <>
      <Readers session={session} />
      {now.value >= starts && (
        <Inset icon="clock"><p>{now.value >= ends ? words.over : words.begun}</p></Inset>
      )}
      <Buttons>
        <Button onClick={send}>{words.send}</Button>
        {onNotNow && <Button kind="quiet" onClick={onNotNow}>{words.notNow}</Button>}
      </Buttons>
    </>
  )
}

/** Who will see it stands above the button, always. */
function Readers({ session: { apology } }: { readonly session: SessionView }): JSX.Element {
  return (
    <Audience>
      {apology.readers.length ? words.readers(apology.readers) : words.readersNone}
      {' '}{apology.groupSees ? words.groupSees : words.groupDoesNot}
    </Audience>
  )
}

// -- sent -------------------------------------------------------------------------------

function Sent({ session, heading }: { readonly session: SessionView; readonly heading: Heading }): JSX.Element {
  const { apology, when } = session
  const after = apology.writtenAt !== null && apology.writtenAt > when.starts
  return (
    <div class="apology">
      <Card>
        <h2 ref={heading as { current: HTMLHeadingElement }} tabIndex={-1}>{after ? words.sentAfter : words.sent}</h2>
        <Kept session={session} />
        <Readers session={session} />
        <Buttons>
          <Button kind="secondary" icon="undo" onClick={() => write(withdrawApology(world.value, pen(), session))}>
            {words.undo}
          </Button>
        </Buttons>
      </Card>
      <Reason session={session} />
    </div>
  )
}

function Withdrawn({ session, heading }: { readonly session: SessionView; readonly heading: Heading }): JSX.Element {
  return (
    <Card tone="teal">
      <h2 ref={heading as { current: HTMLHeadingElement }} tabIndex={-1}>{words.withdrawn}</h2>
      <p class="quiet">{now.value < session.when.starts ? words.withdrawnText : words.withdrawnOver}</p>
      <Kept session={session} />
    </Card>
  )
}

/** The two levels, in a sentence; and what to do when it could not be kept. */
function Kept({ session }: { readonly session: SessionView }): JSX.Element {
  const rows = world.value.outbox.filter((row) => isOf(row, session))
  const unsaved = rows.filter((row) => row.state === 'unsaved')
  const state = unsaved.length ? 'unsaved' : rows.some((row) => row.state === 'writing') ? 'writing'
    : session.apology.pending ? 'saved' : 'sent'
  return (
    <div role="status" class="apology-kept">
      <Saving state={state} again={() => unsaved.forEach((row) => void retry(row.n))} />
      {state === 'saved' && !madeUp.value && <p class="quiet-text">{words.whenSignal}</p>}
    </div>
  )
}

function isOf({ content }: Pending, session: SessionView): boolean {
  return (content?.t === 'apology' || content?.t === 'apology_flag') && content['session'] === session.rec
}

// -- a reason ---------------------------------------------------------------------------

/** Offered, never asked for: one tap, or own words. */
function Reason({ session }: { readonly session: SessionView }): JSX.Element {
  const { reason, readers } = session.apology
  const chosen = words.reasons.find((one) => one === reason) ?? null
  const [text, type] = useState(chosen ? '' : reason ?? '')
  const give = (why?: string): void => write(sendApology(world.value, pen(), session, why))
  return (
    <section class="section apology-reason">
      <h2>{reason ? words.reason : words.reasonAsk}</h2>
      {reason && !chosen && <p class="apology-words">{reason}</p>}
      <Choices legend={words.reason} quietLegend chips value={chosen}
        hint={<>{readers.length ? words.reasonHint(readers) : words.reasonHintNone} {words.noPatients}</>}
        options={words.reasons.map((one) => ({ value: one, label: one }))} onChoose={give} />
      <Details title={words.reasonWords} open={reason !== null && !chosen}>
        <form class="section" onSubmit={(event) => { event.preventDefault(); if (text.trim()) give(text) }}>
          <TextArea label={words.reasonWords} hint={words.noPatients} value={text} onText={type} rows={3} maxLength={2000} />
          <Button type="submit" kind="secondary" small>{words.reasonSave}</Button>
        </form>
      </Details>
      {reason && <Button kind="quiet" onClick={() => { type(''); give() }}>{words.reasonOut}</Button>}
    </section>
  )
}
