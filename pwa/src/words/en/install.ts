/** Words of keeping Enid on the phone. */

import { section } from '../speech.ts'

export const install = section('install', {
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
  iosAgain: 'Then use your code there, not here: it works once, and the icon and Safari share nothing.',
  iosNotYet: 'Enid is still open in Safari. Look for its icon on your Home Screen.',
  done: 'Enid is on your Home Screen.',
  tab: 'This phone may forget it',
  tabText: 'Send before you leave this page. Safari may forget what you write here after 7 days.',
  tabUse: 'Use it here all the same',
})
