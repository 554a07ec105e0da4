/** A field for typed codes: it groups while one types, and says which group looks wrong. */

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { door as words } from '../../words/en/door.ts'
import { goodGroups } from '../door.ts'
import { bare, spelled, wholeGroups } from '../codes.ts'
import { Field } from './field.tsx'
import { Icon } from './icons.tsx'

/** `groups`: how many groups of five the code has. */
export function CodeField({ id, label, hint, groups, value, onText, error }: {
  readonly id: string; readonly label: string; readonly hint: string; readonly groups: number
  readonly value: string; readonly onText: (text: string) => void; readonly error: string | null
}): JSX.Element {
  const whole = wholeGroups(value)
  const good = useGood(whole)
  const typed = (text: string): void => {
    // Only what is typed at the end is grouped: the caret stays where it is inside.
    const longer = bare(text).length > bare(value).length && text.startsWith(value)
    onText(longer ? spelled(text) + (bare(text).length % 5 === 0 && bare(text).length < groups * 5 ? '-' : '') : text)
  }
  return (
    <div class="code-field">
      <Field id={id} label={label} hint={hint} error={error} code value={value} onText={typed} onBlur={() => onText(spelled(value))}
        autocomplete="off" autocapitalize="characters" spellcheck={false} enterkeyhint="go" />
      <ol role="list" class="code-groups">
        {Array.from({ length: groups }, (_, i) => (
          <li key={i} class={whole[i] === undefined ? '' : good[i] === false ? 'bad' : good[i] ? 'good' : ''}>
            {good[i] !== undefined && whole[i] !== undefined && <Icon name={good[i] ? 'tick' : 'warning'} size={16} />}
            <span>{i + 1}</span>
            {good[i] !== undefined && whole[i] !== undefined && <span class="unseen">{good[i] ? words.groupGood : words.groupBad}</span>}
          </li>
        ))}
      </ol>
      <p class="unseen" role="status">{good.flatMap((fits, i) => (fits ? [] : [words.groupWrong(i + 1)])).join(' ')}</p>
    </div>
  )
}

/** Whether each whole group fits its check character. */
function useGood(whole: readonly string[]): readonly boolean[] {
  const [good, set] = useState<readonly boolean[]>([])
  const said = whole.join('-')
  useEffect(() => {
    let gone = false
    void goodGroups(whole).then((answer) => { if (!gone) set(answer) })
    return () => { gone = true }
  }, [said])
  return good
}

/** What is wrong with a whole code, in a sentence; `null` when nothing is. */
export async function wrongWith(text: string, groups: number): Promise<string | null> {
  const length = bare(text).length
  if (length === 0) return words.empty
  const bad = (await goodGroups(wholeGroups(text))).flatMap((fits, i) => (fits ? [] : [i + 1]))
  if (bad.length > 0) return words.groupsWrong(bad)
  if (length < groups * 5) return words.tooShort(groups * 5 - length)
  return length > groups * 5 ? words.tooLong(length - groups * 5) : null
}
