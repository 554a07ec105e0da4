/** Today: when and where, can you come, and what needs me. */

import './today.css'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { chooseSitting, seeChange, seeNotice, sittings } from '../../domain/board.ts'
import { me, people } from '../../domain/people.ts'
import { today as todayOf } from '../../domain/schedule.ts'
import { dayWords, instantToWall, timeWords } from '../../domain/time.ts'
import type { SessionView, Todo, TodayView } from '../../domain/views.ts'
import { welcomes } from '../../domain/welcome.ts'
import { today as words } from '../../words/en/today.ts'
import { act, pen } from '../act.ts'
import { wantsInstall } from '../install-offer.ts'
import { Later } from '../parts/later.tsx'
import { Audience, Button, CanYouCome, Cancelled, Card, Choices, Empty, Icon, LinkButton, PageHead, WhereAndWho } from '../parts/index.ts'
import { go, href } from '../router.ts'
import { ago, changeOf, dayOf, elsewhere, hoursOf, momentOf, nameOf, nearness } from '../say.ts'
import { now, progress, whole, world, zone } from '../truth.ts'
import { Welcome } from './welcome.tsx'

const installCard = async () => {
  const { InstallCard } = await import('../install.tsx')
  return () => <InstallCard />
}

export function Today(): JSX.Element {
  const view = todayOf(world.value, now.value, zone)
  useEffect(() => { shortcut(view) }, [])
  const registers = view.todos.filter(isRegister)
  const changes = view.todos.filter(isChange)
  const rest = view.todos.filter((todo) => !isRegister(todo) && !isChange(todo)
    // Registers are read after the first paint: until then nobody knows which is missing.
    && (todo.kind !== 'register_missing' || whole.value))
  return (
    <div class="page two">
      <PageHead title={words.heading} sub={dayWords(instantToWall(now.value, zone).on)} />
      <div class="column">
        {registers.filter((todo) => todo.session.rec !== view.next?.rec).map((todo) => <Needs key={keyOf(todo)} todo={todo} />)}
        {changes.filter((todo) => todo.session.rec !== view.next?.rec).map((todo) => <Needs key={keyOf(todo)} todo={todo} />)}
        {view.next ? <Next session={view.next} register={registers.find((todo) => todo.session.rec === view.next?.rec)} /> : <Nothing view={view} />}
      </div>
      <div class="column">
        {view.week.length > 1 && <Week sessions={view.week} on={view.weekOn} />}
        {rest.map((todo) => <Needs key={keyOf(todo)} todo={todo} />)}
        {wantsInstall.value && <Later load={installCard} />}
      </div>
    </div>
  )
}

/** Where a shortcut of the icon leads: Back then finds Today. */
function shortcut(view: TodayView): void {
  const wanted = new URLSearchParams(location.search).get('do')
  if (!wanted) return
  history.replaceState(history.state, '', location.pathname)
  const session = view.todos.find(isRegister)?.session
  if (wanted === 'register' && session) go('register', { rec: session.rec })
  if (wanted === 'apologies' && view.next?.iAttend) go('apology', { rec: view.next.rec })
}

type Register = Todo & { kind: 'register' }
const isRegister = (todo: Todo): todo is Register => todo.kind === 'register'
const isChange = (todo: Todo): todo is Todo & { kind: 'changed' } => todo.kind === 'changed'

/** The one thing that people open the app for: it needs no tap. */
function Next({ session, register }: { readonly session: SessionView; readonly register: Register | undefined }): JSX.Element {
  const here = elsewhere(session.when)
  return (
    <section class="card next">
      <p class="card-kicker">{session.phase === 'now' ? nearness(session, now.value) : `${words.next} · ${nearness(session, now.value)}`}</p>
      <h2><a class="next-link" href={href('session', { rec: session.rec })}>
        <span class="next-day">{dayOf(session.when, now.value)}<Icon name="next" size={20} /></span>
        <span class="next-hours">{hoursOf(session.when)}</span>
      </a></h2>
      {here && <p class="quiet">{here}</p>}
      <p class="quiet">{nameOf(session)}</p>
      {register && <TakeRegister todo={register} />}
      <Cancelled session={session} />
      {session.news.length > 0 && <News session={session} />}
      {!session.cancelled && <WhereAndWho session={session} />}
      <CanYouCome session={session} />
    </section>
  )
}

function TakeRegister({ todo }: { readonly todo: Register }): JSX.Element {
  return (
    <>
      {todo.marked > 0 && <p class="quiet">{words.marked(todo.marked, todo.of)}</p>}
      <LinkButton icon="register" href={href('register', { rec: todo.session.rec })}>
        {todo.marked > 0 ? words.carryOn : words.take}
      </LinkButton>
    </>
  )
}

