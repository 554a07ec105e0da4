/** A group: its dates, rules, people, what it is for, and who can see what. */

import './group.css'
import type { JSX } from 'preact'
import { dayWords, instantToWall, timeWords } from '../../domain/time.ts'
import type { DateLine, GroupView, PersonView, SessionView } from '../../domain/views.ts'
import { groups as words } from '../../words/en/groups.ts'
import { today as say } from '../../words/en/today.ts'
import { list } from '../../words/index.ts'
import { findSession, myGroups } from '../find.ts'
import { Card, Details, Empty, Icon, Inset, Page, PageHead, Ring, Row, Rows, Section, Tag, type SeatState } from '../parts/index.ts'
import { href } from '../router.ts'
import { mineOf } from '../mine.ts'
import { ago } from '../say.ts'
import { now, zone } from '../truth.ts'

export function Group({ circle }: { readonly circle: string }): JSX.Element {
  const group = myGroups().find((one) => one.circle === circle)
  return group ? <GroupPage group={group} /> : <LostGroup />
}

/** `top`: it stands at the tab itself, so there is no way back. */
export function GroupPage({ group, top }: { readonly group: GroupView; readonly top?: boolean }): JSX.Element {
  return (
    <div class="page two">
      <PageHead title={group.name} {...(!top && { up: 'groups' as const })} {...(group.word && { sub: group.word })} />
      {group.removed && <Inset tone="amber" icon="lock"><p>{words.removed}</p></Inset>}
      {group.frozen && <Inset tone="error" icon="warning"><p>{words.frozen}</p></Inset>}
      <div class="column">
        <Notices group={group} />
        <Section title={words.dates}><Dates group={group} /></Section>
        <RulesRow group={group} />
      </div>
      <div class="column">
        {group.purpose && <Section title={words.purpose}><p>{group.purpose}</p></Section>}
        <People people={group.people} />
        <Sees group={group} />
      </div>
    </div>
  )
}

function Notices({ group }: { readonly group: GroupView }): JSX.Element | null {
  if (group.notices.length === 0) return null
  return (
    <Section title={words.notices}>
      {group.notices.map((notice) => (
        <Card key={notice.rec} {...(notice.title && { title: notice.title })} kicker={words.by(notice.by, ago(notice.at, now.value, zone))}>
          <p class="as-typed">{notice.text}</p>
        </Card>
      ))}
    </Section>
  )
}

// -- dates --------------------------------------------------------------------------------

/** How many coming dates stand open; the others unfold. */
const near = 4

function Dates({ group, open }: { readonly group: GroupView; readonly open?: string }): JSX.Element {
  const isPast = (line: DateLine): boolean => line.kind === 'session' && line.session.phase === 'past'
  const past = group.dates.filter(isPast)
  const coming = group.dates.slice(group.dates.findLastIndex(isPast) + 1)
  if (group.dates.length === 0) return <Empty icon="today" title={words.noDates}><p class="quiet">{words.noDatesText}</p></Empty>
  const [soon, later] = [coming.slice(0, near), coming.slice(near)]
  return (
    <>
      {soon.length > 0 ? <Lines lines={soon} next={group.next} {...(open && { open })} /> : <p class="quiet-text">{words.noDates}</p>}
      {later.length > 0 && (
        <Details title={words.datesComing(count(later))} kept="later"><Lines lines={later} next={null} {...(open && { open })} /></Details>
      )}
      {past.length > 0 && (
        <Details title={words.datesPast(past.length)} kept="past" open={past.some((line) => line.kind === 'session' && line.session.rec === open)}>
          <Lines lines={past.toReversed()} next={null} {...(open && { open })} />
        </Details>
      )}
    </>
  )
}

const count = (lines: readonly DateLine[]): number => lines.filter((line) => line.kind === 'session').length

function Lines({ lines, next, open }: { readonly lines: readonly DateLine[]; readonly next: SessionView | null; readonly open?: string }): JSX.Element {
  return (
    <Rows>
      {lines.map((line) => line.kind === 'session'
        ? <DateRow key={line.session.rec} session={line.session} isNext={line.session.rec === next?.rec} current={line.session.rec === open} />
        : <li key={line.resumes} class="gap"><Icon name="clock" size={20} /><span>{gapWords(line)}</span></li>)}
    </Rows>
  )
}

function gapWords(gap: DateLine & { kind: 'gap' }): string {
  const resumes = dayWords(gap.resumes)
  return gap.why ? words.gapWhy(gap.weeks, resumes, gap.why) : words.gap(gap.weeks, resumes)
}

