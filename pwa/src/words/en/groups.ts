/** Words of Groups: dates, rules, people, who can see what. */

import { section } from '../speech.ts'

export const groups = section('groups', {
  heading: 'Groups',
})
