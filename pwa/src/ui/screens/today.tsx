/** Today: when and where, can you come, and what needs me. */

import type { JSX } from 'preact'
import { today as words } from '../../words/en/today.ts'
import { Page, PageHead } from '../parts/index.ts'

export function Today(): JSX.Element {
  return <Page><PageHead title={words.heading} /></Page>
}
