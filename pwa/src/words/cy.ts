/**
 * Cymraeg: a draft. It goes live only after a native reader; until then a test lists what is
 * missing, and what is missing is said in English.
 */

import type { Draft } from './index.ts'

export const cy: Draft = {
  common: {
    tabs: { today: 'Heddiw', groups: 'Grwpiau', notes: 'Nodiadau', more: 'Mwy' },
    help: 'Cymorth',
    back: 'Yn ôl',
    close: 'Cau',
    cancel: 'Canslo',
    save: 'Cadw',
    copy: 'Copïo',
    copied: 'Wedi copïo',
    change: 'Newid',
    tryAgain: 'Rhoi cynnig arall arni',
    optional: '(dewisol)',
  },
}
