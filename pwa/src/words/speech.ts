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

/**
 * Lets a language speak. Call it before the first section loads: a section takes its words once,
 * so a change of language starts the app again.
 */
export function speak(as: string, words: Speech): void {
  tag = as
  over = words
  rules = new Intl.PluralRules(as)
}

/** The language tag that speaks now: 'en-GB', 'cy'. */
export function language(): string {
  return tag
}

/** One part of the catalogue; what the language that speaks does not say is said in English. */
export function section<S extends object>(name: string, english: S): S {
  return lay(english, over[name])
}

function lay<S extends object>(under: S, top: object | undefined): S {
  if (!top) return under
  const out = { ...under } as Record<string, unknown>
  for (const [key, said] of Object.entries(top)) {
    const below = out[key]
    out[key] = isPart(said) && isPart(below) ? lay(below, said) : said
  }
  return out as S
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
