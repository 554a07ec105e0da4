/** Words of Today and of a session's page. */

import { section } from '../speech.ts'

export const today = section('today', {
  heading: 'Today',
})
