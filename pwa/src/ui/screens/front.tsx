/** The front page of a fresh phone. */

import type { JSX } from 'preact'
import { startMadeUp } from '../act.ts'
import { Button, Hero, Page, PageHead } from '../parts/index.ts'
import { door as words } from '../../words/en/door.ts'

export function Front(): JSX.Element {
  return <Page><Hero /><PageHead title={words.heading} /><Button kind="secondary" onClick={() => void startMadeUp('member')}>{words.tryIt}</Button></Page>
}
