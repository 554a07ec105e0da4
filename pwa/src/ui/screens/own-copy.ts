/** The sealed copy of what this phone holds, handed to its owner as a file. */

import { instantToWall } from '../../domain/time.ts'
import { more } from '../../words/en/more.ts'
import { exportCopy } from '../door.ts'
import { handOver } from '../hand.ts'
import { zone } from '../truth.ts'

/** Makes the copy and hands it over; gives the file's name. Throws what `exportCopy` throws. */
export async function takeCopy(): Promise<string> {
  const name = more.file.copy(instantToWall(Date.now(), zone).on)
  const copy = await exportCopy()
  await handOver(new File([copy], name, { type: 'application/octet-stream' }))
  return name
}