function DateRow({ session, isNext, current }: { readonly session: SessionView; readonly isNext: boolean; readonly current: boolean }): JSX.Element {
  const past = session.phase === 'past'
  const sub = past ? mineOf(session) : session.place ?? (session.link && say.link)
  const end = session.cancelled ? <Tag icon="cross">{words.cancelled}</Tag>
    : past ? null
      : session.apology.state === 'sent' ? <Tag icon="envelope">{say.sentApologies}</Tag>
        : session.news.length > 0 ? <Tag tone="teal">{words.changed}</Tag>
          : isNext ? <Tag tone="teal">{words.thisOne}</Tag> : null
  return (
    <li>
      <a class={past ? 'row date past' : 'row date'} href={href('session', { rec: session.rec })} {...(current && { 'aria-current': 'page' as const })}>
        <Day on={session.when.on} />
        <span class="row-text">
          <span class="row-title">{timeWords(session.when.start)}</span>
          {sub && <span class="row-sub">{sub}</span>}
          {end && <span>{end}</span>}
        </span>
        <Icon name="next" size={18} />
      </a>
    </li>
  )
}

/** A day as on a tear-off calendar. */
function Day({ on }: { readonly on: string }): JSX.Element {
  const [weekday, day, month] = dayWords(on, 'short').split(' ')
  return <span class="day"><span>{weekday}</span> <b>{day}</b> <span>{month}</span></span>
}

/** The dates beside a session or the rules, where there is room. */
export function SideDates({ rec, circle }: { readonly rec?: string; readonly circle?: string }): JSX.Element | null {
  const at = circle ?? findSession(rec ?? '')?.circle
  const group = myGroups().find((one) => one.circle === at)
  return group ? <div class="section"><h2>{group.name}</h2><Dates group={group} {...(rec && { open: rec })} /></div> : null
}

// -- rules, people, audiences ---------------------------------------------------------------

function RulesRow({ group }: { readonly group: GroupView }): JSX.Element {
  const { rules } = group
  const agreed = rules?.agreedVersion
  const sub = !rules ? words.rulesNone
    : agreed && rules.agreedAt ? words.agreedOn(agreed, dayWords(instantToWall(rules.agreedAt, zone).on)) : words.version(rules.version)
  const mustAgree = rules && group.roles.includes('member') && agreed !== rules.version
  return (
    <Rows>
      <Row icon="rules" title={words.rules} sub={sub} end={mustAgree ? <Tag tone="teal">{words.notAgreed}</Tag> : null}
        href={href('rules', { circle: group.circle })} />
    </Rows>
  )
}

function People({ people }: { readonly people: readonly PersonView[] }): JSX.Element {
  const state = (person: PersonView): SeatState => (person.isMe ? 'me' : person.roles.includes('leader') ? 'leader' : 'plain')
  const seated = people.filter((person) => !person.roles.includes('coordinator'))
  return (
    <Section title={words.people}>
      <Ring label={words.ring(seated.length)} height={seated.length > 10 ? 420 : 320} middle={words.peopleCount(people.length)}
        people={seated.map((person) => ({ name: person.name, state: state(person) }))} />
      <Details title={words.names} kept="names">
        <ul role="list" class="people">
          {people.map((person) => (
            <li key={person.person}><bdi>{person.label}</bdi>{roleTags(person)}</li>
          ))}
        </ul>
      </Details>
    </Section>
  )
}

function roleTags(person: PersonView): JSX.Element {
  return (
    <span class="people-tags">
      {person.isMe && <Tag tone="teal">{words.you}</Tag>}
      {person.roles.includes('leader') && <Tag>{words.leads}</Tag>}
      {person.roles.includes('coordinator') && <Tag>{words.coordinates}</Tag>}
      {person.roles.includes('observer') && <Tag>{words.observes}</Tag>}
      {!person.hasApp && <Tag>{words.noApp}</Tag>}
    </span>
  )
}

function Sees({ group }: { readonly group: GroupView }): JSX.Element {
  return (
    <Section title={words.sees}>
      <p class="quiet-text">{words.seesHint}</p>
      <dl class="sees">
        {group.audiences.map((audience) => (
          <div key={audience.space}>
            <dt>{words.audiences[audience.space]}</dt>
            <dd><Readers names={audience.readers} /></dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}

/** Few are named; many are counted, and named when asked. */
function Readers({ names }: { readonly names: readonly string[] }): JSX.Element {
  if (names.length <= 4) return <span class="readers"><Icon name="eye" size={18} />{list(names)}</span>
  return <Details title={words.readers(names.length)}><p class="quiet-text">{list(names)}</p></Details>
}

export function LostGroup(): JSX.Element {
  return (
    <Page>
      <PageHead title={words.lost} up="groups" />
      <p>{words.lostText}</p>
    </Page>
  )
}
