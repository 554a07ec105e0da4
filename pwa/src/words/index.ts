/**
 * The words of the app: one typed catalogue, made of sections (`en/*.ts`), one for each part of
 * the app, so that a screen brings its own words and no others.
 *
 *     import { today as words } from '../../words/en/today.ts'
 *     words.heading                 // a sentence
 *     words.marked(9, 12)           // a sentence with something in it
 *
 * A sentence that is missing is a compile error. Another language lies on top (`speak`): what it
 * does not say is said in English. Nothing here knows of dates: those are `domain/time.ts`.
 */

import type { Section, Speech } from './speech.ts'
import type { apology } from './en/apology.ts'
import type { common } from './en/common.ts'
import type { door } from './en/door.ts'
import type { errors } from './en/errors.ts'
import type { groups } from './en/groups.ts'
import type { help } from './en/help.ts'
import type { install } from './en/install.ts'
import type { more } from './en/more.ts'
import type { notes } from './en/notes.ts'
import type { register } from './en/register.ts'
import type { session } from './en/session.ts'
import type { today } from './en/today.ts'

export { language, list, plural, speak } from './speech.ts'

/** Everything that can be said. */
export interface Catalogue {
  readonly common: typeof common
  readonly today: typeof today
  readonly groups: typeof groups
  readonly help: typeof help
  readonly door: typeof door
  readonly errors: typeof errors
  readonly install: typeof install
  readonly register: typeof register
  readonly session: typeof session
  readonly apology: typeof apology
  readonly notes: typeof notes
  readonly more: typeof more
}

/** A catalogue in which some sentences may still be missing. */
export type Draft = { readonly [S in keyof Catalogue]?: Section<Catalogue[S]> } & Speech
