/** A thumb that trembles: the second tap on one button within this time is not meant. */

/** Milliseconds (app.md 5). */
export const TREMBLE_MS = 250

const last = new WeakMap<EventTarget, number>()

/** Whether the same button was tapped a moment ago. */
export function tooSoon(event: Event): boolean {
  const button = event.currentTarget
  if (!button) return false
  const before = last.get(button)
  last.set(button, event.timeStamp)
  return before !== undefined && event.timeStamp - before < TREMBLE_MS
}
