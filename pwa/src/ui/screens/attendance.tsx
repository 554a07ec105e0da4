/** My attendance: what my leaders wrote down about me, counted and line by line. */

import type { JSX } from 'preact'
import { attendance } from '../../domain/attendance.ts'
import { groupName } from '../../domain/meetings.ts'
import { circlesOf, comes } from '../../domain/people.ts'
import { dayWords } from '../../domain/time.ts'
import type { AttendanceView, MyMark } from '../../domain/views.ts'
import { more } from '../../words/en/more.ts'
import { Audience, Details, Empty, Inset, Page, PageHead, Section, Tag, Waiting, type IconName } from '../parts/index.ts'
import { href } from '../router.ts'
import { now, whole, world, zone } from '../truth.ts'
import '../style/more.css'

const words = more.attendance
/** So many lines stand open; older ones unfold. */
const OPEN = 12

export function Attendance(): JSX.Element {
  if (!whole.value) return <Waiting />
  const groups = circlesOf(world.value, 'group').filter((circle) => comes(world.value, circle.id))
  const views = groups.map((circle) => attendance(world.value, circle.id, now.value, zone))
  return (
    <Page>
      <PageHead title={words.heading} up="more"><Audience>{words.audience}</Audience></PageHead>
      {views.length === 0 && <Empty icon="register" title={words.noGroups}><p class="quiet">{words.noGroupsText}</p></Empty>}
      {views.map((view) => <Group key={view.circle} view={view} />)}
      {views.some((view) => view.lines.length > 0) && <p class="quiet-text">{words.wrong}</p>}
    </Page>
  )
}

function Group({ view }: { readonly view: AttendanceView }): JSX.Element {
  const name = groupName(world.value, view.circle) ?? words.heading
  const agreeing = view.lines.filter((line) => line.mark === 'still_agreeing').length
  if (view.lines.length === 0) {
    return <Section title={name}><Empty icon="register" title={words.none}><p class="quiet">{words.noneText}</p></Empty></Section>
  }
  const newest = view.lines.toReversed()
  const [open, older] = [newest.slice(0, OPEN), newest.slice(OPEN)]
  return (
    <Section title={name}>
      <p class="tally"><strong class="nums">{words.of(view.attended, view.of)}</strong> <span>{words.since}</span></p>
      {agreeing > 0 && <Inset tone="violet" icon="differ"><p>{words.agreeing(agreeing)}</p></Inset>}
      <Lines lines={open} />
      {older.length > 0 && <Details title={words.older(older.length)}><Lines lines={older} /></Details>}
    </Section>
  )
}

function Lines({ lines }: { readonly lines: AttendanceView['lines'] }): JSX.Element {
  return (
    <ul role="list" class="rows">
      {lines.map(({ session, mark }) => (
        <li key={session.rec}>
          <a class="row" href={href('session', { rec: session.rec })}>
            <span class="row-text">
              <span class="row-title">{dayWords(session.when.on, 'short')}</span>
              <span class="row-sub">{words.session(session.number)}</span>
            </span>
            <Mark mark={mark} />
          </a>
        </li>
      ))}
    </ul>
  )
}

const icons: Partial<Record<MyMark, IconName>> = {
  here: 'tick', late: 'clock', apology_before: 'envelope', apology_after: 'envelope', still_agreeing: 'differ',
}

function Mark({ mark }: { readonly mark: MyMark }): JSX.Element {
  const icon = icons[mark]
  const tone = mark === 'still_agreeing' ? 'violet' : mark === 'here' || mark === 'late' || mark === 'attended_elsewhere' ? 'teal' : 'plain'
  return <Tag tone={tone} {...(icon && { icon })}>{words.marks[mark]}</Tag>
}
