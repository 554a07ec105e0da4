/** A copy comes back: onto a phone that does not hold its account, at the door or under This phone. */

import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { sentenceFor } from '../../words/en/errors.ts'
import { more } from '../../words/en/more.ts'
import { importCopy } from '../door.ts'
import { Button, Buttons, CodeField, Icon, Inset, wrongWith } from '../parts/index.ts'
import { goInstead } from '../router.ts'
import { codeOf } from './failed.ts'
import '../style/more.css'

const words = more.phone
const groups = 8

/** The file, and the code that opens it. */
export function BringBack(): JSX.Element {
  const file = useRef<HTMLInputElement>(null)
  const [code, setCode] = useState('')
  const [wrong, say] = useState<{ readonly file?: string; readonly code?: string; readonly all?: string }>({})
  const [busy, work] = useState(false)
  const bring = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const chosen = file.current?.files?.[0]
    const bad = await wrongWith(code, groups)
    say({ ...(!chosen && { file: words.bringFileMissing }), ...(bad && { code: bad }) })
    if (!chosen) file.current?.focus()
    else if (bad) document.getElementById('copy-code')?.focus()
    if (!chosen || bad) return
    work(true)
    try {
      await importCopy(chosen, code)
      goInstead('today')
    } catch (error) {
      const why = codeOf(error)
      say({ all: words.bringRefused[why] ?? sentenceFor(why) })
      work(false)
    }
  }
  return (
    <form class="form" onSubmit={(event) => void bring(event)} noValidate>
      <p>{words.bringText}</p>
      {wrong.all && <div role="alert"><Inset tone="error" icon="warning"><p>{wrong.all}</p></Inset></div>}
      <div class={wrong.file ? 'field wrong' : 'field'}>
        <label for="copy-file">{words.bringFile}</label>
        {wrong.file && <p class="field-error" id="copy-file-error"><Icon name="warning" />{wrong.file}</p>}
        <input id="copy-file" class="input" type="file" ref={file}
          {...(wrong.file && { 'aria-describedby': 'copy-file-error', 'aria-invalid': true as const })} />
      </div>
      <CodeField id="copy-code" label={words.bringCode} hint={words.bringCodeHint} groups={groups} value={code}
        error={wrong.code ?? null} onText={setCode} />
      <Buttons>
        <Button type="submit" kind="secondary" disabled={busy}>{busy ? words.bringWorking : words.bringDo}</Button>
      </Buttons>
    </form>
  )
}
