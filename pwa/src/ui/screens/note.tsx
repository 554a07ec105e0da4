/**
 * One private note. What is typed is handed over after each pause, and when the page is left, hidden
 * or closed (`note-draft.ts`); what could not be kept stays on the screen and in the list.
 */

import type { JSX, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { deleteNote, openNote, saveNote } from '../../domain/note.ts'
import { personalSpace } from '../../domain/settings.ts'
import type { NoteView } from '../../domain/views.ts'
import { localName, type Pending } from '../../protocol/local.ts'
import { common } from '../../words/en/common.ts'
import { sentenceFor } from '../../words/en/errors.ts'
import { notes as words } from '../../words/en/notes.ts'
import { act, discard, pen, retry } from '../act.ts'
import { inSafariTab } from '../install-offer.ts'
import {
  Audience, Button, Buttons, CopyButton, Empty, Icon, Inset, LinkButton, Page, PageHead, Saving, Sheet, Waiting,
} from '../parts/index.ts'
import { arrive, back, href } from '../router.ts'
import { whole, world } from '../truth.ts'
import { Differ } from './note-differ.tsx'
import { draftOf, type Draft } from './note-draft.ts'
import { First, useFirst } from './note-first.tsx'
import { Hints } from './note-hints.tsx'
import { useKeyboard } from './note-keyboard.ts'
import { openRec } from './note-place.ts'
import '../style/notes.css'

type Field = RefObject<HTMLTextAreaElement | null>

/** A note that exists, or `new`. */
export function Note({ rec }: { readonly rec: string }): JSX.Element {
  return whole.value ? <Known rec={rec} /> : <Waiting />
}

function Known({ rec }: { readonly rec: string }): JSX.Element {
  const first = useFirst(rec === 'new')
  const [known] = useState(() => rec === 'new' || openNote(world.value, rec) !== null)
  if (rec === 'new' && inSafariTab) return <Reading />
  if (first) return <First onStart={first} />
  if (!personalSpace(world.value)) return <NotYet />
  return known || openNote(world.value, rec) ? <Editor rec={rec} /> : <Gone />
}

/** One opening of a note: what it was opened on, and what was typed since. */
interface Opening {
  readonly note: NoteView
  readonly draft: Draft
}

function fresh(): NoteView {
  return { rec: pen().random(16), title: '', preview: '', text: '', versions: [], base: [], saving: 'idle', at: null }
}

/** Opens a note as it stands now. Two openings are two editors: neither takes the other's words for its own. */
function opened(note: NoteView): Opening {
  const editor = pen().random(16)
  const draft = draftOf({ title: note.title, text: note.text }, async (typed) => {
    const stuck = world.value.outbox.filter((row) => row.rec === note.rec && isStuck(row)
      && (row.editor === editor || note.base.includes(localName(row.n))))
    await act(saveNote(world.value, pen(), note, typed, editor))
    // They were on the screen: what was handed over now stands for them.
    for (const row of stuck) await discard(row.n)
  })
  return { note, draft }
}

/** Not kept, or not taken by the server: it goes nowhere by itself. */
function isStuck(row: Pending): boolean {
  return row.state === 'unsaved' || row.state === 'refused'
}

function Editor({ rec }: { readonly rec: string }): JSX.Element {
  const [{ note, draft }, reopen] = useState(() => opened(openNote(world.value, rec) ?? fresh()))
  const [looking, look] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const latest = openNote(world.value, note.rec)
  const [removed, remove] = useState(false)
  const news = removed ? null : newsOf(latest, note, draft)
  const idle = !draft.dirty.value && document.activeElement !== field.current
  const adopt = (): void => {
    void draft.flush()
    look(false)
    reopen(opened(openNote(world.value, note.rec) ?? fresh()))
  }
  useKeyboard(field)
  useLeaving(draft, latest?.saving === 'unsaved')
  useEffect(() => {
    openRec.value = note.rec
    return () => { openRec.value = null }
  }, [note.rec])
  useEffect(() => { if (news === 'changed' && idle) adopt() }, [news, idle])
  useEffect(() => { if (latest && location.pathname === href('note', { rec: 'new' })) named(note.rec) }, [latest])

  if (latest && news === 'differ' && (looking || idle)) return <Differ note={latest} onDone={adopt} />
  return (
    <div class="page note">
      <Head note={latest} draft={draft} />
      <Audience>{words.only}</Audience>
      {inSafariTab && <Inset icon="phone"><strong>{words.reading.heading}</strong><p>{words.reading.text}</p></Inset>}
      {latest?.saving === 'unsaved' && <Failed note={latest} draft={draft} />}
      {isLong(draft.typed.value.text) && <Inset tone="amber" icon="warning"><p>{words.note.long}</p></Inset>}
      {news && <News what={news} onShow={news === 'differ' ? () => look(true) : adopt}
        onKeep={() => draft.again()} />}
      <Fields draft={draft} field={field} startHere={rec === 'new'} />
      {!inSafariTab && <Hints text={draft.typed.value.text} field={field} />}
      {!inSafariTab && latest && <Remove note={latest} onRemove={() => remove(true)} />}
    </div>
  )
}

/** Near the most that a record may hold (PROTOCOL 5.4): said before it is too much. UTF-8 bytes. */
const LONG_BYTES = 60_000

function isLong(text: string): boolean {
  return text.length > LONG_BYTES / 3 && new TextEncoder().encode(text).length > LONG_BYTES
}

/** From its first words on a new note has an address of its own: a reload finds it. */
function named(rec: string): void {
  history.replaceState(history.state, '', href('note', { rec }))
}

/** What another phone or tab did to the note meanwhile. */
function newsOf(latest: NoteView | null, note: NoteView, draft: Draft): 'changed' | 'differ' | 'deleted' | null {
  const handed = draft.handed()
  if (!latest) return note.base.length > 0 || handed.text || handed.title ? 'deleted' : null
  if (latest.versions.length > 1) return 'differ'
  return latest.text === handed.text && latest.title === handed.title ? null : 'changed'
}

/** Hands over what is typed when the page is left, hidden, closed or started again. */
function useLeaving(draft: Draft, unsaved: boolean): void {
  useEffect(() => {
    const leave = (): void => { void draft.flush() }
    // A tap anywhere may lead away; on an iPhone it takes no focus from the field.
    const ways = ['visibilitychange', 'pointerdown'] as const
    for (const way of ways) document.addEventListener(way, leave)
    addEventListener('pagehide', leave)
    return () => {
      for (const way of ways) document.removeEventListener(way, leave)
      removeEventListener('pagehide', leave)
      leave()
    }
  }, [draft])
  useEffect(() => {
    if (!unsaved) return
    // Only the browser can ask before it throws away what this phone could not keep.
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [unsaved])
}

function Head({ note, draft }: { readonly note: NoteView | null; readonly draft: Draft }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  const title = note ? words.note.heading : words.note.newHeading
  useLayoutEffect(() => { if (heading.current) arrive(heading.current) }, [])
  useLayoutEffect(() => { document.title = `${title} · ${common.app}` }, [title])
  return (
    <div class="note-head">
      <a class="head-back" href={href('notes')} onClick={(event) => { event.preventDefault(); back('notes') }}>
        <Icon name="back" size={20} />{common.back}
      </a>
      <h1 class="unseen" ref={heading} tabIndex={-1}>{title}</h1>
      <Saving state={draft.dirty.value ? 'writing' : note?.saving ?? 'idle'} />
    </div>
  )
}

function Fields({ draft, field, startHere }: {
  readonly draft: Draft; readonly field: Field; readonly startHere: boolean
}): JSX.Element {
  const { title, text } = draft.typed.value
  const leave = (): void => { void draft.flush() }
  useLayoutEffect(() => { if (startHere) field.current?.focus() }, [])
  useLayoutEffect(() => { if (field.current) grow(field.current) }, [text])
  return (
    <div class="note-paper">
      <input class="note-title" aria-label={words.note.title} placeholder={words.note.title} value={title}
        maxLength={200} autocomplete="off" enterkeyhint="next" readOnly={inSafariTab} onBlur={leave}
        onInput={(event) => draft.type({ title: event.currentTarget.value })}
        onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); field.current?.focus() } }} />
      <textarea class="note-text" ref={field} aria-label={words.note.text} placeholder={words.note.placeholder}
        value={text} autocapitalize="sentences" readOnly={inSafariTab} onBlur={leave}
        onInput={(event) => draft.type({ text: event.currentTarget.value })} />
    </div>
  )
}

