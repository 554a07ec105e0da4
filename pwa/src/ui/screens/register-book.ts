/**
 * One session's register as its screen needs it: a signal for each row, so that a tap repaints one
 * row; the acts; what *Undo* would take back; which sheet is open. Facts come from `truth.ts` and
 * writing goes through `act.ts`: of the register itself nothing is kept here.
 */

import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { same } from '../../domain/project.ts'
import {
  addVisitor, fillBlanks, finish, late, mark, register, undo, type Marked, type Stood,
} from '../../domain/register.ts'
import type { Act, MarkValue, RegisterRow, RegisterView, SessionView } from '../../domain/views.ts'
import type { Id } from '../../protocol/local.ts'
import { register as words } from '../../words/en/register.ts'
import { act, pen, retry } from '../act.ts'
import { findSession } from '../find.ts'
import { now, world } from '../truth.ts'

/** A mark, or that a mark is taken back. */
export type Value = MarkValue | 'none'

/** What lies over the list. */
export type Opened =
  | { readonly kind: 'person' | 'differ'; readonly person: Id }
  /** Somebody came in after the cut-off, so many minutes after the start. */
  | { readonly kind: 'late'; readonly person: Id; readonly minutes: number }
  | { readonly kind: 'visitor' | 'more' | 'history' | 'finish' | 'finished' }

/** What the one primary button does next. */
export type Next =
  | { readonly kind: 'fill'; readonly count: number; readonly all: boolean }
  | { readonly kind: 'finish' | 'correct' | 'close' | 'wait' | 'add' }

/** Why there is no register to take. */
export type Closed = 'unknown' | 'notLeader' | 'wasLeader' | 'cancelled'

export interface Book {
  /** What stands instead of the register; the rest is only asked while this is `null`. */
  readonly closed: ReadonlySignal<Closed | null>
  readonly session: ReadonlySignal<SessionView>
  readonly view: ReadonlySignal<RegisterView>
  /** Who is on the list, in order. */
  readonly order: ReadonlySignal<readonly Id[]>
  row(person: Id): ReadonlySignal<RegisterRow | undefined>
  /** Finished, and nobody asked to correct it. */
  readonly locked: ReadonlySignal<boolean>
  readonly next: ReadonlySignal<Next>
  readonly undoable: ReadonlySignal<boolean>
  readonly opened: ReadonlySignal<Opened | null>
  /** A leader's name, as short as it can be here. */
  short(name: string): string
  /** For a screen reader: what just happened to others than the one that was tapped. */
  readonly said: ReadonlySignal<string>
  readonly failed: ReadonlySignal<string>

  /** A tap on a choice; `false` when it asks something first. */
  choose(person: Id, value: MarkValue): boolean
  /** Marks without asking. */
  put(person: Id, value: Value): void
  /** The primary button. */
  go(): void
  finish(): void
  undo(): void
  /** Tries again what this phone could not keep. */
  again(): void
  /** Puts somebody on the list by name, as here; who that is now. */
  visitor(name: string): Id
  open(what: Opened): void
  close(): void
}

/** Taps that can still be undone, by account and session. A reload forgets them; the history does not. */
const taps = new Map<string, Signal<readonly (readonly Stood[])[]>>()

