/** What went wrong, as a code that `words` has a sentence for. */

export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code
  if (typeof code === 'string') return code
  // A request without an answer, or a part of the app that did not come.
  return error instanceof TypeError && /fetch|import/i.test(error.message) ? 'no_answer' : 'unknown'
}
