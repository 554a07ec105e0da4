/** A note that two phones or tabs changed apart, in the same lines: both texts, and its owner decides. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { saveNote } from '../../domain/note.ts'
import type { Act, NoteView } from '../../domain/views.ts'
import { notes as words } from '../../words/en/notes.ts'
import { act, pen } from '../act.ts'
import { Audience, Button, Buttons, PageHead, Sheet } from '../parts/index.ts'
import { world } from '../truth.ts'

/** Shows every version; whatever is chosen names all of them, and so settles it. */
export function Differ({ note, onDone }: { readonly note: NoteView; readonly onDone: () => void }): JSX.Element {
  const [chosen, choose] = useState<string | null>(null)
  const settle = (acts: Act): void => {
    void act(acts)
    onDone()
  }
  const only = (text: string): Act => saveNote(world.value, pen(), note, { title: note.title, text }, pen().random(16))
  const versions = note.versions.toSorted((a, b) => Number(b.thisPhone) - Number(a.thisPhone))
  const texts = versions.map((version) => version.text)
  return (
    <div class="page note note-differ">
      <PageHead title={versions.length > 2 ? words.differ.many(versions.length) : words.differ.heading} up="notes">
        <Audience>{words.only}</Audience>
      </PageHead>
      <p>{words.differ.text}</p>
      <div class="versions">
        {versions.map((version, place) => (
          <Version key={place} text={version.text} here={version.thisPhone}
            others={texts.filter((text) => text !== version.text)} onChoose={() => choose(version.text)} />
        ))}
      </div>
      <Buttons>
        <Button onClick={() => settle(only(texts.join(`\n\n${words.differ.between}\n\n`)))}>{words.differ.together}</Button>
        <Button kind="secondary" onClick={() => settle([...only(texts[0] ?? ''), ...texts.slice(1).flatMap(apart(note))])}>
          {words.differ.both}
        </Button>
      </Buttons>
      {chosen !== null && (
        <Sheet title={words.differ.chooseAsk} onClose={() => choose(null)}>
          <p>{words.differ.chooseText}</p>
          <Buttons>
            <Button onClick={() => settle(only(chosen))}>{words.differ.chooseYes}</Button>
            <Button kind="secondary" onClick={() => choose(null)}>{words.differ.chooseNo}</Button>
          </Buttons>
        </Sheet>
      )}
    </div>
  )
}

/** A text as a note of its own. */
function apart(note: NoteView): (text: string, place: number) => Act {
  return (text, place) => {
    const title = note.title && words.differ.second(note.title, place + 2)
    return saveNote(world.value, pen(), null, { title, text }, pen().random(16))
  }
}

function Version({ text, here, others, onChoose }: {
  readonly text: string; readonly here: boolean; readonly others: readonly string[]; readonly onChoose: () => void
}): JSX.Element {
  const elsewhere = new Set(others.flatMap(paragraphs))
  const name = here ? words.differ.here : words.differ.elsewhere
  return (
    <section class="card version" aria-label={name}>
      <h2>{name}</h2>
      <div class="version-text">
        {paragraphs(text).map((one, place) => elsewhere.has(one)
          ? <p key={place}>{one}</p>
          : <p key={place} class="only-here"><span class="unseen">{words.differ.marked}</span>{one}</p>)}
      </div>
      <Button kind="secondary" onClick={onChoose}>{words.differ.choose}<span class="unseen">: {name}</span></Button>
    </section>
  )
}

const paragraphs = (text: string): string[] => text.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean)
