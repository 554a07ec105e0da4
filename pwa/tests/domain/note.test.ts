/** Private notes: editors, joining, search (PROTOCOL 9.4, 14.3), and hints (GKT-66). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deleteNote, hints, notes, openNote, saveNote, searchNotes } from '../../src/domain/note.ts'
import { load, dump } from '../../src/protocol/records.ts'
import { balint, Phone } from './phones.ts'

const TEXT = 'One.\n\nTwo.\n\nThree.'

/** Two phones of Ben, with one note on both. */
function twoPhones(): { here: Phone; there: Phone; rec: string } {
  const { log } = balint()
  const [here, there] = [new Phone(log, 'Ben'), new Phone(log, 'Ben')]
  here.act(saveNote(here.world, here.pen, null, { title: 'Tuesday', text: TEXT }, log.random(16)))
  here.sync()
  there.read()
  return { here, there, rec: notes(here.world)[0]!.rec }
}

function edit(phone: Phone, rec: string, text: string, editor = phone.log.random(16)): void {
  const note = openNote(phone.world, rec)!
  phone.act(saveNote(phone.world, phone.pen, note, { title: note.title, text }, editor))
}

test('what is typed on in one editor is one note, on what it was opened on', () => {
  const { here, rec } = twoPhones()
  const note = openNote(here.world, rec)!
  const editor = here.log.random(16)
  for (const text of ['a', 'ab', 'abc']) {
    here.act(saveNote(here.world, here.pen, note, { title: note.title, text }, editor))
  }
  assert.deepEqual([openNote(here.world, rec)!.text, openNote(here.world, rec)!.versions], ['abc', []])
  here.sync()
  here.act(saveNote(here.world, here.pen, note, { title: note.title, text: 'abcd' }, editor))
  assert.deepEqual([openNote(here.world, rec)!.text, openNote(here.world, rec)!.versions], ['abcd', []])
})

test('paragraphs changed on two phones are joined', () => {
  const { here, there, rec } = twoPhones()
  edit(here, rec, TEXT.replace('One', 'Eins'))
  edit(there, rec, TEXT.replace('Three', 'Drei'))
  for (const phone of [here, there, here]) phone.sync()
  for (const phone of [here, there]) {
    const note = openNote(phone.world, rec)!
    assert.deepEqual([note.text, note.versions], ['Eins.\n\nTwo.\n\nDrei.', []])
  }
})

test('the same paragraph changed on two phones is shown twice, and saving settles it', () => {
  const { here, there, rec } = twoPhones()
  edit(here, rec, TEXT.replace('Two', 'Zwei'))
  edit(there, rec, TEXT.replace('Two', 'Deux'))
  there.sync()
  here.read()
  const note = openNote(here.world, rec)!
  assert.deepEqual(new Map(note.versions.map((one) => [one.text.split('\n\n')[1], one.thisPhone])),
    new Map([['Zwei.', true], ['Deux.', false]]))
  assert.ok(note.text.includes('Zwei.') && note.text.includes('Deux.'))
  edit(here, rec, 'Both.')
  here.sync()
  there.read()
  assert.deepEqual([openNote(there.world, rec)!.text, openNote(there.world, rec)!.versions], ['Both.', []])
})

test('two tabs that write one note lose nothing of either', () => {
  const { here, rec } = twoPhones()
  const other = here.tab()
  edit(here, rec, 'From one tab.')
  edit(other, rec, 'From the other.')
  here.world = { ...here.world, outbox: [...here.world.outbox, ...other.world.outbox.map((row) => ({ ...row, n: 99 }))] }
  assert.deepEqual(openNote(here.world, rec)!.versions.map((one) => one.text).sort(), ['From one tab.', 'From the other.'])
})

test('a deleted note is gone, unless another phone wrote on', () => {
  const { here, there, rec } = twoPhones()
  edit(there, rec, 'Written on.')
  here.act(deleteNote(here.world, here.pen, openNote(here.world, rec)!))
  assert.equal(openNote(here.world, rec), null)
  for (const phone of [here, there, here]) phone.sync()
  assert.equal(openNote(here.world, rec)!.text, 'Written on.')
})

test('a note says what it is: being written, on this phone, not kept, sent', () => {
  const { here, rec } = twoPhones()
  assert.equal(openNote(here.world, rec)!.saving, 'sent')
  edit(here, rec, 'More.')
  for (const state of ['writing', 'unsaved', 'saved', 'batched', 'refused'] as const) {
    here.world = { ...here.world, outbox: here.world.outbox.map((row) => ({ ...row, state })) }
    const expected = state === 'batched' || state === 'refused' ? 'saved' : state
    assert.equal(openNote(here.world, rec)!.saving, expected)
  }
})

