/** Help, one tap from every screen, without signal. Contacts are data of the programme, never invented. */

import './help.css'
import type { JSX } from 'preact'
import { help } from '../../domain/schedule.ts'
import { dayWords } from '../../domain/time.ts'
import type { HelpContact } from '../../domain/views.ts'
import { help as words } from '../../words/en/help.ts'
import { Details, Empty, Icon, Inset, Page, PageHead, Section } from '../parts/index.ts'
import { world } from '../truth.ts'

export function Help(): JSX.Element {
  const contacts = help(world.value)
  return (
    <Page>
      <PageHead title={words.heading} up="today" />
      <Section title={words.contacts}>
        {contacts.length > 0 ? <p class="quiet-text">{words.contactsText}</p>
          : <Empty icon="help" title={words.none}><p class="quiet">{words.noneText}</p></Empty>}
        <ul role="list" class="contacts">{contacts.map((contact) => <Contact key={contact.name} contact={contact} />)}</ul>
      </Section>
      <Inset icon="clock"><p>{words.group}</p></Inset>
      <Section title={words.using}>
        <div class="answers">
          {words.answers.map(({ ask, answer }) => <Details key={ask} title={ask}><p>{answer}</p></Details>)}
        </div>
      </Section>
    </Page>
  )
}

function Contact({ contact }: { readonly contact: HelpContact }): JSX.Element {
  const to = reachOf(contact.reach)
  return (
    <li class="contact">
      <div class="contact-text">
        <h3>{contact.name}</h3>
        <p>{[contact.forWhom, contact.hours].filter(Boolean).join(' · ')}</p>
        <p class="contact-checked">{checkedWords(contact)}</p>
      </div>
      {to ? <a class="contact-reach" href={to.href} aria-label={`${to.call ? words.call(contact.name) : words.open(contact.name)}: ${contact.reach}`}
        {...(!to.call && { target: '_blank' as const, rel: 'noreferrer' })}><Icon name={to.call ? 'call' : 'link'} size={20} /><span>{contact.reach}</span></a>
        : <p class="contact-reach plain">{contact.reach}</p>}
    </li>
  )
}

function checkedWords({ checkedOn, source }: HelpContact): string {
  if (!checkedOn) return words.notChecked
  return source ? words.checked(dayWords(checkedOn, 'full'), source) : words.checkedOn(dayWords(checkedOn, 'full'))
}

/** Numbers are called, addresses opened; anything else is only read. */
function reachOf(reach: string): { readonly href: string; readonly call: boolean } | null {
  if (/^\+?[\d\s()-]{3,}$/.test(reach)) return { href: `tel:${reach.replace(/[^\d+]/g, '')}`, call: true }
  if (/^https:\/\/\S+$/.test(reach)) return { href: reach, call: false }
  if (/^\S+@\S+\.\S+$/.test(reach)) return { href: `mailto:${reach}`, call: false }
  return null
}
