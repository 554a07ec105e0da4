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

  install: {
    offer: 'Keep Enid on this phone',
    why: 'It opens with no signal, and your phone will not clear it away.',
    now: 'Add to home screen',
    later: 'Not now',
    ios: 'Add Enid to your Home Screen',
    iosWhy: 'Safari may forget what you write here after 7 days. On the Home Screen it stays.',
    iosSteps: [
      'Tap the Share button in Safari.',
      'Choose Add to Home Screen.',
      'Tap Add, then open Enid from its new icon.',
    ],
    iosAgain: 'Your code works once more in the new icon. Safari and the icon do not share anything.',
    iosNotYet: 'Enid is still open in Safari. Look for its icon on your Home Screen.',
    done: 'Enid is on your Home Screen.',
    tab: 'This phone may forget it. Send before you leave this page',
    tabUse: 'Use it here all the same',
  },

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

  /** What happened and what to do, for every code (PROTOCOL 10). */
  codes: {
    rate_limited: 'Too many tries. Wait a few minutes and try again.',
    busy: 'The server is busy. Enid tries again by itself.',
    quota: 'The server is full. Your changes stay on this phone.',
    restoring: 'The server is being put right. Enid tries again by itself.',
    auth_required: 'This phone is signed out. Open it with your recovery code.',
    device_revoked: 'This phone was signed out for good. Ask your leader for a new code.',
    role_denied: 'You may not do that here, or you have left this group. Ask your leader.',
    invitation_needed: 'There is no account for this yet. You need a code from your leader.',
    invite_used: 'This code was used or withdrawn. Ask your leader for a new one.',
    invite_expired: 'This code is too old. Ask your leader for a new one.',
    no_such_invite: 'We do not know this code. Check it against your invitation.',
    no_such_slot: 'We do not know this recovery code. Check it against your kit.',
    upgrade_required: 'This needs a newer Enid. Update the app.',
    too_large: 'This is too long to send. Make it shorter or split it in two.',
    bad_code: 'One group of characters looks wrong. Check it.',
    bad_copy: 'This file is not a copy that this code can open. Check the file and the code.',
    storage_full: 'This phone is full. Free some space, then try again.',
    storage_refused: 'This browser does not let Enid keep anything. Try without private browsing.',
    storage_lost: 'This phone lost its copy. Enid gets it back when you have signal.',
    no_answer: 'No answer from the server. Check your signal and try again.',
    offline: 'This needs signal once. Try again when you have some.',
    server_fault: 'The server’s answer does not fit what your group signed. Nothing was changed.',
    no_account: 'There is no account on this phone yet.',
    unsent: 'Some changes are not sent yet.',
    cross_site: 'Open Enid from its own address.',
    camera_refused: 'Enid may not use the camera. Type the code instead.',
  } as Readonly<Record<string, string>>,
  codeUnknown: (code: string) => `Something went wrong (${code}). Nothing was lost. Try again.`,
})

/** A plain sentence for an error code. */
export function sentenceFor(code: string): string {
  return common.codes[code] ?? common.codeUnknown(code)
}
