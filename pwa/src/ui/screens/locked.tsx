/** Instead of a screen: a phone whose keys are closed, and one whose access has ended. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { notes as notesOf } from '../../domain/note.ts'
import { unsent } from '../../domain/status.ts'
import { dayWords, instantToWall } from '../../domain/time.ts'
import type { NoteView } from '../../domain/views.ts'
import { sentenceFor } from '../../words/en/errors.ts'
import { more } from '../../words/en/more.ts'
import { signOut, unlock } from '../door.ts'
import { handOver } from '../hand.ts'
import {
  Button, Buttons, CodeField, Details, ErrorSummary, Inset, Page, PageHead, Section, Sheet, wrongWith, type Wrong,
} from '../parts/index.ts'
import { world, zone } from '../truth.ts'
import { codeOf } from './failed.ts'
import { takeCopy } from './own-copy.ts'

const groups = 8

/** Asks for the recovery code; says nothing of what is inside. */
export function Locked(): JSX.Element {
  const words = more.locked
  const [code, setCode] = useState('')
  const [error, say] = useState<Wrong | null>(null)
  const [busy, work] = useState(false)
  const open = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const wrong = await wrongWith(code, groups)
    say(wrong ? { at: 'code', text: wrong } : null)
    if (wrong) return
    work(true)
    await unlock(code).catch((failed: unknown) => {
      const why = codeOf(failed)
      say({ at: 'code', text: why === 'unopened' ? words.otherCode : sentenceFor(why) })
    })
    work(false)
  }
  return (
    <Page>
      <PageHead title={words.heading} />
      <ErrorSummary errors={error ? [error] : []} />
      <p>{words.text}</p>
      <form class="form" onSubmit={(event) => void open(event)} noValidate>
        <CodeField id="code" label={words.label} hint={words.hint} groups={groups} value={code}
          error={error?.text ?? null} onText={setCode} />
        <Buttons><Button type="submit" icon="key" disabled={busy}>{busy ? words.working : words.open}</Button></Buttons>
      </form>
      <p class="quiet-text">{words.waiting}</p>
      <Details title={words.lost}>{words.lostText.map((line) => <p key={line}>{line}</p>)}</Details>
    </Page>
  )
}

/** What is one's own can still be taken along. */
export function Revoked(): JSX.Element {
  const words = more.revoked
  const [failed, fail] = useState<string | null>(null)
  const [made, make] = useState<string | null>(null)
  const [asking, ask] = useState(false)
  const clear = (): void => void signOut({ force: true }).catch((error: unknown) => { ask(false); fail(codeOf(error)) })
  const waiting = unsent(world.value).length
  const mine = notesOf(world.value)
  const take = (step: Promise<string>): void => {
    fail(null)
    void step.then(make, (error: unknown) => fail(codeOf(error)))
  }
  return (
    <Page>
      <PageHead title={words.heading} />
      <p>{words.text}</p>
      <Section title={words.yours}>
        {waiting > 0 && <p>{words.unsent(waiting)}</p>}
        {failed && <div role="alert"><Inset tone="error" icon="warning"><p>{sentenceFor(failed)}</p></Inset></div>}
        <Buttons><Button icon="download" onClick={() => take(takeCopy())}>{words.copy}</Button></Buttons>
        <p class="quiet-text">{words.copyText}</p>
        {mine.length > 0 && (
          <>
            <Buttons><Button kind="secondary" icon="notes" onClick={() => take(takeNotes(mine))}>{words.notes(mine.length)}</Button></Buttons>
            <p class="quiet-text">{words.notesText}</p>
          </>
        )}
        <p class="said" role="status">{made ? more.phone.copyMade(made) : ''}</p>
      </Section>
      <Section title={words.again}>
        <p>{words.againText}</p>
        <Buttons><Button kind="danger" onClick={() => ask(true)}>{words.clear}</Button></Buttons>
      </Section>
      {asking && (
        <Sheet title={words.clearAsk} onClose={() => ask(false)}>
          <p>{words.clearText}</p>
          <Buttons>
            <Button kind="danger" onClick={clear}>{words.clearYes}</Button>
            <Button kind="secondary" onClick={() => ask(false)}>{words.clearNo}</Button>
          </Buttons>
        </Sheet>
      )}
    </Page>
  )
}

/** Private notes as plain text, for who may no longer open them here (E-30). */
async function takeNotes(mine: readonly NoteView[]): Promise<string> {
  const words = more.revoked
  const name = more.file.notes(instantToWall(Date.now(), zone).on)
  const whole = mine.map((note) => [
    note.title, note.at === null ? '' : words.notesDate(dayWords(instantToWall(note.at, zone).on, 'full')),
    '', ...(note.versions.length > 1 ? note.versions.map((version) => version.text) : [note.text]),
  ].filter((line, i) => line || i > 1).join('\n'))
  const text = [words.notesFile, ...whole].join('\n\n----------\n\n')
  await handOver(new File([text], name, { type: 'text/plain' }))
  return name
}
