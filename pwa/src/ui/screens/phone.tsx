/** This phone: what is not sent, whether the app can go, a copy of one's own, and what was left out. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { status as statusOf, unsent } from '../../domain/status.ts'
import type { UnsentView } from '../../domain/views.ts'
import { common } from '../../words/en/common.ts'
import { sentenceFor } from '../../words/en/errors.ts'
import { more } from '../../words/en/more.ts'
import { applyUpdate, askPersist, discard, retry, syncNow } from '../act.ts'
import { Button, Buttons, Details, Icon, Inset, LinkButton, Page, PageHead, Section, Sheet } from '../parts/index.ts'
import { href } from '../router.ts'
import { ago } from '../say.ts'
import { madeUp, net, now, persisted, update, vault, world, zone } from '../truth.ts'
import { BringBack } from './bring-back.tsx'
import { codeOf } from './failed.ts'
import { useKit, type Kit } from './kit-state.ts'
import { takeCopy } from './own-copy.ts'
import { skipped } from './skipped.ts'
import '../style/more.css'

const words = more.phone
const at = (ms: number): string => ago(ms, now.value, zone)

export function Phone(): JSX.Element {
  const rows = madeUp.value ? [] : unsent(world.value)
  return (
    <Page>
      <PageHead title={words.heading} up="more" />
      <Safe waiting={rows.length} kit={useKit()} />
      {!madeUp.value && <Unsent rows={rows} />}
      {!madeUp.value && <Checked />}
      <Keeping />
      <LeftOut />
      <Copies />
      <Version />
    </Page>
  )
}

// -- is it safe? --------------------------------------------------------------------------

function Safe({ waiting, kit }: { readonly waiting: number; readonly kit: Kit }): JSX.Element {
  const { tone, text, next } = answer(waiting, kit)
  return (
    <section class={`safe ${tone}`} aria-labelledby="safe-ask">
      <h2 id="safe-ask">{words.safe.ask}</h2>
      <p class="safe-answer"><Icon name={tone === 'teal' ? 'sent' : 'warning'} />{text}</p>
      {next && <p>{next}</p>}
      {waiting === 0 && kit === 'needed' && <Buttons><LinkButton href={href('kit')} icon="key">{words.safe.kitDo}</LinkButton></Buttons>}
    </section>
  )
}

interface Answer { readonly tone: 'teal' | 'amber'; readonly text: string; readonly next: string | null }

/** From what is not sent, the kit, and when the server last answered: never from a flag. */
function answer(waiting: number, kit: Kit): Answer {
  if (madeUp.value) return { tone: 'teal', text: words.safe.madeUp, next: null }
  if (waiting > 0) return { tone: 'amber', text: words.safe.no(waiting), next: words.safe.noNext }
  if (kit === 'needed') return { tone: 'amber', text: words.safe.kit, next: words.safe.kitNext }
  const checked = lastChecked()
  if (checked === null) return { tone: 'amber', text: words.safe.never, next: null }
  return { tone: 'teal', text: words.safe.yesAt(at(checked)), next: words.safe.yesCode }
}

function lastChecked(): number | null {
  const times = [net.value.lastOkAt, ...[...world.value.spaces.values()].map((space) => space.checkedAt)]
  return times.reduce((newest, time) => (time !== null && (newest === null || time > newest) ? time : newest), null)
}

// -- what is not sent ---------------------------------------------------------------------

const SHOWN = 30

function Unsent({ rows }: { readonly rows: readonly UnsentView[] }): JSX.Element {
  const [tried, say] = useState(false)
  const [asked, ask] = useState<UnsentView | null>(null)
  const [shown, show] = useState(SHOWN)
  const again = (row: UnsentView): void => {
    say(false)
    const done = row.state === 'unsaved' || row.state === 'refused' ? retry(row.n) : syncNow()
    void Promise.resolve(done).catch(() => {}).then(() => say(true))
  }
  return (
    <Section title={words.unsent}>
      {rows.length === 0 ? <p class="quiet-text">{words.unsentNone}</p> : <p class="quiet-text">{words.unsentHint}</p>}
      {rows.length > 0 && (
        <ul role="list" class="rows">
          {rows.slice(0, shown).map((row) => <Line key={row.n} row={row} onAgain={() => again(row)} onThrow={() => ask(row)} />)}
        </ul>
      )}
      {rows.length > shown && (
        <Button kind="secondary" onClick={() => show(shown + SHOWN)}>{words.showMore(Math.min(SHOWN, rows.length - shown))}</Button>
      )}
      <p class="said" role="status">{tried && rows.length > 0 ? words.stillWaiting : ''}</p>
      {asked && (
        <Sheet title={words.throwAsk} onClose={() => ask(null)}>
          <p><strong>{nameOf(asked)}</strong></p>
          <p>{words.throwText}</p>
          <Buttons>
            <Button kind="danger" icon="bin" onClick={() => { void discard(asked.n); ask(null) }}>{words.throwYes}</Button>
            <Button kind="secondary" onClick={() => ask(null)}>{words.throwNo}</Button>
          </Buttons>
        </Sheet>
      )}
    </Section>
  )
}

