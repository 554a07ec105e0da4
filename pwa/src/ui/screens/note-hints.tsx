/** What in a note might point to a patient (GKT-66): said quietly under the text, never in its way. */

import type { JSX, RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { hints as hintsOf, type Hint } from '../../domain/hints.ts'
import { notes as words } from '../../words/en/notes.ts'

const PAUSE_MS = 700
const SHOWN = 6

/** Hints come when the fingers rest, and each leads to its place in the text. */
export function Hints({ text, field }: {
  readonly text: string; readonly field: RefObject<HTMLTextAreaElement | null>
}): JSX.Element | null {
  const [found, find] = useState<readonly Hint[]>(() => hintsOf(text))
  useEffect(() => {
    const timer = setTimeout(() => find(hintsOf(text)), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  const standing = found.filter((hint) => text.length >= hint.end)
  const [first, ...others] = unique(standing, text)
  if (!first) return null
  const all = [first, ...others]
  return (
    <section class="hints" aria-label={words.hints.heading(all.length)}>
      <p class="hints-ask">{words.hints.heading(all.length)}</p>
      <ul role="list">
        {all.slice(0, SHOWN).map((hint) => (
          <li key={hint.start}>
            <button type="button" class="hint-one" onClick={() => { if (field.current) goTo(field.current, hint) }}>
              <q>{textOf(hint, text)}</q><span>{words.hints.kinds[hint.kind]}</span>
            </button>
          </li>
        ))}
        {all.length > SHOWN && <li class="hint-more">{words.hints.more(all.length - SHOWN)}</li>}
      </ul>
      <p class="hints-say">{words.hints.text}</p>
    </section>
  )
}

const textOf = (hint: Hint, text: string): string => text.slice(hint.start, hint.end).trim()

/** The same words twice are said once. */
function unique(found: readonly Hint[], text: string): Hint[] {
  return [...new Map(found.toReversed().map((hint) => [textOf(hint, text), hint])).values()].toReversed()
}

/** Selects it; the focus that comes anew brings it into sight. */
function goTo(field: HTMLTextAreaElement, hint: Hint): void {
  field.blur()
  field.setSelectionRange(hint.start, hint.end)
  field.focus()
}
