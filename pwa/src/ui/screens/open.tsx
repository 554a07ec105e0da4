/** Opening with the recovery code: a new phone, a phone that lost its copy, or a locked one. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { sentenceFor } from '../../words/en/errors.ts'
import { door as words } from '../../words/en/door.ts'
import { more } from '../../words/en/more.ts'
import { openWithRecoveryCode, unlock } from '../door.ts'
import { Button, CodeField, Details, ErrorSummary, Inset, Page, PageHead, wrongWith, type Wrong } from '../parts/index.ts'
import { goInstead } from '../router.ts'
import { net, vault } from '../truth.ts'
import { BringBack } from './bring-back.tsx'
import { codeOf } from './failed.ts'

const groups = 8

export function Open(): JSX.Element {
  const [code, setCode] = useState('')
  const [error, setError] = useState<Wrong | null>(null)
  const [busy, setBusy] = useState(false)
  const open = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const wrong = await wrongWith(code, groups)
    setError(wrong ? { at: 'code', text: wrong } : null)
    if (wrong) return
    setBusy(true)
    try {
      await (vault.value === 'locked' ? unlock(code) : openWithRecoveryCode(code))
      goInstead('today')
    } catch (e) {
      setError({ text: sentenceFor(codeOf(e)) })
    } finally {
      setBusy(false)
    }
  }
  return (
    <Page>
      <PageHead title={words.open} up="front" />
      <ErrorSummary errors={error ? [error] : []} />
      <form class="form" onSubmit={(event) => void open(event)} noValidate>
        <CodeField id="code" label={words.recovery} hint={words.recoveryHint} groups={groups} value={code}
          error={error?.at ? error.text : null} onText={setCode} />
        <Button type="submit" icon="key" disabled={busy} aria-busy={busy}>{busy ? words.opening : words.openNow}</Button>
      </form>
      {vault.value !== 'locked' && net.value.state === 'offline' && <Inset icon="nosignal"><p>{words.openSignal}</p></Inset>}
      {vault.value === 'empty' && <Details title={more.phone.bring}><BringBack /></Details>}
      <Details title={words.noCode}><p>{words.noCodeText}</p></Details>
      <p class="unseen" role="status">{busy ? words.opening : ''}</p>
    </Page>
  )
}
