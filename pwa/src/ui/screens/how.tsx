/** How this works, and what it does not promise. */

import type { JSX } from 'preact'
import { more } from '../../words/en/more.ts'
import { Inset, Page, PageHead, Section } from '../parts/index.ts'
import { vault } from '../truth.ts'
import '../style/more.css'

const words = more.how

export function How(): JSX.Element {
  return (
    <Page>
      <PageHead title={words.heading} up={vault.value === 'empty' ? 'front' : 'more'} />
      <p>{words.lead}</p>
      {words.parts.map((part) => (
        <Section key={part.title} title={part.title}>
          {part.text.map((line) => <p key={line}>{line}</p>)}
        </Section>
      ))}
      <Section title={words.reads}>
        <dl class="who-reads">
          {words.readers.map(([what, who]) => <div key={what}><dt>{what}</dt><dd>{who}</dd></div>)}
        </dl>
      </Section>
      <Section title={words.not}>
        <p>{words.notLead}</p>
        <ol class="limits">
          {words.limits.map(([title, text]) => <li key={title}><strong>{title}.</strong> {text}</li>)}
        </ol>
        <Inset icon="warning"><p>{words.medical}</p></Inset>
      </Section>
    </Page>
  )
}
