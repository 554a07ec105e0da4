/**
 * Search in the notes, on this phone alone. The first focus in the field reads all of them, 200 in
 * one task, so that a finger never waits; what was read is forgotten with the notes themselves.
 */

import { useEffect, useState } from 'preact/hooks'
import { searchNotes } from '../../domain/note.ts'
import type { NoteView } from '../../domain/views.ts'
import { notes as words } from '../../words/en/notes.ts'

const AT_ONCE = 200

interface Reading { readonly done: number; readonly of: number }

export interface Search {
  /** `null` while nothing is asked. */
  readonly found: readonly NoteView[] | null
  readonly reading: Reading | null
  /** For whoever listens: how many were found, or how far it is. */
  readonly says: string
  readonly prepare: () => void
}

/** What of `all` says what is asked. */
export function useSearch(all: readonly NoteView[], asked: string): Search {
  const [found, setFound] = useState<readonly NoteView[] | null>(null)
  const [reading, setReading] = useState<Reading | null>(null)
  const wanted = asked.trim()
  useEffect(() => {
    if (!wanted) { setFound(null); return }
    const stop = new AbortController()
    void inPieces(all, wanted, setReading, stop.signal).then((hits) => { if (!stop.signal.aborted) setFound(hits) })
    return () => { stop.abort(); setReading(null) }
  }, [all, wanted])
  const says = reading ? words.search.reading(reading.done, reading.of)
    : wanted && found ? words.search.found(found.length) : ''
  const prepare = (): void => { void inPieces(all, ' ', setReading, new AbortController().signal) }
  return { found: wanted ? found : null, reading, says, prepare }
}

async function inPieces(
  all: readonly NoteView[], wanted: string, tell: (reading: Reading | null) => void, stop: AbortSignal,
): Promise<NoteView[]> {
  const hits: NoteView[] = []
  for (let done = 0; done < all.length && !stop.aborted; done += AT_ONCE) {
    if (done > 0) {
      tell({ done, of: all.length })
      await new Promise((next) => setTimeout(next))
    }
    if (!stop.aborted) hits.push(...searchNotes(all.slice(done, done + AT_ONCE), wanted))
  }
  if (!stop.aborted) tell(null)
  return hits
}
