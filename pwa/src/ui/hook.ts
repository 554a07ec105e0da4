/**
 * For pictures and stories alone: an e2e build lets them set facts that would take days to come
 * about. Any other build does not hold this file.
 */

import * as act from './act.ts'
import * as door from './door.ts'
import { myGroups } from './find.ts'
import { go } from './router.ts'
import { facts } from './truth.ts'

Object.assign(globalThis, { enid: { act: { ...act, ...door }, facts, go, myGroups } })
