/** A sheet over the page: from below on a phone, in the middle where there is room. */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { common as words } from '../../words/en/common.ts'
import { IconButton } from './button.tsx'

/** Stands as long as it is rendered; Escape, Back on Android, the cross and the veil close it. */
export function Sheet({ title, onClose, children }: {
  readonly title: string; readonly onClose: () => void; readonly children: ComponentChildren
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const name = useId()
  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog class="sheet" ref={dialog} aria-labelledby={name}
      onCancel={(event) => { event.preventDefault(); onClose() }}
      onClick={(event) => { if (event.target === event.currentTarget) onClose() }}>
      <div class="sheet-inside">
        <div class="sheet-head">
          <h2 id={name} tabIndex={-1} autofocus>{title}</h2>
          <IconButton icon="cross" label={words.close} onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  )
}
