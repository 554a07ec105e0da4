/** Joining: the code, then a name, then Today. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { sentenceFor } from '../../words/en/common.ts'
import { door as words } from '../../words/en/door.ts'
import { joinWithCode } from '../act.ts'
import { Button, CodeField, ErrorSummary, Field, Inset, Page, PageHead, wrongWith } from '../parts/index.ts'
import { goInstead } from '../router.ts'
import { net } from '../truth.ts'

const groups = 5

export function Join(): JSX.Element {
  const [code, setCode] = useState(() => location.hash.slice(1))
  const [named, setNamed] = useState(false)
  return named ? <Name code={code} onBack={() => setNamed(false)} /> : <Code code={code} onCode={setCode} onGood={() => setNamed(true)} />
}

function Code({ code, onCode, onGood }: { readonly code: string; readonly onCode: (code: string) => void; readonly onGood: () => void }): JSX.Element {
  const [error, setError] = useState<string | null>(null)
  const next = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const wrong = await wrongWith(code, groups)
    setError(wrong)
    if (!wrong) onGood()
  }
  return (
    <Page>
      <PageHead title={words.join} up="front" />
      <ErrorSummary errors={error ? [{ at: 'code', text: error }] : []} />
      <form class="form" onSubmit={(event) => void next(event)} noValidate>
        <CodeField id="code" label={words.code} hint={words.codeHint} groups={groups} value={code} error={error} onText={onCode} />
        <Button type="submit">{words.continue}</Button>
      </form>
      {net.value.state === 'offline' && <Inset icon="nosignal"><p>{words.needsSignal}</p></Inset>}
    </Page>
  )
}

function Name({ code, onBack }: { readonly code: string; readonly onBack: () => void }): JSX.Element {
  const [name, setName] = useState('')
  const [error, setError] = useState<{ readonly at?: string; readonly text: string } | null>(null)
  const [busy, setBusy] = useState(false)
  const join = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (!name.trim()) { setError({ at: 'name', text: words.nameEmpty }); return }
    setBusy(true)
    setError(null)
    try {
      await joinWithCode(code, name.trim())
      goInstead('today')
    } catch (e) {
      setError({ text: sentenceFor((e as { code?: string }).code ?? 'error') })
    } finally {
      setBusy(false)
    }
  }
  return (
    <Page>
      <PageHead key="name" title={words.nameHeading} />
      <ErrorSummary errors={error ? [error] : []} />
      <form class="form" onSubmit={(event) => void join(event)} noValidate>
        <Field id="name" label={words.name} hint={words.nameHint} value={name} onText={setName} autocomplete="name"
          autocapitalize="words" error={error?.at ? error.text : null} enterkeyhint="go" />
        <Button type="submit" disabled={busy} aria-busy={busy}>{busy ? words.joining : words.joinNow}</Button>
        <Button kind="quiet" icon="back" onClick={onBack}>{words.changeCode}</Button>
      </form>
      <p class="unseen" role="status">{busy ? words.joining : ''}</p>
    </Page>
  )
}
