/** Signing out: never while something is only on this phone, unless it was taken along as a copy. */

import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { unsent } from '../../domain/status.ts'
import { sentenceFor } from '../../words/en/errors.ts'
import { more } from '../../words/en/more.ts'
import { signOut } from '../door.ts'
import { Button, Buttons, Inset, LinkButton, Sheet } from '../parts/index.ts'
import { goInstead, href } from '../router.ts'
import { madeUp, world } from '../truth.ts'
import { codeOf } from './failed.ts'
import type { Kit } from './kit-state.ts'
import { takeCopy } from './own-copy.ts'

const words = more.signOut

export function SignOut({ kit, onClose }: { readonly kit: Kit; readonly onClose: () => void }): JSX.Element {
  const [busy, work] = useState(false)
  const [failed, fail] = useState<string | null>(null)
  const [copy, keep] = useState<string | null>(null)
  const waiting = unsent(world.value).length

  const attempt = async (step: () => Promise<void>): Promise<void> => {
    work(true)
    fail(null)
    await step().catch((error: unknown) => fail(codeOf(error)))
    work(false)
  }
  const leave = (force: boolean): void => void attempt(async () => {
    await signOut({ force })
    goInstead('front')
  })
  const stay = <Button kind="secondary" onClick={onClose}>{words.stay}</Button>
  const say = (title: string, text: ComponentChildren, ways: ComponentChildren): JSX.Element => (
    <Sheet title={title} onClose={onClose}>
      {failed && <div role="alert"><Inset tone="error" icon="warning"><p>{sentenceFor(failed)}</p></Inset></div>}
      {text}
      <Buttons>{ways}</Buttons>
      <p class="unseen" role="status">{busy ? words.working : ''}</p>
    </Sheet>
  )

  if (madeUp.value) {
    return say(words.madeUp, <p>{words.madeUpText}</p>,
      <><Button disabled={busy} onClick={() => leave(true)}>{words.madeUpYes}</Button>{stay}</>)
  }
  if (kit === 'needed') {
    return say(words.kit, <p>{words.kitText}</p>,
      <><LinkButton href={href('kit')} icon="key">{words.kitDo}</LinkButton>{stay}</>)
  }
  if (waiting > 0 && copy) {
    return say(words.blocked, <p>{words.exported(copy)}</p>,
      <><Button disabled={busy} onClick={() => leave(true)}>{words.haveIt}</Button>{stay}</>)
  }
  if (waiting > 0) {
    const take = (): void => void attempt(async () => keep(await takeCopy()))
    return say(words.blocked,
      <><p>{words.blockedN(waiting)}</p><p>{words.blockedNext}</p><p><a href={href('phone')}>{words.list}</a></p></>,
      <><Button onClick={onClose}>{words.stay}</Button>
        <Button kind="secondary" icon="download" disabled={busy} onClick={take}>{words.exportAnd}</Button></>)
  }
  return say(words.title, <><p>{words.what}</p><p>{words.code}</p></>,
    <><Button disabled={busy || kit === 'asking'} onClick={() => leave(false)}>{words.yes}</Button>{stay}</>)
}
