/** The sheet of the register: it stands still under a trembling thumb, and gives the focus back. */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Id } from '../../protocol/local.ts'
import { Sheet } from '../parts/index.ts'
import type { Book } from './register-book.ts'
import { TREMBLE_MS } from './register-tap.ts'

/** Gives the focus to what has this id; to a name means to its button. */
export function focusOn(id: string): void {
  const found = document.getElementById(id)
  ;(found?.closest('button') ?? found)?.focus()
}

/** A sheet that the second tap of a trembling thumb neither closes nor answers. */
export function Steady({ title, book, about, then, children }: {
  readonly title: string; readonly book: Book; readonly children: ComponentChildren
  /** Whose name takes the focus when what opened the sheet is gone: *Settle* is, once it is settled. */
  readonly about?: Id
  /** Whose name takes it anyway. */
  readonly then?: { readonly current: Id | null }
}): JSX.Element {
  useEffect(() => () => {
    // After the sheet has given it back to what opened it.
    setTimeout(() => {
      const lost = document.activeElement === document.body
      const to = then?.current ?? (lost ? about : null)
      if (to) focusOn(`name-${to}`)
    })
  }, [])
  const since = useRef(performance.now())
  const early = (): boolean => performance.now() - since.current < TREMBLE_MS
  const shield = (event: Event): void => {
    if (!early()) return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <Sheet title={title} onClose={() => { if (!early()) book.close() }}>
      <div class="register-sheet" onClickCapture={shield}>{children}</div>
    </Sheet>
  )
}
