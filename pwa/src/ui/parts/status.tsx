/** The one status line, under the top bar of every screen: text and icon, never colour alone. */

import { useEffect, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { Status } from '../../domain/views.ts'
import { clockWords, dayWords, instantToWall } from '../../domain/time.ts'
import { common } from '../../words/en/common.ts'
import { list } from '../../words/index.ts'
import { href } from '../router.ts'
import { net, progress, status, zone } from '../truth.ts'
import { Icon, type IconName } from './icons.tsx'

const words = common.status

interface Line { readonly text: string; readonly icon: IconName; readonly tone: string; readonly to: string | null }

/** What the line says of a status. */
export function statusWords(s: Status): Line {
  const phone = href('phone')
  const noSignal = net.value.state === 'offline'
  switch (s.kind) {
    case 'sent': return { text: words.sent(clockWords(s.at, zone)), icon: 'sent', tone: '', to: phone }
    case 'sending': return { text: words.sending(s.count), icon: 'sending', tone: 'amber', to: phone }
    case 'pending': return noSignal
      ? { text: words.pendingOffline(s.count), icon: 'nosignal', tone: 'amber', to: phone }
      : { text: words.pending(s.count), icon: 'phone', tone: 'amber', to: phone }
    case 'offline': return { text: words.offline, icon: 'nosignal', tone: '', to: null }
    case 'stuck': return { text: words.stuck(s.count, dayWords(instantToWall(s.since, zone).on, 'weekday')), icon: 'warning', tone: 'wash', to: phone }
    case 'stale': return { text: words.stale(s.days), icon: 'clock', tone: 'wash', to: phone }
    case 'differ': return {
      text: words.differ(list(s.names), s.people), icon: 'differ', tone: 'violet', to: href('register', { rec: s.session.rec }),
    }
    case 'refused': return { text: words.refused(s.count), icon: 'warning', tone: 'error', to: phone }
    case 'unsaved': return { text: words.unsaved(s.count), icon: 'warning', tone: 'error', to: phone }
    case 'locked': return { text: words.locked, icon: 'lock', tone: '', to: null }
    case 'revoked': return { text: words.revoked, icon: 'lock', tone: '', to: null }
    case 'clock': return { text: words.clock(s.hours), icon: 'clock', tone: 'wash', to: phone }
    case 'madeup': return { text: words.madeup, icon: 'phone', tone: '', to: null }
  }
}

/** The line itself. It is announced once for each change of state, not for each tap. */
export function StatusLine(): JSX.Element {
  const s = status.value
  const first = progress.value
  const line = first && s.kind !== 'unsaved'
    ? { text: words.first(first.done, first.of), icon: 'clock' as const, tone: '', to: null } : statusWords(s)
  const kind = first ? 'first' : s.kind
  const [said, say] = useState('')
  useEffect(() => say(line.text), [kind])
  const inside = <><Icon name={line.icon} size={16} /><span>{line.text}</span></>
  return (
    <section class="status-line" aria-label={words.name}>
      {line.to ? <a class={`status ${line.tone}`} href={line.to}>{inside}</a>
        : <div class={`status ${line.tone}`}>{inside}</div>}
      <p class="unseen" role="status">{said}</p>
    </section>
  )
}
