/** The parts of a session that stand on more than one screen: where, who, can you come. */

import type { JSX } from 'preact'
import type { SessionView } from '../../domain/views.ts'
import { today as words } from '../../words/en/today.ts'
import { list } from '../../words/index.ts'
import { href } from '../router.ts'
import { now, net } from '../truth.ts'
import { LinkButton } from './button.tsx'
import { ChipLink, CopyButton } from './copy.tsx'
import { Icon } from './icons.tsx'
import { Audience, Inset, Saving, Tag } from './page.tsx'
import { stale } from '../say.ts'

/** Where it is: a place to copy and to find, a link to join by, who leads. */
export function WhereAndWho({ session }: { readonly session: SessionView }): JSX.Element {
  const old = stale(session, now.value)
  const leaders = session.ledBy.map((person) => person.label)
  const off = net.value.state === 'offline' ? words.needsSignal : null
  return (
    <div class="where">
      {session.place && (
        <div class="where-line"><Icon name="place" size={20} /><div>
          <p>{session.place}</p>
          <div class="chips">
            <CopyButton text={session.place} label={words.copyPlace} short />
            <ChipLink href={mapOf(session.place)} icon="place" label={words.map} off={off} />
          </div>
        </div></div>
      )}
      {session.link && (
        <div class="where-line"><Icon name="link" size={20} /><div>
          <p>{words.link}</p>
          <div class="chips">
            <ChipLink href={session.link} icon="link" label={words.join} off={off} />
            <CopyButton text={session.link} label={words.copyLink} />
            {session.passcode && <CopyButton text={session.passcode} label={words.passcode(session.passcode)} />}
          </div>
          <p class="quiet-text">{words.privatePlace}</p>
        </div></div>
      )}
      {!session.place && !session.link && <div class="where-line"><Icon name="place" size={20} /><p>{words.noPlace}</p></div>}
      <div class="where-line"><Icon name="person" size={20} />
        <p>{leaders.length ? words.ledBy(leaders) : words.noLeader}</p>
      </div>
      {old && <Tag tone="amber" icon="clock">{old}</Tag>}
    </div>
  )
}

/** What the phone's own map makes of a place: nothing is asked until it is tapped. */
function mapOf(place: string): string {
  const query = encodeURIComponent(place)
  if (/iPhone|iPad/.test(navigator.userAgent)) return `https://maps.apple.com/?q=${query}`
  return /Android/.test(navigator.userAgent) ? `geo:0,0?q=${query}`
    : `https://www.openstreetmap.org/search?query=${query}`
}

/** "Can you come?": one tap leads to apologies; what was sent is said, with who can see it. */
export function CanYouCome({ session }: { readonly session: SessionView }): JSX.Element | null {
  const { apology } = session
  if (!session.iAttend || session.cancelled || session.phase === 'past') return null
  const to = href('apology', { rec: session.rec })
  if (apology.state === 'sent') {
    return (
      <div class="can-come">
        <h3>{words.sentApologies}</h3>
        <Saving state={apology.pending ? 'saved' : 'sent'} />
        <Audience>{list(apology.readers) && words.seenBy(apology.readers)}{apology.groupSees && `. ${words.seenByGroup}`}</Audience>
        <LinkButton kind="secondary" href={to}>{words.changeApology}</LinkButton>
      </div>
    )
  }
  return (
    <div class="can-come">
      <h3>{words.canCome}</h3>
      <p class="quiet-text">{words.expected}</p>
      <LinkButton kind="secondary" href={to}>{words.cannot}</LinkButton>
    </div>
  )
}

/** Cancelled, why, and what there is instead. */
export function Cancelled({ session }: { readonly session: SessionView }): JSX.Element | null {
  if (!session.cancelled) return null
  return (
    <Inset icon="cross">
      <p>{session.reason ? words.cancelledWhy(session.reason) : words.cancelled}</p>
      {session.replacedBy && <p><a href={href('session', { rec: session.replacedBy })}>{words.seeReplacement}</a></p>}
    </Inset>
  )
}
