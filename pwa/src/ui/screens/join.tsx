/** Joining: the code, then the name by which the group knows one, then Today. */

import './front.css'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { sentenceFor } from '../../words/en/errors.ts'
import { door as words } from '../../words/en/door.ts'
import { joinWithCode } from '../door.ts'
import { myGroups } from '../find.ts'
import { Audience, Button, CodeField, ErrorSummary, Inset, LinkButton, Page, PageHead, wrongWith, type Wrong } from '../parts/index.ts'
import { goInstead, href } from '../router.ts'
import { net } from '../truth.ts'
import { codeOf } from './failed.ts'

const groups = 5

export function Join(): JSX.Element {
  const [joined, setJoined] = useState(false)
  return joined ? <Joined /> : <Code onJoined={() => setJoined(true)} />
}

function Code({ onJoined }: { readonly onJoined: () => void }): JSX.Element {
  const [code, setCode] = useState(() => decodeURIComponent(location.hash.slice(1)))
  const [error, setError] = useState<Wrong | null>(null)
  const [busy, setBusy] = useState(false)
  // A code from a link does not stay in the address.
  useEffect(() => { if (location.hash) history.replaceState(history.state, '', location.pathname) }, [])
  const join = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const wrong = await wrongWith(code, groups)
    setError(wrong ? { at: 'code', text: wrong } : null)
    if (wrong) return
    setBusy(true)
    try {
      await joinWithCode(code)
      onJoined()
    } catch (e) {
      setError({ text: sentenceFor(codeOf(e)) })
      setBusy(false)
    }
  }
  return (
    <Page>
      <PageHead title={words.join} up="front" />
      <ErrorSummary errors={error ? [error] : []} />
      <form class="form" onSubmit={(event) => void join(event)} noValidate>
        <CodeField id="code" label={words.code} hint={words.codeHint} groups={groups} value={code}
          error={error?.at ? error.text : null} onText={setCode} />
        <Button type="submit" disabled={busy} aria-busy={busy}>{busy ? words.joining : words.joinNow}</Button>
      </form>
      {net.value.state === 'offline' && <Inset icon="nosignal"><p>{words.needsSignal}</p></Inset>}
      <p class="unseen" role="status">{busy ? words.joining : ''}</p>
    </Page>
  )
}

/** The name stands on the roster: its owner sees it, and leaders alone change it. */
function Joined(): JSX.Element {
  const group = myGroups().at(-1)
  const name = group?.people.find((person) => person.isMe)?.label
  useEffect(() => { if (!name) goInstead('today') }, [name])
  return (
    <Page>
      <PageHead title={words.joined} />
      {name && group && (
        <div class="card">
          <p>{words.knownAs(group.name)}</p>
          <p class="your-name"><bdi>{name}</bdi></p>
          <p class="quiet">{words.wrongName}</p>
        </div>
      )}
      <LinkButton href={href('today')}>{words.toToday}</LinkButton>
      <Audience>{words.nameSeen}</Audience>
    </Page>
  )
}
