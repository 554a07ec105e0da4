/** Words of the front page, joining and opening. */

import { section } from '../speech.ts'

export const door = section('door', {
  heading: 'Enid',
  tryIt: 'Try it with a made-up group',
})
