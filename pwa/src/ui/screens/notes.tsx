/** Private notes: all of them, and a search that never leaves the phone. */

import type { JSX } from 'preact'
import { useEffect, useId } from 'preact/hooks'
import { notes as notesOf } from '../../domain/note.ts'
import { personalSpace } from '../../domain/settings.ts'
import type { NoteView } from '../../domain/views.ts'
import { notes as words } from '../../words/en/notes.ts'
import { inSafariTab } from '../install-offer.ts'
import { Audience, Button, Buttons, Empty, Icon, Inset, LinkButton, Page, PageHead, Row, Rows, Saving, Tag, Waiting } from '../parts/index.ts'
import { goInstead, href, useKept } from '../router.ts'
import { ago } from '../say.ts'
import { now, whole, world, zone } from '../truth.ts'
import { openRec } from './note-place.ts'
import { useSearch } from './note-search.ts'
import '../style/notes.css'

/** So many rows are drawn before *Show more*. */
const ROWS = 60

/** The tab. */
export function Notes(): JSX.Element {
  useEffect(() => {
    // The shortcut on the phone's own screen (manifest).
    if (new URLSearchParams(location.search).get('do') === 'new') goInstead('note', { rec: 'new' })
  }, [])
  return (
    <Page>
      <PageHead title={words.heading}><Audience>{words.only}</Audience></PageHead>
      {whole.value ? <><Buttons><New /></Buttons><List /></> : <Waiting />}
    </Page>
  )
}

/** The same beside an open note, from 900 px. */
export function NotesSide(): JSX.Element {
  return (
    <nav class="page notes-side" aria-label={words.list}>
      <h2>{words.heading}</h2>
      {whole.value && <><New /><List /></>}
    </nav>
  )
}

function New(): JSX.Element | null {
  if (!personalSpace(world.value)) return null
  if (inSafariTab) {
    return <Inset icon="phone"><strong>{words.reading.heading}</strong><p>{words.reading.text}</p></Inset>
  }
  return <LinkButton href={href('note', { rec: 'new' })} icon="plus">{words.create}</LinkButton>
}

function List(): JSX.Element {
  const all = notesOf(world.value)
  const [asked, ask] = useKept('asked', '')
  const [shown, show] = useKept('shown', ROWS)
  const search = useSearch(all, asked)
  const id = useId()
  if (!personalSpace(world.value)) {
    return <Empty icon="notes" title={words.notYet.title}><p class="quiet">{words.notYet.text}</p></Empty>
  }
  if (all.length === 0) {
    return (
      <Empty icon="lock" title={words.empty.title}>
        <p class="quiet">{words.empty.text}</p>
        <p class="quiet">{words.empty.lost}</p>
      </Empty>
    )
  }
  const found = search.found ?? all
  const rows = found.slice(0, shown)
  return (
    <>
      <search class="notes-search">
        <label for={id}>{words.search.label}</label>
        <Icon name="search" size={20} />
        <input id={id} class="input" type="search" enterkeyhint="search" autocomplete="off" value={asked}
          onFocus={search.prepare} onInput={(event) => ask(event.currentTarget.value)} />
      </search>
      <p class="notes-found" role="status">{search.says}</p>
      {search.reading && <progress class="meter" aria-label={words.search.label} max={search.reading.of} value={search.reading.done} />}
      {asked && search.found?.length === 0 && !search.reading
        ? <None asked={asked} clear={() => ask('')} />
        : <Rows>{rows.map((note) => <NoteRow key={note.rec} note={note} />)}</Rows>}
      {found.length > shown && (
        <Button kind="secondary" onClick={() => show(shown + ROWS)}>
          {words.showMore(Math.min(ROWS, found.length - shown))}
        </Button>
      )}
    </>
  )
}

function None({ asked, clear }: { readonly asked: string; readonly clear: () => void }): JSX.Element {
  return (
    <Empty icon="search" title={words.search.none(asked)}>
      <p class="quiet">{words.search.noneText}</p>
      <Button kind="secondary" onClick={clear}>{words.search.clear}</Button>
    </Empty>
  )
}

function NoteRow({ note }: { readonly note: NoteView }): JSX.Element {
  const when = note.at === null ? null : ago(note.at, now.value, zone)
  const state = note.versions.length > 1 ? <Tag tone="violet" icon="differ">{words.twoVersions}</Tag>
    : note.saving === 'sent' || note.saving === 'idle' ? null : <Saving state={note.saving} />
  return (
    <Row href={href('note', { rec: note.rec })} current={openRec.value === note.rec}
      title={<span class="note-name">{note.title || note.preview || words.untitled}</span>}
      sub={(
        <>
          {note.title && note.preview && <span class="note-preview">{note.preview}</span>}
          {(when || state) && <span class="note-state">{when && <span class="nums">{when}</span>}{state}</span>}
        </>
      )} />
  )
}