const nameOf = (row: UnsentView): string =>
  row.about ? words.about(words.what[row.what], row.about) : words.what[row.what]

function Line({ row, onAgain, onThrow }: {
  readonly row: UnsentView; readonly onAgain: () => void; readonly onThrow: () => void
}): JSX.Element {
  const wrong = row.state === 'refused' || row.state === 'unsaved'
  const name = nameOf(row)
  return (
    <li class="unsent">
      <div class="row-text">
        <span class="row-title">{name}</span>
        <span class={wrong ? 'saving unsaved' : 'saving saved'}>
          <Icon name={wrong ? 'warning' : row.state === 'writing' ? 'clock' : 'phone'} />
          {words.state[row.state]} {words.since(at(row.at))}
        </span>
        {row.code && <span class="row-sub">{sentenceFor(row.code)}</span>}
      </div>
      <div class="unsent-acts">
        <button type="button" class="button secondary small" aria-label={words.againOf(name)} onClick={onAgain}>{words.again}</button>
        {wrong && <button type="button" class="button quiet small" aria-label={words.throwAwayOf(name)} onClick={onThrow}>{words.throwAway}</button>}
      </div>
    </li>
  )
}

// -- the server, the storage, what was left out -------------------------------------------

function Checked(): JSX.Element {
  const checked = lastChecked()
  const busy = net.value.state === 'busy'
  const s = statusOf(world.value, net.value, now.value, vault.value, false)
  return (
    <Section title={words.checked}>
      <p class="beside"><span>{checked === null ? words.checkedNever : at(checked)}</span>
        <Button kind="secondary" small disabled={busy} onClick={() => void syncNow().catch(() => {})}>
          {busy ? words.checking : words.checkNow}
        </Button></p>
      {net.value.state === 'offline' && <p class="quiet-text">{common.status.offline}</p>}
      {net.value.lastError && net.value.state !== 'offline' && <p class="quiet-text">{sentenceFor(net.value.lastError)}</p>}
      {s.kind === 'clock' && <Inset tone="amber" icon="clock"><p>{words.clock(s.hours)}</p></Inset>}
    </Section>
  )
}

function Keeping(): JSX.Element {
  const [asked, ask] = useState(false)
  const kept = persisted.value
  const text = kept ? words.kept : kept === null ? words.notAsked : words.notKept
  return (
    <Section title={words.storage}>
      <p role="status">{text} {asked && kept === false && words.refusedKeep}</p>
      {!kept && (
        <Buttons>
          <Button kind="secondary" onClick={() => void askPersist().then(() => ask(true), () => ask(true))}>
            {kept === null ? words.askKeep : words.askAgain}
          </Button>
        </Buttons>
      )}
    </Section>
  )
}

function LeftOut(): JSX.Element | null {
  const { newer, waiting, faulty, codes } = skipped(world.value)
  if (newer + waiting + faulty === 0) return null
  return (
    <Section title={words.skipped}>
      {newer > 0 && (
        <Inset tone="amber" icon="download">
          <p>{words.newer(newer)}</p>
          {update.value === 'ready' && <Buttons><Button small onClick={() => applyUpdate()}>{common.update.now}</Button></Buttons>}
        </Inset>
      )}
      {waiting > 0 && <p>{words.keyMissing(waiting)}</p>}
      {faulty > 0 && <p>{words.faulty(faulty)}</p>}
      {codes.length > 0 && (
        <Details title={words.codes}>
          <ul role="list" class="codes">{codes.map(([code, n]) => <li key={code}><code>{words.code(code, n)}</code></li>)}</ul>
        </Details>
      )}
    </Section>
  )
}

// -- copies -------------------------------------------------------------------------------

function Copies(): JSX.Element {
  const [busy, work] = useState(false)
  const [made, make] = useState<string | null>(null)
  const [failed, fail] = useState<string | null>(null)
  if (madeUp.value) return <Section title={words.copy}><p class="quiet-text">{words.madeUp}</p></Section>
  const take = async (): Promise<void> => {
    work(true)
    fail(null)
    await takeCopy().then(make, (error: unknown) => fail(codeOf(error)))
    work(false)
  }
  return (
    <Section title={words.copy}>
      <p>{words.copyText}</p>
      {failed && <div role="alert"><Inset tone="error" icon="warning"><p>{sentenceFor(failed)}</p></Inset></div>}
      <Buttons>
        <Button kind="secondary" icon="download" disabled={busy} onClick={() => void take()}>{busy ? words.copyWorking : words.copyMake}</Button>
      </Buttons>
      <p class="said" role="status">{made ? words.copyMade(made) : ''}</p>
      <Details title={words.bring}><BringBack /></Details>
    </Section>
  )
}

// -- version ------------------------------------------------------------------------------

function Version(): JSX.Element {
  return (
    <Section title={words.version}>
      {update.value === 'ready'
        ? <p class="beside"><span>{common.update.ready}</span><Button small onClick={() => applyUpdate()}>{common.update.now}</Button></p>
        : <p>{words.upToDate}</p>}
    </Section>
  )
}
