/** Which note is open: the list beside it marks its row. */

import { signal } from '@preact/signals'
import type { Id } from '../../protocol/local.ts'

/** A new note has its name before its address has. */
export const openRec = signal<Id | null>(null)
