/** My groups. */

import type { JSX } from 'preact'
import { groups as words } from '../../words/en/groups.ts'
import { Page, PageHead } from '../parts/index.ts'

export function Groups(): JSX.Element {
  return <Page><PageHead title={words.heading} /></Page>
}