/** What others changed since I looked; it stands until I say that I have seen it. */
function News({ session, alone }: { readonly session: SessionView; readonly alone?: boolean }): JSX.Element {
  const Heading = alone ? 'h2' : 'h3'
  return (
    <div class="news">
      {session.news.map((change) => (
        <div key={`${change.at} ${change.what}`}>
          <Heading>{changeOf(change)}</Heading>
          <p class="news-by">{words.changedBy(change.by, ago(change.at, now.value, zone))}</p>
        </div>
      ))}
      <Button kind="secondary" small icon="tick" onClick={() => void act(seeChange(world.value, pen(), session))}>{words.seen}</Button>
    </div>
  )
}

function Nothing({ view }: { readonly view: TodayView }): JSX.Element {
  const getting = progress.value
  if (getting) {
    return (
      <Card title={words.first}>
        <progress class="meter" value={getting.done} max={getting.of} aria-label={words.first} />
        <p class="quiet">{words.firstText}</p>
      </Card>
    )
  }
  const welcome = welcomes(world.value)
  if (welcome.length) return <>{welcome.map((one) => <Welcome key={one.circle} welcome={one} />)}</>
  if (view.groups === 0) return <Empty icon="groups" title={words.noGroup}><p class="quiet">{words.noGroupText}</p></Empty>
  return (
    <Empty icon="today" title={words.nothing}>
      <p class="quiet">{view.later
        ? <a href={href('session', { rec: view.later.rec })}>{words.nothingNext(momentOf(view.later.when))}</a>
        : words.nothingYet}</p>
    </Empty>
  )
}

/** Which sitting I come to: one tap, and only for this week (E-27). */
function Week({ sessions, on }: { readonly sessions: readonly SessionView[]; readonly on: string | null }): JSX.Element | null {
  const [first] = sessions
  if (!first || !on) return null
  const { chosen, usual } = sittingOf(first.circle, on, sessions)
  const choose = (rec: string): void =>
    void act(chooseSitting(world.value, pen(), first.circle, on, rec === neither ? null : rec))
  const next = on > instantToWall(now.value, first.when.tz).on
  return (
    <section class="card">
      <Choices legend={next ? words.nextWeek : words.week} hint={words.weekHint} value={chosen} onChoose={choose}
        options={[
          ...sessions.map((one) => ({ value: one.rec, label: words.sitting(dayWords(one.when.on, 'weekday'), timeWords(one.when.start)), ...(one.rec === usual && { hint: words.usual }) })),
          { value: neither, label: words.neither },
        ]} />
      <Audience>{words.weekSeen}</Audience>
    </section>
  )
}

const neither = 'neither'

/** What I chose for a week, or my usual sitting; null when I have no usual one and chose nothing. */
function sittingOf(circle: string, on: string, week: readonly SessionView[]): { chosen: string | null; usual: string | undefined } {
  const mine = me(world.value, circle) ?? ''
  const series = people(world.value, circle).find((person) => person.person === mine)?.item.fields.usual
  const usual = week.find((one) => one.series === series)?.rec
  const choice = sittings(world.value, circle, on).get(mine)
  return { chosen: choice === null ? neither : choice ?? usual ?? null, usual }
}

const keyOf = (todo: Todo): string =>
  'session' in todo ? `${todo.kind} ${todo.session.rec}` : `${todo.kind} ${todo.circle}`

function Needs({ todo }: { readonly todo: Todo }): JSX.Element {
  switch (todo.kind) {
    case 'register': return (
      <section class="card teal">
        <p class="card-kicker">{nearness(todo.session, now.value)}</p>
        <h2>{nameOf(todo.session)}</h2>
        <TakeRegister todo={todo} />
      </section>
    )
    case 'register_missing': return (
      <Card title={words.missing}>
        <p class="quiet">{words.missingText(todo.session.groupName, dayWords(todo.session.when.on))}</p>
        {todo.session.iLead
          ? <LinkButton kind="secondary" href={href('register', { rec: todo.session.rec })}>{words.finishIt}</LinkButton>
          : <LinkButton kind="secondary" href={href('session', { rec: todo.session.rec })}>{words.lookAt}</LinkButton>}
      </Card>
    )
    case 'differ': return (
      <Card tone="violet" title={<><Icon name="differ" size={20} />{words.differ(todo.names, todo.people)}</>}>
        <p class="quiet">{words.missingText(todo.session.groupName, dayWords(todo.session.when.on))}</p>
        <LinkButton kind="secondary" href={href('register', { rec: todo.session.rec })}>{words.settle}</LinkButton>
      </Card>
    )
    case 'changed': return (
      <Card kicker={momentOf(todo.session.when)}><News session={todo.session} alone /></Card>
    )
    case 'rules': return (
      <Card title={words.rules(todo.version)}>
        <p class="quiet">{words.rulesText}</p>
        <LinkButton kind="secondary" href={href('rules', { circle: todo.circle })}>{words.rulesRead}</LinkButton>
      </Card>
    )
    case 'notice': return (
      <Card title={todo.title ?? words.notice} kicker={words.noticeBy(todo.by, ago(todo.at, now.value, zone))}>
        <p>{todo.text}</p>
        <Button kind="secondary" icon="tick" onClick={() => void act(seeNotice(world.value, pen(), todo.rec))}>{words.seen}</Button>
      </Card>
    )
  }
}