const growsByItself = CSS.supports('field-sizing', 'content')

/** A field as high as its text: the page scrolls, so the phone can bring the caret above its keyboard. */
function grow(field: HTMLTextAreaElement): void {
  if (growsByItself) return
  field.style.height = 'auto'
  field.style.height = `${field.scrollHeight}px`
}

function Failed({ note, draft }: { readonly note: NoteView; readonly draft: Draft }): JSX.Element {
  const rows = world.value.outbox.filter((row) => row.rec === note.rec && row.state === 'unsaved')
  const code = rows.at(-1)?.code
  return (
    <div role="alert">
      <Inset tone="error" icon="warning">
        <strong>{words.note.unsavedHeading}</strong>
        {code && <p>{sentenceFor(code)}</p>}
        <p>{words.note.unsaved}</p>
        <Buttons>
          <Button small onClick={() => { for (const row of rows) void retry(row.n) }}>{common.tryAgain}</Button>
          <CopyButton text={draft.typed.value.text} label={words.note.copyText} />
        </Buttons>
      </Inset>
    </div>
  )
}

function News({ what, onShow, onKeep }: {
  readonly what: 'changed' | 'differ' | 'deleted'; readonly onShow: () => void; readonly onKeep: () => void
}): JSX.Element {
  const say = {
    changed: [words.note.changedElsewhere, words.note.showChange, onShow],
    differ: [words.note.differElsewhere, words.note.lookAtBoth, onShow],
    deleted: [words.note.deletedElsewhere, words.note.keepAfterAll, onKeep],
  } as const
  const [text, button, go] = say[what]
  return (
    <div role="status">
      <Inset tone={what === 'differ' ? 'violet' : 'plain'} icon={what === 'differ' ? 'differ' : 'notes'}>
        <p>{text}</p>
        <Buttons><Button small kind="secondary" onClick={go}>{button}</Button></Buttons>
      </Inset>
    </div>
  )
}

