/** One session: when, where, who leads, can you come, what changed. */

import './session.css'
import type { JSX } from 'preact'
import { ics } from '../../domain/calendar.ts'
import { dayWords } from '../../domain/time.ts'
import type { SessionView } from '../../domain/views.ts'
import { session as page } from '../../words/en/session.ts'
import { today as words } from '../../words/en/today.ts'
import { findSession } from '../find.ts'
import { handOver } from '../hand.ts'
import { mineOf } from '../mine.ts'
import { Audience, Button, Cancelled, CanYouCome, Card, Empty, Inset, LinkButton, Page, PageHead, Saving, Section, Tag, WhereAndWho } from '../parts/index.ts'
import { href } from '../router.ts'
import { ago, changeOf, dayOf, elsewhere, hoursOf, nameOf, nearness } from '../say.ts'
import { now, zone } from '../truth.ts'

export function Session({ rec }: { readonly rec: string }): JSX.Element {
  const session = findSession(rec)
  if (!session) {
    return (
      <Page>
        <PageHead title={page.lostSession} up="today" />
        <Empty icon="today" title={page.lostSession}><p class="quiet">{page.lostSessionText}</p></Empty>
      </Page>
    )
  }
  const title = dayOf(session.when, now.value)
  const date = dayWords(session.when.on)
  return (
    <Page>
      <PageHead title={title} up="group" upParams={{ circle: session.circle }} sub={nameOf(session)} />
      <Card>
        <p class="card-kicker">{nearness(session, now.value)}</p>
        <h2 class="session-hours">{hoursOf(session.when)}</h2>
        {title !== date && <p class="quiet">{date}</p>}
        {session.when.here && <p class="quiet">{elsewhere(session.when)}</p>}
        {mineOf(session) && <p><Tag tone={session.mine === 'still_agreeing' ? 'violet' : 'plain'}>{mineOf(session)}</Tag></p>}
        {session.pending && <Saving state="saved" />}
        <Cancelled session={session} />
        <Differ session={session} />
        {!session.cancelled && <WhereAndWho session={session} />}
        <CanYouCome session={session} />
      </Card>
      <Acts session={session} />
      <Changes session={session} />
      <Audience>{page.sees}</Audience>
    </Page>
  )
}

function Acts({ session }: { readonly session: SessionView }): JSX.Element | null {
  const { phase, cancelled, iLead } = session
  if (cancelled) return null
  const register = iLead && phase !== 'future'
  const calendar = phase !== 'past'
  if (!register && !calendar) return null
  const add = (): void => void handOver(
    new File([ics(session, { title: page.calendarName, ...(session.place && { place: session.place }) })], 'session.ics', { type: 'text/calendar' }))
  return (
    <div class="buttons">
      {register && <LinkButton icon="register" href={href('register', { rec: session.rec })}>{words.take}</LinkButton>}
      {calendar && <Button kind="secondary" icon="calendar" onClick={add}>{page.addCalendar}</Button>}
    </div>
  )
}

/** Two leaders changed the same thing apart: both answers stand until one of them decides. */
function Differ({ session }: { readonly session: SessionView }): JSX.Element | null {
  const fields = Object.entries(session.differ)
  if (fields.length === 0) return null
  return (
    <Inset tone="violet" icon="differ">
      {fields.map(([field, answers]) => <p key={field}><strong>{page.fields[field] ?? field}:</strong> {answers.join(' / ')}</p>)}
      <p>{page.twoAnswers}</p>
    </Inset>
  )
}

function Changes({ session }: { readonly session: SessionView }): JSX.Element | null {
  if (session.changes.length === 0) return null
  return (
    <Section title={page.changes}>
      <ul role="list" class="changes">
        {session.changes.map((change) => (
          <li key={`${change.at} ${change.what}`}>
            <p>{changeOf(change)}</p>
            <p class="quiet-text">{words.changedBy(change.by, ago(change.at, now.value, zone))}</p>
          </li>
        ))}
      </ul>
    </Section>
  )
}
