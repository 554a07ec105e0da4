/** Words of the front page, joining and opening. */

import { plural, section } from '../speech.ts'

export const door = section('door', {
  heading: 'Welcome to Enid',
  lead: 'When and where your group meets, what you agreed, and your own notes. With or without signal.',
  haveCode: 'I have a code',
  haveRecovery: 'I have a recovery code',
  tryIt: 'Try it with a made-up group',
  tryText: 'No account. It stays on this phone. Look at it as',
  tryAs: 'Look at it as',
  asMember: 'a member',
  asLeader: 'a leader',
  demo: 'This server has a demo',
  demoText: 'Nobody in it is real. One tap opens it.',
  roles: {
    'member': 'member', 'leader': 'leader', 'co-leader': 'co-leader', 'coordinator': 'coordinator',
  } as Readonly<Record<string, string>>,
  promise: 'The server that carries your words can read none of them.',

  join: 'Join your group',
  code: 'Your code',
  codeHint: '5 groups of 5 characters, from your leader. Capitals, spaces and dashes do not matter.',
  joined: 'You have joined',
  knownAs: (group: string) => `In ${group} your name is`,
  wrongName: 'If that is not right, tell your leader.',
  nameSeen: 'Your group, its leaders and the office see your name.',
  toToday: 'Go to Today',
  joinNow: 'Join',
  joining: 'Joining',
  needsSignal: 'Joining needs signal once.',

  open: 'Open with your recovery code',
  recovery: 'Your recovery code',
  recoveryHint: '8 groups of 5 characters, from your printed kit.',
  openNow: 'Open',
  opening: 'Opening',
  openSignal: 'A new phone needs signal once.',
  noCode: 'I do not have it',
  noCodeText: 'Nobody can reset it. Ask your leader for a new code: you keep your place in the group, but your notes stay closed.',

  groupsTyped: (n: number, of: number) => `${n} of ${of} groups complete`,
  groupWrong: (n: number) => `Group ${n} looks wrong. Check it.`,
  groupsWrong: (numbers: readonly number[]) => plural(numbers.length, {
    one: `Group ${numbers[0] ?? ''} looks wrong. Check it.`, other: `Groups ${numbers.join(', ')} look wrong. Check them.`,
  }),
  tooShort: (missing: number) => plural(missing, {
    one: '1 character is missing', other: `${missing} characters are missing`,
  }),
  tooLong: (extra: number) => plural(extra, {
    one: 'There is 1 character too many', other: `There are ${extra} characters too many`,
  }),
  empty: 'Type your code',
  group: (n: number) => `Group ${n}`,
  groupGood: 'looks right',
  groupBad: 'looks wrong',
})