function Remove({ note, onRemove }: { readonly note: NoteView; readonly onRemove: () => void }): JSX.Element {
  const [asking, ask] = useState(false)
  const remove = (): void => {
    onRemove()
    void act(deleteNote(world.value, pen(), note))
    back('notes')
  }
  return (
    <>
      <div class="note-foot"><Button kind="quiet" icon="bin" onClick={() => ask(true)}>{words.note.remove}</Button></div>
      {asking && (
        <Sheet title={words.note.removeAsk} onClose={() => ask(false)}>
          <p>{words.note.removeText}</p>
          <Buttons>
            <Button kind="danger" icon="bin" onClick={remove}>{words.note.removeYes}</Button>
            <Button kind="secondary" onClick={() => ask(false)}>{words.note.removeNo}</Button>
          </Buttons>
        </Sheet>
      )}
    </>
  )
}

function Gone(): JSX.Element {
  return (
    <Page>
      <PageHead title={words.note.gone.heading} up="notes" />
      <p>{words.note.gone.text}</p>
      <LinkButton href={href('notes')}>{words.note.gone.list}</LinkButton>
    </Page>
  )
}

function NotYet(): JSX.Element {
  return (
    <Page>
      <PageHead title={words.heading} up="notes" />
      <Empty icon="notes" title={words.notYet.title}><p class="quiet">{words.notYet.text}</p></Empty>
    </Page>
  )
}

function Reading(): JSX.Element {
  return (
    <Page>
      <PageHead title={words.note.newHeading} up="notes" />
      <Empty icon="phone" title={words.reading.create}><p class="quiet">{words.reading.text}</p></Empty>
    </Page>
  )
}
