/** Words of an apology: sending it, giving a reason afterwards, taking it back. */

import { list, section } from '../speech.ts'

export const apology = section('apology', {
  heading: 'Can you come?',
  cannot: 'I can’t come',
  send: 'Send apologies',
  notNow: 'Not now',
  readers: (names: readonly string[]) => `${list(names)} will see this.`,
  readersNone: 'Your leaders will see this.',
  groupSees: 'Your group sees that you can’t come, never why.',
  groupDoesNot: 'Your group does not see it.',
  begun: 'The session has begun. Your leaders will read “apologies after the start”.',
  over: 'The session is over. Your leaders will read “apologies after the start”.',
  cancelled: 'This session was cancelled. You need not send apologies.',
  notExpected: 'You are not expected at this session.',

  sent: 'You sent apologies',
  sentAfter: 'You sent apologies after the start',
  whenSignal: 'It is sent when you have signal.',
  undo: 'Undo: I can come',
  withdrawn: 'You took your apologies back',
  withdrawnText: 'You are expected again.',
  withdrawnOver: 'Your leaders decide what the register says.',

  reason: 'Your reason',
  reasonAsk: 'Do you want to say why?',
  reasonHint: (names: readonly string[]) => `You need not. Only ${list(names)} can read it.`,
  reasonHintNone: 'You need not. Only your leaders can read it.',
  noPatients: 'Write no patient names here.',
  reasons: ['Rota', 'Leave', 'Ill', 'On call'] as readonly string[],
  reasonWords: 'In your own words',
  reasonSave: 'Save the reason',
  reasonOut: 'Take the reason out',
})
