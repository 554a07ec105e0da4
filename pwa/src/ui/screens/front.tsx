/** The front page of a fresh phone: a code, a recovery code, or a made-up group. */

import './front.css'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { sentenceFor } from '../../words/en/errors.ts'
import { door as words } from '../../words/en/door.ts'
import { startMadeUp } from '../act.ts'
import { openDemo } from '../door.ts'
import { InstallCard } from '../install.tsx'
import { Button, Card, ErrorSummary, LinkButton, Mark, Page, PageHead, Row, Rows, type Wrong } from '../parts/index.ts'
import { goInstead, href } from '../router.ts'
import { people, type DemoPerson } from '../truth.ts'
import { codeOf } from './failed.ts'

export function Front(): JSX.Element {
  const [errors, setErrors] = useState<readonly Wrong[]>([])
  const enter = (opening: Promise<void>): void => void opening.then(
    () => goInstead('today'), (e: unknown) => setErrors([{ text: sentenceFor(codeOf(e)) }]))
  return (
    <Page>
      <div class="welcome">
        <Mark size={96} />
        <PageHead title={words.heading} />
        <p>{words.lead}</p>
      </div>
      <ErrorSummary errors={errors} />
      <InstallCard door />
      <div class="door-ways">
        <LinkButton href={href('join')}>{words.haveCode}</LinkButton>
        <LinkButton href={href('open')} kind="secondary">{words.haveRecovery}</LinkButton>
      </div>
      {people.value.length > 0 && <Demo onOpen={(person) => enter(openDemo(person))} />}
      <Card title={words.tryIt}>
        <p class="quiet">{words.tryText}</p>
        <div class="buttons" role="group" aria-label={words.tryAs}>
          <Button kind="secondary" onClick={() => enter(startMadeUp('member'))}>{words.asMember}</Button>
          <Button kind="secondary" onClick={() => enter(startMadeUp('leader'))}>{words.asLeader}</Button>
        </div>
      </Card>
      <p class="audience">{words.promise}</p>
    </Page>
  )
}

/** Only where the server says that it is a demo. */
function Demo({ onOpen }: { readonly onOpen: (person: DemoPerson) => void }): JSX.Element {
  return (
    <section class="section">
      <h2>{words.demo}</h2>
      <p class="quiet-text">{words.demoText}</p>
      <Rows>
        {people.value.map((person) => (
          <Row key={person.role} icon="person" title={person.name} sub={words.roles[person.role] ?? person.role} onClick={() => onOpen(person)} />
        ))}
      </Rows>
    </section>
  )
}
