/** Words of Help. Contacts are data, never words. */

import { section } from '../speech.ts'

export const help = section('help', {
  heading: 'Help',
})
