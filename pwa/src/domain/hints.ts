/**
 * What in a text may point to a patient (GKT-66): a question put quietly to its writer, on this
 * phone only; it blocks nothing, and it misses things.
 */

export type HintKind =
  | 'nhs_number' | 'birth' | 'date' | 'age' | 'postcode' | 'ward' | 'bed' | 'name' | 'phone' | 'email' | 'number'

/** A part of the text, by its first place and the one behind its last, in UTF-16 units. */
export interface Hint {
  readonly kind: HintKind
  readonly start: number
  readonly end: number
}

const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*'
const DATE = [
  '\\d{1,2}[/.-]\\d{1,2}[/.-](?:\\d{4}|\\d{2})', '\\d{4}-\\d{2}-\\d{2}',
  `\\d{1,2}(?:st|nd|rd|th)?\\s+(?:of\\s+)?${MONTH},?\\s+\\d{4}`, `${MONTH}\\s+\\d{1,2}(?:st|nd|rd|th)?,?\\s+\\d{4}`,
].join('|')
const CAPITAL = "\\p{Lu}[\\p{L}'’-]+"

/** In the order in which they are tried: what one has taken is not offered to the next. */
const FORMS: readonly {
  readonly kind: HintKind
  readonly form: RegExp
  readonly fits?: (found: string) => boolean
}[] = [
  { kind: 'email', form: /(?<![\p{L}\d._%+-])[\p{L}\d._%+-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+/gu },
  {
    kind: 'birth',
    form: new RegExp(`\\b(?:d\\.?o\\.?b\\.?|date of birth|born)(?:\\s+on)?(?:\\s+the)?\\s*[:=-]?\\s*`
      + `(?:${DATE}|(?:in\\s+)?(?:19|20)\\d{2}\\b)`, 'gi'),
  },
  { kind: 'date', form: new RegExp(`(?<![\\d/.-])(?:${DATE})(?![\\d/])`, 'gi') },
  {
    kind: 'number',
    form: /\b(?:MRN|CHI|(?:hospital|unit|case|patient) (?:no\.?|number|id))\s*[:#]?\s*[A-Z]{0,3}\d[\d -]{2,}\d\b/gi,
  },
  { kind: 'nhs_number', form: /(?<![\d+])\d{3}([ -]?)\d{3}\1\d{4}(?!\d)/g, fits: isNhsNumber },
  { kind: 'phone', form: /(?<!\d)(?:\+44[ -]?|0)\d{2,4}(?:[ -]?\d{3,4}){2}(?!\d)/g },
  { kind: 'number', form: /\b[A-Z]\d{6,8}\b/g },
  { kind: 'postcode', form: /\b[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}\b/g },
  {
    kind: 'age',
    form: /\b(?:(?:9\d|1[01]\d)[ -]?(?:years?[ -]old|y\/?o|yrs?\b)|aged?\s*:?\s*(?:9\d|1[01]\d)\b)/gi,
  },
  { kind: 'ward', form: /\b[Ww]ard\s+(?:[A-Za-z]?\d+[A-Za-z]?|[A-Z][\w’'-]+)/g },
  {
    kind: 'ward',
    form: /\b(?!(?:The|This|That|My|Our|Your|Her|His|Their|A|On|In|Each|Every|Another|No)\s)[A-Z][\w’'-]+\s+[Ww]ard\b/g,
  },
  { kind: 'bed', form: /\b(?:bed|bay|cubicle|side ?room)\s*(?:no\.?\s*|number\s*)?[A-Z]?\d+[A-Z]?\b/gi },
  {
    kind: 'name',
    form: new RegExp(`\\b(?:Mr|Mrs|Ms|Miss|Mx|Master|Baby|Patient)\\.?\\s+${CAPITAL}(?:\\s+${CAPITAL})?`, 'gu'),
  },
  {
    kind: 'name',
    form: new RegExp(`(?<=\\b(?:called|named|[Hh]is name (?:is|was)|[Hh]er name (?:is|was))\\s)`
      + `${CAPITAL}(?:\\s+${CAPITAL})?`, 'gu'),
  },
]

/** Places in a text that may name somebody, in their order; none overlaps another. */
export function hints(text: string): Hint[] {
  const found: Hint[] = []
  for (const { kind, form, fits } of FORMS) {
    for (const match of text.matchAll(form)) {
      const start = match.index
      const end = start + match[0].length
      const free = found.every((other) => end <= other.start || start >= other.end)
      if (free && (fits?.(match[0]) ?? true)) found.push({ kind, start, end })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

/** Written in three groups, or right by its check digit: other ten digits are something else. */
function isNhsNumber(found: string): boolean {
  if (/[ -]/.test(found)) return true
  const digits = [...found].map(Number)
  const sum = digits.slice(0, 9).reduce((all, digit, place) => all + digit * (10 - place), 0)
  return (11 - (sum % 11)) % 11 === digits[9]
}
