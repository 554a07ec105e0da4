/** Words of a session's page. */

import { section } from '../speech.ts'

export const session = section('session', {
  addCalendar: 'Add to calendar',
  /** Neutral: a calendar is often seen by others. */
  calendarName: 'Group session',
  changes: 'What changed',
  twoAnswers: 'Your leaders say different things. Ask them which is right.',
  fields: { on: 'Day', start: 'Time', place: 'Place', link: 'Link', led_by: 'Leaders', state: 'State' } as Readonly<Record<string, string>>,
  sees: 'Your group, its leaders and the programme’s office see when and where. No one else.',
  mine: {
    here: 'You: here',
    late: 'You: late',
    not_admitted: 'You: came after the cut-off',
    absent: 'You: absent',
    apology_before: 'You: sent apologies',
    apology_after: 'You: sent apologies after the start',
    excused: 'You: excused',
    attended_elsewhere: 'You: came to another session',
    not_recorded: 'You: not recorded',
    still_agreeing: 'You: your leaders are still agreeing',
    none: '',
  },
  lostSession: 'This session is not on this phone',
  lostSessionText: 'It may belong to a group that you left, or it comes with the next signal.',
})
