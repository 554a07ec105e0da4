/** Before the first note: the recovery code is saved, and its writer knows that a court can ask. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { notes as notesOf } from '../../domain/note.ts'
import { setSetting, settings } from '../../domain/settings.ts'
import { notes as words } from '../../words/en/notes.ts'
import { act, pen } from '../act.ts'
import { Button, Buttons, Card, Icon, Inset, LinkButton, Page, PageHead, Tag } from '../parts/index.ts'
import { href } from '../router.ts'
import { world } from '../truth.ts'
import { useKit } from './kit-state.ts'

/** A setting of this account: told once, told on all its phones. */
const TOLD = 'notes_told'

/** Something must be said before `new` may be written: what *I understand* does. Null when nothing. */
export function useFirst(isNew: boolean): (() => void) | null {
  const [open, setOpen] = useState(() => isNew && notesOf(world.value).length === 0 && !settings(world.value)[TOLD])
  if (!open) return null
  return () => {
    void act(setSetting(world.value, pen(), TOLD, 'yes'))
    setOpen(false)
  }
}

export function First({ onStart }: { readonly onStart: () => void }): JSX.Element {
  const kit = useKit()
  const ready = kit === 'saved' || kit === 'none'
  return (
    <Page>
      <PageHead title={words.first.heading} up="notes" />
      {kit === 'none' ? <Inset icon="key"><p>{words.first.madeUp}</p></Inset> : (
        <Card title={words.first.kit}>
          {kit === 'saved' ? <p><Tag tone="teal" icon="tick">{words.first.kitDone}</Tag></p> : <p>{words.first.kitText}</p>}
          {kit === 'needed' && <Buttons><LinkButton href={href('kit')} icon="key">{words.first.kitDo}</LinkButton></Buttons>}
        </Card>
      )}
      <Card title={words.first.court}>
        {words.first.courtText.map((line) => <p key={line}>{line}</p>)}
      </Card>
      {ready ? <Buttons><Button onClick={onStart}>{words.first.start}</Button></Buttons>
        : <p class="first-wait quiet-text"><Icon name="lock" size={20} />{words.first.kitFirst}</p>}
    </Page>
  )
}
