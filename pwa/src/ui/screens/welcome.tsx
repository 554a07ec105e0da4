/** What the invitation brought, until a phone of the group has given the key. */

import type { JSX } from 'preact'
import type { WelcomeView } from '../../domain/welcome.ts'
import { today as words } from '../../words/en/today.ts'
import { Card, Details } from '../parts/index.ts'

export function Welcome({ welcome }: { readonly welcome: WelcomeView }): JSX.Element {
  return (
    <Card kicker={words.welcomeAsOf(welcome.asOf)} title={welcome.group || words.welcome}>
      {welcome.next.length > 0 && <ul class="bullets">{welcome.next.map((date) => <li key={date}>{date}</li>)}</ul>}
      <p class="quiet">{words.welcomeWaits}</p>
      {welcome.rules.length > 0 && (
        <Details title={words.welcomeRules}>
          <ol class="bullets">{welcome.rules.map((rule) => <li key={rule}>{rule}</li>)}</ol>
        </Details>
      )}
    </Card>
  )
}
