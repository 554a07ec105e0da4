/** Reads rows of day, time and zone as JSON, and answers each with its moment and the wall there. */

import { readFileSync } from 'node:fs'
import { instantToWall, wallToInstant } from '../../src/domain/time.ts'

const rows = JSON.parse(readFileSync(0, 'utf8')) as [on: string, start: string, tz: string][]
const answers = rows.map(([on, start, tz]) => {
  const ms = wallToInstant(on, start, tz)
  const wall = instantToWall(ms, tz)
  return [ms / 1000, wall.on, wall.start]
})
process.stdout.write(JSON.stringify(answers))
