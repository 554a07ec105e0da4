/** Which addresses open the app: `paths.json`, which the server reads as well. */

import paths from '../paths.json' with { type: 'json' }

/** Canonical base64url of 32 bytes and of 16, and a page's word. */
const PARTS: Readonly<Record<string, string>> = {
  ':circle': '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]',
  ':rec': '[A-Za-z0-9_-]{21}[AQgw]',
  ':page': '[a-z]+(?:-[a-z]+)*',
}

const known = new RegExp(
  `^(?:${paths.map((path) => path.replace(/:\w+/g, (part) => PARTS[part] ?? '\\b\\B')).join('|')})$`,
)

/** Whether the app has a screen at this path; anything else is the server's to answer. */
export function opensTheApp(path: string): boolean {
  return known.test(path)
}
