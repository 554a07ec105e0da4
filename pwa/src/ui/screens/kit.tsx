/** The recovery code and its kit: shown once, on paper or in a password manager, checked, then gone from here. */

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { dayWords, instantToWall } from '../../domain/time.ts'
import { sentenceFor } from '../../words/en/errors.ts'
import { more } from '../../words/en/more.ts'
import { kitSaved, recoveryCode } from '../door.ts'
import { bare } from '../codes.ts'
import { Button, Buttons, ErrorSummary, Field, Inset, LinkButton, Page, PageHead, Waiting, type Wrong } from '../parts/index.ts'
import { href } from '../router.ts'
import { madeUp, zone } from '../truth.ts'
import { codeOf } from './failed.ts'
import '../style/more.css'

const words = more.kit

type Step = 'asking' | 'gone' | 'code' | 'check' | 'done'

export function KitPage(): JSX.Element {
  const [step, go] = useState<Step>('asking')
  const [code, setCode] = useState('')
  useEffect(() => {
    if (madeUp.value) return
    void recoveryCode().then((found) => { setCode(found); go('code') }, () => go('gone'))
  }, [])
  if (madeUp.value) return <Said title={words.madeUp} text={[words.madeUpText]} />
  switch (step) {
    case 'asking': return <Waiting />
    case 'gone': return <Said title={words.gone} text={[words.goneText, words.goneLost]} />
    case 'code': return <Show code={code} onNext={() => go('check')} />
    case 'check': return <Check code={code} onBack={() => go('code')} onDone={() => { setCode(''); go('done') }} />
    case 'done': return <Done />
  }
}

function Said({ title, text }: { readonly title: string; readonly text: readonly string[] }): JSX.Element {
  return <Page><PageHead title={title} up="more" />{text.map((line) => <p key={line}>{line}</p>)}</Page>
}

function Show({ code, onNext }: { readonly code: string; readonly onNext: () => void }): JSX.Element {
  const groups = code.split('-')
  return (
    <Page>
      <PageHead title={words.heading} up="more" sub={`${words.step(1, 2)}: ${words.stepKeep}`} />
      <p>{words.lead}</p>
      <Groups groups={groups} />
      <p class="quiet-text">{words.letters}</p>
      <Buttons>
        <Button kind="secondary" icon="print" onClick={() => print()}>{words.print}</Button>
        <Copy code={code} />
      </Buttons>
      <ul class="kit-keep">{words.keep.map((line) => <li key={line}>{line}</li>)}</ul>
      <Buttons><Button onClick={onNext}>{words.next}</Button></Buttons>
      <Paper groups={groups} />
    </Page>
  )
}

function Copy({ code }: { readonly code: string }): JSX.Element {
  const [done, say] = useState(false)
  const copy = (): void => void navigator.clipboard.writeText(code).then(() => say(true), () => {})
  return (
    <>
      <Button kind="secondary" icon={done ? 'tick' : 'copy'} onClick={copy}>{done ? words.copied : words.copy}</Button>
      <span class="unseen" role="status">{done ? words.copied : ''}</span>
    </>
  )
}

/** Each group with its number; spelled for who listens. */
function Groups({ groups }: { readonly groups: readonly string[] }): JSX.Element {
  return (
    <ol role="list" class="kit-groups" aria-label={words.codeName}>
      {groups.map((group, i) => (
        <li key={i}>
          <span class="unseen">{words.group(i + 1)}: {words.spelled(group)}</span>
          <span class="kit-number" aria-hidden="true">{i + 1}</span>
          <span class="kit-group" aria-hidden="true">{group}</span>
        </li>
      ))}
    </ol>
  )
}

/** What comes out of the printer; on the screen it is not there. */
function Paper({ groups }: { readonly groups: readonly string[] }): JSX.Element {
  return (
    <div class="kit-paper" aria-hidden="true">
      <h2>{words.paper.title}</h2>
      <p>{words.paper.what}</p>
      <Groups groups={groups} />
      <p>{words.paper.letters}</p>
      <ol><li>{words.paper.open(location.host)}</li>{words.paper.how.map((line) => <li key={line}>{line}</li>)}</ol>
      <p>{words.paper.keep} {words.paper.made(dayWords(instantToWall(Date.now(), zone).on, 'full'))}.</p>
    </div>
  )
}

/** Two of eight, not the same ones each time. */
function twoOf(n: number): readonly [number, number] {
  const first = Math.floor(Math.random() * n)
  const second = (first + 1 + Math.floor(Math.random() * (n - 1))) % n
  return first < second ? [first, second] : [second, first]
}

function Check({ code, onBack, onDone }: {
  readonly code: string; readonly onBack: () => void; readonly onDone: () => void
}): JSX.Element {
  const groups = code.split('-')
  const [asked] = useState(() => twoOf(groups.length))
  const [typed, type] = useState<Readonly<Record<number, string>>>({})
  const [errors, say] = useState<readonly (Wrong & { readonly group?: number })[]>([])
  const check = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const wrong = asked.flatMap((i) => {
      const text = read(typed[i] ?? '')
      if (text === groups[i]) return []
      return [{ at: `kit-${i}`, group: i, text: text ? words.wrong(i + 1) : words.missing(i + 1) }]
    })
    say(wrong)
    if (wrong.length > 0) return
    await kitSaved().then(onDone, (error: unknown) => say([{ text: sentenceFor(codeOf(error)) }]))
  }
  return (
    <Page>
      <PageHead title={words.heading} up="more" sub={`${words.step(2, 2)}: ${words.stepCheck}`} />
      <ErrorSummary errors={errors} />
      <p>{words.check}</p>
      <form class="form" onSubmit={(event) => void check(event)} noValidate>
        {asked.map((i) => (
          <Field key={i} id={`kit-${i}`} label={words.ask(i + 1)} hint={words.askHint} code autocomplete="off"
            autocapitalize="characters" spellcheck={false} value={typed[i] ?? ''}
            error={errors.find((error) => error.group === i)?.text ?? null}
            onText={(text) => type({ ...typed, [i]: text })} />
        ))}
        <Buttons>
          <Button type="submit">{words.confirm}</Button>
          <Button kind="quiet" onClick={onBack}>{words.backToCode}</Button>
        </Buttons>
      </form>
    </Page>
  )
}

/** As a reader of codes forgives (PROTOCOL 3.4): O for 0, I and L for 1. */
function read(text: string): string {
  return bare(text).replaceAll('O', '0').replaceAll(/[IL]/g, '1')
}

function Done(): JSX.Element {
  return (
    <Page>
      <PageHead title={words.done} up="more" />
      <Inset icon="tick"><p>{words.doneText}</p></Inset>
      <Buttons>
        <LinkButton href={href('note', { rec: 'new' })} icon="pencil">{words.toNotes}</LinkButton>
        <LinkButton kind="secondary" href={href('more')}>{words.doneOn}</LinkButton>
      </Buttons>
    </Page>
  )
}
