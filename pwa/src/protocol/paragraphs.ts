/** How two edits of one note join, paragraph by paragraph (PROTOCOL 9.4). Pure. */

const BLANK = /((?:\n[ \t\r]*)+\n)/
/** Pieces that differ, base times new, beyond which a person decides: half a second. */
const COMPARED_MAX = 1_000_000

/** Base pieces from `start` up to `stop` (not included) become `pieces`. */
interface Edit {
  readonly start: number
  readonly stop: number
  readonly pieces: readonly string[]
}

/** Edits by what they say, so that equal ones of two sides are one. */
type Edits = ReadonlyMap<string, Edit>

/**
 * Join two edits of one note, paragraph by paragraph (PROTOCOL 9.4).
 *
 * A paragraph is what stands between blank lines; all text, blank lines too, is kept
 * exactly. `base` is the text that both editors were opened on, `null` when it is not held.
 * Which side is called mine makes no difference. Returns `null` when a person must choose:
 * the edits overlap, the base is missing, joining would lose a paragraph, or the texts are
 * too long to compare.
 */
export function mergeNote(base: string | null, mine: string, theirs: string): string | null {
  if (base === null || mine === theirs) return mine === theirs ? mine : null
  const [pieces, left, right] = [piecesOf(base), piecesOf(mine), piecesOf(theirs)]
  const [ours, others] = [editsOf(pieces, left), editsOf(pieces, right)]
  if (!ours || !others || overlap(without(ours, others), without(others, ours))) return null
  const joined = applied(pieces, [...new Map([...ours, ...others]).values()])
  return keeps(pieces, left, right, joined) ? joined.join('') : null
}

/**
 * Split into edge, paragraph, blank lines, paragraph, …, edge. Paragraphs stand at the odd
 * places, so an edit never leaves two of them touching.
 */
function piecesOf(text: string): string[] {
  return ['', ...text.split(BLANK), '']
}

/** Name the base pieces that no other edit may touch. */
function claims({ start, stop, pieces }: Edit): number[] {
  // Added paragraphs also claim the blank lines around them: two paragraphs written into
  // one gap have no order that their authors agreed on.
  const adds = pieces.length > stop - start
  const [first, end] = adds ? [start & ~1, stop | 1] : [start, stop]
  return Array.from({ length: end - first }, (_, i) => first + i)
}

/** Say how `next` differs from `base`; `null` when that is too long to compare. */
function editsOf(base: readonly string[], next: readonly string[]): Edits | null {
  const [start, stop, nextStop] = differing(base, next)
  if ((stop - start) * (nextStop - start) > COMPARED_MAX) return null
  const kept = aligned(base.slice(start, stop), next.slice(start, nextStop))
  const edits = new Map<string, Edit>()
  let [i, j] = [start, start]
  for (const [keptI, keptJ] of [...kept, [stop - start, nextStop - start] as const]) {
    if (i !== start + keptI || j !== start + keptJ) {
      const edit = { start: i, stop: start + keptI, pieces: next.slice(j, start + keptJ) }
      edits.set(JSON.stringify(edit), edit)
    }
    i = start + keptI + 1
    j = start + keptJ + 1
  }
  return edits
}

/** Cut off what both ends share: start, stop in base, stop in next. */
function differing(base: readonly string[], next: readonly string[]): [number, number, number] {
  const shorter = Math.min(base.length, next.length)
  let start = 0
  while (start < shorter && base[start] === next[start]) start++
  let end = 0
  while (end < shorter - start && base.at(-1 - end) === next.at(-1 - end)) end++
  return [start, base.length - end, next.length - end]
}

/** Pair the pieces of a longest common subsequence, passing base pieces first. */
function aligned(base: readonly string[], next: readonly string[]): [number, number][] {
  const longest = commonLengths(base, next)
  const pairs: [number, number][] = []
  let [i, j] = [0, 0]
  while (i < base.length && j < next.length) {
    if (base[i] === next[j]) pairs.push([i++, j++])
    else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) i++
    else j++
  }
  return pairs
}

/** Tabulate the common subsequence's length from each pair of places on. */
function commonLengths(base: readonly string[], next: readonly string[]): Uint32Array[] {
  const rows = [new Uint32Array(next.length + 1)]
  for (const piece of base.toReversed()) {
    const below = rows.at(-1)!
    const row = new Uint32Array(next.length + 1)
    for (let j = next.length - 1; j >= 0; j--) {
      row[j] = piece === next[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!)
    }
    rows.push(row)
  }
  return rows.reverse()
}

function without(edits: Edits, others: Edits): Edit[] {
  return [...edits].flatMap(([spelled, edit]) => (others.has(spelled) ? [] : [edit]))
}

/** Tell whether an edit of one side touches what one of the other claims. */
function overlap(ours: readonly Edit[], others: readonly Edit[]): boolean {
  const claimed = new Set(ours.flatMap(claims))
  return others.flatMap(claims).some((place) => claimed.has(place))
}

/** Carry out edits that do not overlap. */
function applied(base: readonly string[], edits: readonly Edit[]): string[] {
  const joined: string[] = []
  let done = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.stop - b.stop)) {
    joined.push(...base.slice(done, edit.start), ...edit.pieces)
    done = edit.stop
  }
  return [...joined, ...base.slice(done)]
}

/**
 * Check that what one side wrote, and what both kept, is in the result. The edits alone
 * would lose a paragraph that stood twice and of which each side took away another copy.
 */
function keeps(
  base: readonly string[], a: readonly string[], b: readonly string[], joined: readonly string[],
): boolean {
  const [old, left, right, whole] = [base, a, b, joined].map(paragraphs) as [Set<string>, Set<string>, Set<string>, Set<string>]
  const written = left.union(right).difference(old)
  return written.union(left.intersection(right)).isSubsetOf(whole)
}

function paragraphs(pieces: readonly string[]): Set<string> {
  return new Set(pieces.filter((_, place) => place % 2 === 1))
}
