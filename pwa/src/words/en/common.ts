/** Words of the frame around every screen: bars, status line, errors, small things. */

import { plural, section } from '../speech.ts'

export const common = section('common', {
  app: 'Enid',
  subtitle: 'your group, on your phone',
  tabs: { today: 'Today', groups: 'Groups', notes: 'Notes', more: 'More' },
  tabsName: 'Main',
  side: 'Beside this page',
  help: 'Help',
  back: 'Back',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  copy: 'Copy',
  copied: 'Copied',
  change: 'Change',
  tryAgain: 'Try again',
  skip: 'Skip to the page',
  more: 'More',
  optional: '(optional)',
  demo: 'Demo',
  demoSays: 'A made-up group. It stays on this phone.',
  demoLeave: 'Leave the demo',
  opening: 'Opening',
  list: { nobody: 'nobody' },

  /** The state of one small thing. */
  saving: {
    writing: 'Saving',
    saved: 'Saved on this phone',
    sent: 'Sent',
    unsaved: 'Not saved',
    again: 'Not saved. Try again',
  },

  status: {
    name: 'Status',
    sent: (time: string) => `Up to date · ${time}`,
    sending: (n: number) => plural(n, { one: 'Sending 1 change', other: `Sending ${n} changes` }),
    pending: (n: number) => plural(n, {
      one: '1 change saved on this phone', other: `${n} changes saved on this phone`,
    }),
    pendingOffline: (n: number) => plural(n, {
      one: 'No signal. 1 change saved on this phone',
      other: `No signal. ${n} changes saved on this phone`,
    }),
    offline: 'No signal. You can carry on',
    stuck: (n: number, day: string) => plural(n, {
      one: `1 change not sent since ${day}. Open the app when you have signal`,
      other: `${n} changes not sent since ${day}. Open the app when you have signal`,
    }),
    stale: (days: number) => plural(days, {
      one: 'Last checked yesterday. Times may have changed',
      other: `Last checked ${days} days ago. Times may have changed`,
    }),
    differ: (who: string, n: number) => plural(n, {
      one: `You and ${who} marked 1 person differently`,
      other: `You and ${who} marked ${n} people differently`,
    }),
    refused: (n: number) => plural(n, {
      one: '1 change was not accepted', other: `${n} changes were not accepted`,
    }),
    unsaved: (n: number) => plural(n, {
      one: '1 change is not saved. Try again', other: `${n} changes are not saved. Try again`,
    }),
    locked: 'Locked. Nothing is lost',
    revoked: 'Your access on this phone has ended',
    clock: (hours: number) => plural(hours, {
      one: 'This phone’s clock looks wrong by 1 hour',
      other: `This phone’s clock looks wrong by ${hours} hours`,
    }),
    madeup: 'Made-up group. Nothing leaves this phone',
    first: (done: number, of: number) => `Getting your group: ${done} of ${of}`,
  },

  update: { ready: 'A new version is ready', now: 'Update now' },

  lost: {
    heading: 'Page not found',
    text: 'Nothing stands at this address.',
    home: 'Go to Today',
  },
  broken: {
    heading: 'There is a problem with this page',
    text: 'What you wrote before is saved on this phone. Open the page again.',
  },
  loadFailed: {
    heading: 'This page could not be opened',
    text: 'Part of Enid is missing on this phone. It comes back when you have signal.',
  },
  problem: 'There is a problem',
})
