/** What my leaders say of me, in words. */

import type { SessionView } from '../domain/views.ts'
import { session as words } from '../words/en/session.ts'
import { whole } from './truth.ts'

/** 'You: here'; nothing while it has not begun, or while this phone still reads its registers. */
export function mineOf({ mine }: SessionView): string {
  return whole.value || mine !== 'not_recorded' ? words.mine[mine] : ''
}
