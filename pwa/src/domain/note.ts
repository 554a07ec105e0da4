/**
 * Private notes (PROTOCOL 9.4, 14.3). The twin of `sync/desk/notes.py`: an editor saves on the
 * versions that it was opened on, never on whatever is newest. Two versions written apart are
 * joined paragraph by paragraph where that loses nothing; otherwise the owner sees both and decides.
 */

import { byBytes } from '../protocol/encoding.ts'
import type { Content, Id, Pen, SpaceRef, World } from '../protocol/local.ts'
import { mergeNote } from '../protocol/paragraphs.ts'
import type { ContentOf } from '../protocol/records.ts'
import { baseOf, headsOf, isOf, spaceOf, type Head, type Heads } from './project.ts'
import { personalSpace } from './settings.ts'
import type { Act, NoteView } from './views.ts'
import { intent } from './write.ts'

export { hints } from './hints.ts'

/** Between two texts of which a person has to choose. */
const BETWEEN = '\n\n===== also written on another device =====\n\n'
const TITLE_MAX = 200
const PREVIEW_MAX = 120

type Note = ContentOf<'note'>

const made = new WeakMap<Heads, readonly NoteView[]>()
/** Of thousands of notes one letter changes one: a note with one head is viewed once. */
const single = new WeakMap<readonly Head[], NoteView>()

/** All notes: those that are not sent yet first, then those that were written last. */
export function notes(world: World): readonly NoteView[] {
  const space = personalSpace(world)
  if (!space) return []
  const heads = headsOf(world, space)
  let found = made.get(heads)
  if (!found) {
    const all = [...heads.values()].filter((each) => each.some((head) => isOf(head, 'note')))
    found = all.map((each) => ({ view: viewed(world, space, each), newest: newestOf(each) }))
      .sort((a, b) => (b.view.at ?? 0) - (a.view.at ?? 0) || b.newest - a.newest
        || (a.view.title < b.view.title ? -1 : 1))
      .map(({ view }) => view)
    made.set(heads, found)
  }
  return found
}

/** One note as it stands now; `null` when there is none. */
export function openNote(world: World, rec: Id): NoteView | null {
  return notes(world).find((note) => note.rec === rec) ?? null
}

/**
 * Keep what was typed, on the versions that were on the screen.
 *
 * `note` is what the editor was opened on, `null` for a new one, whose name is the intent's `rec`.
 * `editor` is 16 random bytes of this opening: two openings are two editors.
 */
export function saveNote(
  world: World, pen: Pen, note: Pick<NoteView, 'rec' | 'base'> | null,
  typed: { readonly title: string; readonly text: string }, editor: Id,
): Act {
  const title = lineOf(typed.title)
  const content = { t: 'note', v: 1, ...(title ? { title } : {}), text: textOf(typed.text) }
  return write(world, pen, note?.rec ?? pen.random(16), content, note?.base ?? [], editor)
}

/** Delete the versions that were on the screen; `editor` where it is being typed in. */
export function deleteNote(
  world: World, pen: Pen, note: Pick<NoteView, 'rec' | 'base'>, editor?: Id,
): Act {
  return write(world, pen, note.rec, null, note.base, editor)
}

function write(
  world: World, pen: Pen, rec: Id, content: Content | null, base: readonly Id[], editor?: Id,
): Act {
  const space = personalSpace(world)
  if (!space) return []
  const written = intent(pen, space, 'own', rec, content, base)
  return [editor === undefined ? written : { ...written, editor }]
}

/** A title as a record takes it: one line. */
function lineOf(title: string): string {
  const line = title.toWellFormed().replace(/[\u0000-\u001f\u007f]/g, ' ')
  return [...line].slice(0, TITLE_MAX).join('')
}

/** A text as a record takes it: exactly as typed, but for what UTF-8 cannot say. */
function textOf(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}

// -- opening --------------------------------------------------------------------------

function viewed(world: World, space: SpaceRef, heads: readonly Head[]): NoteView {
  const known = single.get(heads)
  if (known) return known
  const view = viewOf(world, space, heads)
  if (heads.length === 1) single.set(heads, view)
  return view
}

function viewOf(world: World, space: SpaceRef, heads: readonly Head[]): NoteView {
  const written = heads.filter((head) => isOf(head, 'note')).sort((a, b) => byBytes(a.id, b.id))
  const { text, versions } = joined(world, space, written)
  const rows = heads.flatMap((head) => head.pending ?? [])
  const has = (state: string) => rows.some((row) => row.state === state)
  return {
    rec: heads[0]!.rec, title: written.map((head) => noteIn(head).title).find(Boolean) ?? '',
    preview: previewOf(text), text, versions,
    base: heads.filter((head) => head.content === null || written.includes(head)).map((head) => head.id),
    saving: !rows.length ? 'sent' : has('unsaved') ? 'unsaved' : has('writing') ? 'writing' : 'saved',
    at: rows.length ? Math.max(...rows.map((row) => row.at)) : null,
  }
}

function joined(
  world: World, space: SpaceRef, written: readonly Head[],
): Pick<NoteView, 'text' | 'versions'> {
  const byText = Map.groupBy(written, (head) => noteIn(head).text)
  const texts = [...byText.keys()]
  if (texts.length === 1) return { text: texts[0]!, versions: [] }
  const base = baseOf(world, spaceOf(world, space)!, written)
  const from = base?.t === 'note' ? (base as Note).text : null
  const text = texts.slice(1).reduce<string | null>(
    (all, other) => (all === null ? null : mergeNote(from, all, other)), texts[0]!)
  if (text !== null) return { text, versions: [] }
  return {
    text: texts.join(BETWEEN),
    versions: [...byText].map(([each, heads]) => ({
      text: each, thisPhone: heads.some((head) => head.pending !== undefined),
    })),
  }
}

function noteIn(head: Head): Note {
  return head.content as Note
}

/** How far the log was when its newest version was written. */
function newestOf(heads: readonly Head[]): number {
  return Math.max(...heads.map((head) => head.order ?? 0))
}

function previewOf(text: string): string {
  const line = text.slice(0, 2 * PREVIEW_MAX).replace(/\s+/g, ' ').trim()
  return [...line].slice(0, PREVIEW_MAX).join('')
}

// -- search ---------------------------------------------------------------------------

const folded = new WeakMap<NoteView, string>()

/** Notes that hold each of some words, in whatever case and with or without accents. */
export function searchNotes(views: readonly NoteView[], words: string): NoteView[] {
  const wanted = foldOf(words).split(/\s+/).filter(Boolean)
  return views.filter((note) => {
    let text = folded.get(note)
    if (text === undefined) folded.set(note, (text = foldOf(`${note.title}\n${note.text}`)))
    return wanted.every((word) => text.includes(word))
  })
}

function foldOf(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}