/** The register of a session; open it once for a screen. */
export function openBook(rec: Id): Book {
  const found = lasting(() => findSession(rec))
  const seen = computed(() => found.value && register(world.value, found.value, now.value))
  const session = computed(() => found.value!)
  const view = computed(() => seen.value!)

  const rows = lastingRows(() => new Map(view.value.rows.map((row) => [row.person, row])))
  const byPerson = new Map<Id, ReadonlySignal<RegisterRow | undefined>>()
  const row = (person: Id): ReadonlySignal<RegisterRow | undefined> => {
    let one = byPerson.get(person)
    if (!one) byPerson.set(person, (one = computed(() => rows.value.get(person))))
    return one
  }

  const whose = `${world.peek().account} ${rec}`
  const steps = taps.get(whose) ?? signal<readonly (readonly Stood[])[]>([])
  taps.set(whose, steps)
  const correcting = signal(false)
  const opened = signal<Opened | null>(null)
  const said = signal('')
  const failed = signal('')

  const label = (person: Id): string => rows.peek().get(person)?.label ?? ''

  /** Hands an act over; what could not be kept is said aloud. */
  async function write(intents: Act, about: string): Promise<void> {
    failed.value = ''
    if (await act(intents) === 'unsaved') failed.value = words.notSavedOf(about)
  }

  function put({ act: intents, stood }: Marked): void {
    if (!stood.length) return
    batch(() => {
      steps.value = [...steps.peek(), stood]
      said.value = ''
      void write(intents, stood.map((one) => label(one.person)).join(', '))
    })
  }

  const book: Book = {
    session, view, row, opened, said, failed,
    closed: computed(() => closedOf(found.value, seen.value)),
    order: lasting(() => view.value.rows.map((one) => one.person)),
    locked: computed(() => view.value.finishedByMe && !correcting.value),
    next: computed(() => nextOf(session.value, view.value, correcting.value)),
    undoable: computed(() => steps.value.length > 0),
    short: (name) => shortOf(name, view.value.others.map((other) => other.name)),

    choose(person, value) {
      const stands = row(person).peek()
      if (stands?.state === 'agreed' && stands.value === value) {
        if (stands.saving === 'unsaved') book.again()
        return true
      }
      const { minutes, after } = late(world.peek(), Date.now(), session.peek())
      if (value === 'late' && after && minutes !== null) {
        opened.value = { kind: 'late', person, minutes }
        return false
      }
      book.put(person, value)
      return true
    },
    put(person, value) {
      put(mark(world.peek(), pen(), session.peek(), person, value))
    },
    go() {
      const next = book.next.peek()
      if (next.kind === 'correct' || next.kind === 'close') correcting.value = next.kind === 'correct'
      else if (next.kind === 'add') opened.value = { kind: 'visitor' }
      else if (next.kind === 'fill') {
        put(fillBlanks(world.peek(), pen(), session.peek()))
        said.value = words.filled(next.count)
      } else if (next.kind === 'finish') {
        // Only what is left open is worth a question.
        if (view.peek().differing) opened.value = { kind: 'finish' }
        else book.finish()
      }
    },
    finish() {
      batch(() => {
        void write(finish(world.peek(), pen(), session.peek()), words.finish)
        correcting.value = false
        opened.value = { kind: 'finished' }
      })
    },
    undo() {
      const last = steps.peek().at(-1)
      if (!last) return
      batch(() => {
        steps.value = steps.peek().slice(0, -1)
        void write(undo(world.peek(), pen(), session.peek(), last), words.undo)
        const [one] = last
        said.value = last.length > 1 || !one ? words.undoneMany(last.length)
          : words.undone(label(one.person), one.value === null ? words.differs : words.values[one.value])
      })
    },
    again() {
      for (const one of world.peek().outbox) {
        if (one.state === 'unsaved' && one.content?.t === 'sheet' && one.content['session'] === rec) void retry(one.n)
      }
    },
    visitor(name) {
      const added = addVisitor(world.peek(), pen(), session.peek(), name)
      put(added)
      said.value = words.moreSheet.visitorAdded(name)
      opened.value = null
      return added.stood[0]!.person
    },
    open(what) { opened.value = what },
    close() { opened.value = null },
  }
  return book
}

function closedOf(session: SessionView | null, view: RegisterView | null): Closed | null {
  if (!session || !view) return 'unknown'
  if (!session.iLead) return view.rows.some((row) => row.saving !== 'idle') ? 'wasLeader' : 'notLeader'
  return session.cancelled ? 'cancelled' : null
}

function nextOf(session: SessionView, view: RegisterView, correcting: boolean): Next {
  if (view.finishedByMe) return { kind: correcting ? 'close' : 'correct' }
  if (session.phase === 'future') return { kind: 'wait' }
  if (view.rows.length === 0) return { kind: 'add' }
  const count = view.fillable.length
  return count ? { kind: 'fill', count, all: count === view.rows.length } : { kind: 'finish' }
}

/** 'Sam' for 'Sam Whitfield', unless another is a Sam too or the name begins with a title. */
export function shortOf(name: string, others: readonly string[]): string {
  if (name === '?') return words.someone
  const [first = name] = name.split(' ')
  const shared = others.some((other) => other !== name && other.split(' ')[0] === first)
  return shared || /^(dr|prof|mr|mrs|ms|mx|miss)\.?$/i.test(first) ? name : first
}

/** What is equal stays the same object, so that nobody who reads it is painted again. */
function lasting<V>(make: () => V): ReadonlySignal<V> {
  let before: V | undefined
  return computed(() => {
    const next = make()
    return before !== undefined && same(before, next) ? before : (before = next)
  })
}

/** The same for each row. */
function lastingRows<V>(make: () => ReadonlyMap<Id, V>): ReadonlySignal<ReadonlyMap<Id, V>> {
  let before: ReadonlyMap<Id, V> = new Map()
  return computed(() => {
    before = new Map([...make()].map(([id, value]) => {
      const old = before.get(id)
      return [id, old !== undefined && same(old, value) ? old : value]
    }))
    return before
  })
}
