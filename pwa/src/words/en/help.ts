/** Words of Help. Contacts are data, never words. */

import { section } from '../speech.ts'

export const help = section('help', {
  heading: 'Help',
  now: 'If you or somebody else may be in danger',
  contacts: 'Who helps',
  contactsText: 'You can call these without signal for data. Enid does not know whom you call.',
  none: 'No contacts on this phone yet',
  noneText: 'They come from your programme with your first sync.',
  call: (name: string) => `Call ${name}`,
  open: (name: string) => `Open ${name}`,
  checked: (day: string, source: string) => `Checked on ${day} · ${source}`,
  checkedOn: (day: string) => `Checked on ${day}`,
  notChecked: 'Not checked yet by your programme',
  source: (source: string) => `Source: ${source}`,
  using: 'Using Enid',
  answers: [
    {
      ask: 'Does it work with no signal?',
      answer: 'Yes. Everything you do is saved on this phone first. It is sent when Enid is open and has signal.',
    },
    {
      ask: 'What does “Saved on this phone” mean?',
      answer: 'It is safe here, also when the phone is switched off. Nobody else has it yet. “Sent” means that your group’s log has it.',
    },
    {
      ask: 'I cannot come. What do I do?',
      answer: 'Open Today and choose “I can’t come”. You need not say why.',
    },
    {
      ask: 'I lost my phone',
      answer: 'Open Enid on another phone with your recovery code. Without it, ask your leader for a new code.',
    },
    {
      ask: 'Who can read my notes?',
      answer: 'Only you. Not your leaders, not the office, not whoever runs the server. If you lose your recovery code, nobody can bring them back.',
    },
  ],
  group: 'Your group is not a place for emergencies. Your leaders may not see a message for days.',
})
