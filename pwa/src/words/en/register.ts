/** Words of the register: the list, its sheets, and what a mark is called. */

import { list, plural, section } from '../speech.ts'

export const register = section('register', {
  /** Above the list. */
  session: (number: number) => `session ${number}`,
  title: (group: string, number: number) => `Register of ${group}, session ${number}`,
  audience: 'seen by leaders and office',
  audienceAlone: 'Seen by leaders and office',
  state: {
    offline: 'No signal',
    sending: 'Sending',
    waiting: 'Not sent',
    sent: 'Sent',
    unsaved: (n: number) => `${n} not saved`,
    madeUp: 'Made up',
  },
  progress: (name: string, marked: number) => `${name} has marked ${marked}`,
  rosterOf: (day: string) => `Members list from ${day}`,
  progressFinished: (name: string) => `${name} has finished`,

  /** The three choices of a row. */
  here: 'Here',
  late: 'Late',
  absent: 'Absent',
  people: 'People',

  /** What a mark is called in a sentence, a tag or a count. */
  values: {
    here: 'Here',
    late: 'Late',
    not_admitted: 'Not admitted',
    absent: 'Absent',
    apology_before: 'Sent apologies',
    apology_after: 'Apologies after the start',
    excused: 'Excused',
    attended_elsewhere: 'At the other sitting',
    none: 'Not marked',
  },
  /** The same in the middle of a sentence. */
  said: {
    here: 'here',
    late: 'late',
    not_admitted: 'not admitted',
    absent: 'absent',
    apology_before: 'sent apologies',
    apology_after: 'apologies after the start',
    excused: 'excused',
    attended_elsewhere: 'at the other sitting',
    none: 'took the mark back',
  },
  apologies: 'Sent apologies',
  apologiesAfter: 'Apologies after the start',
  away: 'Not expected',
  visitor: 'Visitor',
  notMarked: 'Not marked',
  differs: 'You differ',
  you: 'You',
  /** Somebody whose name this phone does not have. */
  someone: 'Another leader',
  side: (who: string, value: string) => `${who}: ${value}`,
  change: 'Change',
  settle: 'Settle',
  saved: 'Saved on this phone',
  sent: 'Sent',
  notSaved: 'Not saved, tap to try again',
  notSavedOf: (name: string) => `Not saved: ${name}`,

  /** Below the list. */
  fill: (n: number, all: boolean) => all
    ? plural(n, { one: 'Mark 1 person as here', other: `Mark all ${n} as here` })
    : plural(n, { one: 'Mark the other 1 as here', other: `Mark the other ${n} as here` }),
  finish: 'Finish register',
  undo: 'Undo',
  undone: (name: string, value: string) => `${name}: ${value}`,
  undoneMany: (n: number) => plural(n, { one: '1 mark taken back', other: `${n} marks taken back` }),
  filled: (n: number) => plural(n, { one: '1 person marked as here', other: `${n} people marked as here` }),
  more: 'More',
  add: 'Add a visitor',
  correct: 'Correct something',
  close: 'Done correcting',
  early: (day: string, time: string) =>
    `Starts ${day}, ${time}. Tap a name to note apologies.`,

  /** The list without people, and a page that cannot be. */
  empty: 'No members yet.',
  emptyText: 'You can still take this register: add whoever is in the room by name.',
  unknown: {
    heading: 'This session is not on this phone',
    text: 'It comes when this phone has signal. The dates of your groups are under Groups.',
  },
  notLeader: {
    heading: 'You do not lead this group',
    text: 'Its leaders take the register.',
  },
  wasLeader: {
    heading: 'You no longer lead this group',
    text: 'Marks that you sent are kept. What is not sent stands under This phone.',
  },
  cancelled: {
    heading: 'This session was cancelled',
    text: 'There is no register to take.',
  },

  /** One person's sheet. */
  person: {
    mark: 'Mark',
    since: (minutes: number) => plural(minutes, {
      one: 'It is 1 minute after the start.', other: `It is ${minutes} minutes after the start.`,
    }),
    limit: (minutes: number) => plural(minutes, {
      one: 'Your programme says that 1 minute is still in time to join. You decide.',
      other: `Your programme says that ${minutes} minutes are still in time to join. You decide.`,
    }),
    lateAsk: (name: string) => `Let ${name} in?`,
    letIn: 'Let in, late',
    notAdmitted: 'Not admitted',
    notAdmittedHint: 'Neither present nor missing without a word.',
    apologyAsk: 'Did they send apologies?',
    apologyHint: 'By e-mail, message or word of mouth. You can leave this open.',
    apologyBefore: 'Yes, before the start',
    apologyAfter: 'Yes, after the start',
    apologyNo: 'No, or not known yet',
    other: 'Something else',
    wrote: (when: string) => `Sent apologies in Enid: ${when}, before the start.`,
    wroteAfter: (when: string) => `Sent apologies in Enid: ${when}, after the start.`,
    wroteUnknown: 'Sent apologies in Enid.',
    reason: (reason: string) => `Reason, for leaders only: ${reason}`,
    accept: 'Count it as sent apologies',
    clear: 'Clear the mark',
    history: 'History',
    historyHint: 'The newest first. Only leaders and the office see it.',
    historyNone: 'Nobody has marked this person yet.',
    noApp: 'Is not in Enid yet. Their mark counts like everybody’s.',
    visitor: 'Visitor, added by name for this session.',
    away: 'Not expected: on leave, or at the other sitting this week.',
  },

  /** Two leaders differ. */
  differ: {
    heading: (name: string) => `You differ about ${name}`,
    text: 'Both marks are kept until one of you settles it. What you choose counts for both.',
    marked: (who: readonly string[]) => `${list(who)} marked`,
    choose: (value: string) => `It is: ${value}`,
    other: 'Something else',
  },

  /** Finishing. */
  done: {
    askHeading: 'Finish this register?',
    heading: 'Register finished',
    text: 'Each member who has Enid can now see their own mark, and nobody else’s.',
    counts: 'Counts',
    notMarked: (names: readonly string[]) => `Not marked: ${list(names)}`,
    notMarkedText: 'You can finish all the same. They stay not marked.',
    differ: (names: readonly string[]) => `You differ about ${list(names)}`,
    differText: 'Both marks are shown until one of you settles it.',
    few: (n: number, least: number) => `${n} present. Your programme asks for at least ${least}.`,
    other: (name: string, marked: number) => plural(marked, {
      one: `${name} has marked 1 person and not finished.`,
      other: `${name} has marked ${marked} people and not finished.`,
    }),
    otherFinished: (name: string) => `${name} has finished too.`,
    otherSilent: (name: string) => `${name}’s phone has not been heard from.`,
    finish: 'Finish',
    goOn: 'Go on marking',
    leave: 'Done',
  },

  /** More. */
  moreSheet: {
    heading: 'More',
    visitor: 'Add a visitor',
    visitorLabel: 'Name of the visitor',
    visitorHint: 'Somebody in the room who is not on the list. They are marked as here.',
    visitorAdd: 'Add',
    visitorMissing: 'Type the visitor’s name.',
    visitorAdded: (name: string) => `${name} is on the list, marked as here`,
    rosterText: 'Somebody may have joined or left since.',
    finishNow: (n: number) => plural(n, {
      one: 'Finish with 1 person not marked', other: `Finish with ${n} people not marked`,
    }),
    history: 'What was changed',
    historyNone: 'Nothing was changed after it was marked.',
    seenText: 'Leaders of this group and the office see who came. Each member sees their own mark once you finish. Apologies with a reason are for leaders only.',
    ticks: 'One tick: saved on this phone. Two ticks: sent.',
  },
})
