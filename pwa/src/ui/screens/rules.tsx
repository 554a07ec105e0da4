/** Ground rules and guidelines: what was agreed in the room, with its version. */

import './rules.css'
import type { JSX } from 'preact'
import { agree } from '../../domain/board.ts'
import { dayWords, instantToWall } from '../../domain/time.ts'
import type { GroupView, RulesView } from '../../domain/views.ts'
import { groups as words } from '../../words/en/groups.ts'
import { act, pen } from '../act.ts'
import { myGroups } from '../find.ts'
import { Audience, Button, Details, Empty, Inset, Page, PageHead, Saving, Section, Tag } from '../parts/index.ts'
import { now, world, zone } from '../truth.ts'
import { LostGroup } from './group.tsx'

/** After this long without a look at the server, rules may be old. */
const oldAfter = 14 * 24 * 3_600_000

export function Rules({ circle }: { readonly circle: string }): JSX.Element {
  const group = myGroups().find((one) => one.circle === circle)
  if (!group) return <LostGroup />
  const { rules } = group
  return (
    <Page>
      <PageHead title={rules?.title ?? words.rules} up="group" upParams={{ circle }}
        sub={rules ? `${group.name} · ${words.version(rules.version)}` : group.name} />
      {rules ? <Agreed group={group} rules={rules} /> : <Empty icon="rules" title={words.rulesNone}><p class="quiet">{words.rulesNoneText}</p></Empty>}
    </Page>
  )
}

function Agreed({ group, rules }: { readonly group: GroupView; readonly rules: RulesView }): JSX.Element {
  const old = group.checkedAt !== null && now.value - group.checkedAt > oldAfter
  return (
    <>
      {old && <Inset tone="amber" icon="clock"><p>{words.maybeOld(rules.version)}</p></Inset>}
      <ol class="rules">{rules.rules.map((rule) => <li key={rule}>{rule}</li>)}</ol>
      {group.roles.includes('member') && <Mine group={group} rules={rules} />}
      {rules.guidelines.length > 0 && (
        <Section title={words.guidelines}>
          <div class="guidelines">
            {rules.guidelines.map((line) => line.why
              ? <Details key={line.text} title={line.text}><p>{line.why}</p></Details> : <p key={line.text}>{line.text}</p>)}
          </div>
        </Section>
      )}
      {group.roles.includes('leader') && <Members rules={rules} />}
      <Audience>{words.rulesSeen}</Audience>
    </>
  )
}

function Mine({ group, rules }: { readonly group: GroupView; readonly rules: RulesView }): JSX.Element {
  const agreed = rules.agreedVersion === rules.version
  if (agreed) {
    return (
      <div class="card teal">
        <p>{words.agreedOn(rules.version, dayWords(instantToWall(rules.agreedAt ?? now.value, zone).on))}</p>
        <Saving state={rules.agreementPending ? 'saved' : 'sent'} />
      </div>
    )
  }
  return (
    <div class="card">
      <p>{rules.agreedVersion ? words.newVersion(rules.agreedVersion) : words.notYet}</p>
      <Button onClick={() => void act(agree(world.value, pen(), group.circle))}>{words.agree(rules.version)}</Button>
      <Audience>{words.agreeSeen}</Audience>
    </div>
  )
}

/** For leaders: who has agreed to this version, and who not yet. */
function Members({ rules }: { readonly rules: RulesView }): JSX.Element {
  const agreed = rules.members.filter((member) => member.agreed).length
  return (
    <Section title={words.whoAgreed(agreed, rules.members.length)}>
      <ul role="list" class="people">
        {rules.members.map((member) => (
          <li key={member.label}><bdi>{member.label}</bdi>
            <Tag tone={member.agreed ? 'teal' : 'plain'} {...(member.agreed && { icon: 'tick' as const })}>{member.agreed ? words.agreed : words.notAgreed}</Tag></li>
        ))}
      </ul>
    </Section>
  )
}
