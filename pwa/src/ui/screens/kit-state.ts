/** Whether the recovery code is in its owner's hands: it is on this phone exactly as long as it is not. */

import { useEffect, useState } from 'preact/hooks'
import { isKitSaved } from '../door.ts'
import { madeUp } from '../truth.ts'

/** 'none': a made-up group has no code. */
export type Kit = 'asking' | 'needed' | 'saved' | 'none'

export function useKit(): Kit {
  const [kit, set] = useState<Kit>(madeUp.value ? 'none' : 'asking')
  useEffect(() => {
    if (madeUp.value) return
    let gone = false
    const say = (answer: Kit) => (): void => { if (!gone) set(answer) }
    void isKitSaved().then((saved) => say(saved ? 'saved' : 'needed')())
    return () => { gone = true }
  }, [])
  return kit
}
