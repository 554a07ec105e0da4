/** Copies a text, and says that it did. */

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { common as words } from '../../words/en/common.ts'
import { Icon } from './icons.tsx'

/** `label` says what is copied: 'Copy the place'. */
export function CopyButton({ text, label, short }: {
  readonly text: string; readonly label: string; readonly short?: boolean
}): JSX.Element {
  const [done, say] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => say(false), 3000)
    return () => clearTimeout(timer)
  }, [done])
  const copy = (): void => void navigator.clipboard?.writeText(text).then(() => say(true), () => {})
  return (
    <button type="button" class="chip" onClick={copy} {...(short && { 'aria-label': label })}>
      <Icon name={done ? 'tick' : 'copy'} size={18} />
      <span>{done ? words.copied : short ? words.copy : label}</span>
      <span class="unseen" role="status">{done ? words.copied : ''}</span>
    </button>
  )
}

/** A small link beside a fact, or the same words without a link and the reason why. */
export function ChipLink({ href, icon, label, off }: {
  readonly href: string; readonly icon: 'place' | 'link'; readonly label: string; readonly off?: string | null
}): JSX.Element {
  if (off) return <span class="chip off"><Icon name={icon} size={18} /><span>{label}. {off}</span></span>
  return <a class="chip" href={href} target="_blank" rel="noreferrer"><Icon name={icon} size={18} /><span>{label}</span></a>
}
