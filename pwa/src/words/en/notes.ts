/** Words of the private notes: the list, one note, two versions of it, and what comes before the first. */

import { plural, section } from '../speech.ts'

export const notes = section('notes', {
  heading: 'Notes',
  only: 'Only you can read this. Write no patient names here.',
  create: 'New note',
  untitled: 'Note without a title',
  notYet: {
    title: 'Your notes are not on this phone yet',
    text: 'They come as soon as this phone has signal.',
  },
  list: 'Your notes',
  showMore: (n: number) => plural(n, { one: 'Show 1 more note', other: `Show ${n} more notes` }),
  twoVersions: 'Two versions',

  empty: {
    title: 'Only you can read these',
    text: 'Your leaders cannot, your programme cannot, and whoever runs the server cannot.',
    lost: 'Notes from your other phones come here once this phone has had signal.',
  },

  search: {
    label: 'Search your notes',
    reading: (done: number, of: number) => `Reading your notes: ${done} of ${of}`,
    found: (n: number) => plural(n, { one: '1 note found', other: `${n} notes found` }),
    none: (asked: string) => `No note says “${asked}”`,
    noneText: 'Search looks at titles and texts on this phone. Nothing you type here is sent.',
    clear: 'Clear the search',
  },

  note: {
    heading: 'Note',
    newHeading: 'New note',
    title: 'Title (optional)',
    text: 'Your note',
    placeholder: 'About you, and what happened between you and the other person.',
    long: 'This note is very long. Go on in a new note, or it cannot be kept.',
    unsavedHeading: 'Not saved',
    unsaved: 'Your text is still on this screen. Do not close it yet.',
    copyText: 'Copy the text',
    remove: 'Delete this note',
    removeAsk: 'Delete this note?',
    removeText: 'It goes from all your phones. Nobody can bring it back.',
    removeYes: 'Delete',
    removeNo: 'Keep it',
    gone: {
      heading: 'This note is not on this phone',
      text: 'It was deleted, or it has not come here yet.',
      list: 'Go to your notes',
    },
    deletedElsewhere: 'This note was deleted on another phone. What you see is still here.',
    keepAfterAll: 'Keep it after all',
    changedElsewhere: 'This note was changed on another phone or in another tab.',
    showChange: 'Show the change',
    differElsewhere: 'This note was also changed on another phone. Both texts are kept.',
    lookAtBoth: 'Look at both',
  },

  hints: {
    heading: (n: number) => plural(n, {
      one: 'Could this point to a patient?', other: 'Could any of these point to a patient?',
    }),
    text: 'You decide. Enid only looks on this phone, and misses things.',
    kinds: {
      nhs_number: 'NHS number',
      birth: 'date of birth',
      date: 'a date',
      age: 'age over 89',
      postcode: 'postcode',
      ward: 'ward',
      bed: 'bed',
      name: 'name',
      phone: 'phone number',
      email: 'e-mail address',
      number: 'hospital number',
    },
    more: (n: number) => plural(n, { one: 'and 1 more', other: `and ${n} more` }),
  },

  differ: {
    heading: 'Two versions of this note',
    many: (n: number) => `${n} versions of this note`,
    text: 'It was changed in two places, and the changes touch the same lines. Nothing is lost.',
    here: 'From this phone',
    elsewhere: 'From another phone or tab',
    marked: 'Marked lines stand only in this version.',
    choose: 'Keep only this one',
    chooseAsk: 'Keep only this version?',
    chooseText: 'The other one is then gone from all your phones.',
    chooseYes: 'Keep only this one',
    chooseNo: 'Go back',
    both: 'Keep both, as two notes',
    together: 'Edit both together',
    between: '———',
    second: (title: string, n: number) => `${title} (${n})`,
  },

  first: {
    heading: 'Before your first note',
    kit: 'Keep your recovery code',
    kitText: 'If this phone is lost, only your recovery code brings your notes back. We cannot reset it.',
    kitDo: 'Save my recovery code',
    kitDone: 'Your recovery code is saved',
    court: 'Notes can be asked for',
    courtText: [
      'A court can ask a doctor or a student for notes, and for these too. Enid cannot hand them over. You can be asked to.',
      'Write about you, and about what happened between you and the other person.',
      'Leave out what could point to somebody. A name taken away is often not enough.',
      'Facts about care belong in the clinical record, not here.',
    ],
    start: 'I understand',
    kitFirst: 'Save your recovery code first',
    madeUp: 'In the made-up group there is no recovery code. What you write stays on this phone until you leave.',
  },

  reading: {
    heading: 'You can read your notes here',
    text: 'Safari may forget what is written in this tab. To write, open Enid from its icon on your Home Screen.',
    create: 'New notes are written in the app on your Home Screen.',
  },
})
