/** How words are chosen: which language speaks, plurals, lists. Imports nothing. */

/** What another language may say of a section: the same names, each of them optional. */
export type Section<S> = { readonly [K in keyof S]?: Said<S[K]> }
type Said<T> = T extends string ? string : T extends (...a: infer A) => string ? (...a: A) => string
  : T extends readonly string[] ? readonly string[] : Section<T>

/** Sections by name, as a language lays them over the English ones. */
export type Speech = { readonly [section: string]: object }

let tag = 'en-GB'
let over: Speech = {}
let rules = new Intl.PluralRules(tag)
const sections = new Map<string, object>()

/** Lets a language speak, before the first screen is drawn: sections that are here, and that come later. */
export function speak(as: string, words: Speech): void {
  tag = as
  over = words
  rules = new Intl.PluralRules(as)
  for (const [name, said] of sections) lay(said, over[name])
}

/** The language tag that speaks now: 'en-GB', 'cy'. */
export function language(): string {
  return tag
}

/** One part of the catalogue; what the language that speaks does not say is said in English. */
export function section<S extends object>(name: string, english: S): S {
  sections.set(name, english)
  lay(english, over[name])
  return english
}

/** In place, so that a screen that already holds a part of it says the new words as well. */
function lay(under: object, top: object | undefined): void {
  for (const [key, said] of Object.entries(top ?? {})) {
    const below = (under as Record<string, unknown>)[key]
    if (isPart(said) && isPart(below)) lay(below, said)
    else (under as Record<string, unknown>)[key] = said
  }
}

function isPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The form for a number: English has one and other, Welsh all six. */
export function plural(
  n: number, forms: { readonly [F in Intl.LDMLPluralRule]?: string } & { readonly other: string },
): string {
  return forms[rules.select(n)] ?? forms.other
}

/** 'Priya, Sam and Mark'. */
export function list(names: readonly string[]): string {
  return new Intl.ListFormat(tag, { type: 'conjunction' }).format(names)
}