test('whatever is typed or pasted makes a record that other programs take', () => {
  const { log } = balint()
  const ben = new Phone(log, 'Ben')
  const typed = { title: `a\tb\n${'x'.repeat(300)}`, text: 'half \ud83d, zero \0, Siân \u{1f600}\r\n' }
  const [intent] = saveNote(ben.world, ben.pen, null, typed, log.random(16))
  const read = load(dump(intent!.content!))
  assert.equal(read.unknown, false)
  assert.deepEqual(intent!.content, {
    t: 'note', v: 1, title: `a b ${'x'.repeat(196)}`, text: 'half \ufffd, zero , Siân \u{1f600}\r\n',
  })
})

test('notes stand in the order in which they were written last, what is not sent yet first', () => {
  const { here, rec } = twoPhones()
  for (const title of ['Second', 'Third']) {
    here.now += 1000
    here.act(saveNote(here.world, here.pen, null, { title, text: '' }, here.log.random(16)))
    here.sync()
  }
  const titles = () => notes(here.world).map((note) => note.title)
  assert.deepEqual(titles(), ['Third', 'Second', 'Tuesday'])
  edit(here, rec, 'On.')
  assert.deepEqual(titles(), ['Tuesday', 'Third', 'Second'])
  here.sync()
  assert.deepEqual(titles(), ['Tuesday', 'Third', 'Second'])
})

test('a search finds all words in any case, with or without accents', () => {
  const { log } = balint()
  const ben = new Phone(log, 'Ben')
  for (const text of ['Siân was quiet', 'Quiet again', 'Nothing']) {
    ben.act(saveNote(ben.world, ben.pen, null, { title: '', text }, log.random(16)))
  }
  const found = (words: string) => searchNotes(notes(ben.world), words).map((note) => note.text).sort()
  assert.deepEqual(found('SIAN quiet'), ['Siân was quiet'])
  assert.deepEqual(found('quiet'), ['Quiet again', 'Siân was quiet'])
  assert.equal(found('').length, 3)
})

// -- hints -------------------------------------------------------------------------------

const POINTING: readonly [text: string, kind: string, found: string][] = [
  ['her number is 943 476 5919 I think', 'nhs_number', '943 476 5919'],
  ['9434765919', 'nhs_number', '9434765919'],
  ['DOB 03/05/1962, came in', 'birth', 'DOB 03/05/1962'],
  ['she was born on 3 May 1962 in', 'birth', 'born on 3 May 1962'],
  ['admitted 12.10.2026 at night', 'date', '12.10.2026'],
  ['on 3rd May 2026', 'date', '3rd May 2026'],
  ['lives at SW1A 1AA now', 'postcode', 'SW1A 1AA'],
  ['on Ward 7B', 'ward', 'Ward 7B'],
  ['the Nightingale Ward at night', 'ward', 'Nightingale Ward'],
  ['in bed 12', 'bed', 'bed 12'],
  ['side room 3', 'bed', 'side room 3'],
  ['Mr Smith cried', 'name', 'Mr Smith'],
  ['Mrs. O’Brien-Jones came', 'name', 'Mrs. O’Brien-Jones'],
  ['a man called Dafydd', 'name', 'Dafydd'],
  ['a 94-year-old woman', 'age', '94-year-old'],
  ['aged 101 and alone', 'age', 'aged 101'],
  ['ring 020 7946 0018', 'phone', '020 7946 0018'],
  ['MRN 1234567', 'number', 'MRN 1234567'],
  ['hospital number: K123456', 'number', 'hospital number: K123456'],
  ['write to a.b@example.org', 'email', 'a.b@example.org'],
]

for (const [text, kind, found] of POINTING) {
  test(`“${text}” may point to somebody: ${kind} (GKT-66)`, () => {
    assert.deepEqual(hints(text).map((hint) => [hint.kind, text.slice(hint.start, hint.end)]), [[kind, found]])
  })
}

test('what one writes of oneself and of the room is left alone', () => {
  const plain = [
    'I felt small. The ward was loud, and we met at 13:00 in Room 12.', 'A woman of 62, on the third day.',
    'It took 45 minutes; 10 of us came on Tuesday 27 October.', 'May I say it? In August 3 of us left.',
    'vitamin B12 2mg, then 1/2 tablet', '1234567890 is not a number of theirs', 'my bed, my Mr, my miss',
  ]
  for (const text of plain) assert.deepEqual(hints(text), [], text)
})

test('hints stand in the order of the text and never overlap', () => {
  const text = 'Mr Smith, DOB 03/05/1962, Ward 7B bed 4, 943 476 5919. '.repeat(50)
  const found = hints(text)
  assert.ok(found.length >= 250)
  for (const [place, hint] of found.slice(1).entries()) assert.ok(hint.start >= found[place]!.end)
})

test('the longest note, whatever it is made of, is looked through while somebody types', () => {
  for (const piece of ['0', 'a', 'A1 ', '1 1 ', 'born ', 'Mr ', '07 ', 'ward ', '@', 'a@b']) {
    const from = performance.now()
    hints(piece.repeat(65_000 / piece.length))
    assert.ok(performance.now() - from < 2000, piece)
  }
})
