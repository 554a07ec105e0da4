/** A part whose code comes when it is first needed; until then nothing stands there. */

import type { FunctionComponent, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

export function Later({ load }: { readonly load: () => Promise<FunctionComponent> }): JSX.Element | null {
  const [Part, set] = useState<FunctionComponent | null>(null)
  useEffect(() => { void load().then((part) => set(() => part), () => undefined) }, [load])
  return Part && <Part />
}
