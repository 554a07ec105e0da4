/** The fields of each type of record as they stand in the JSON: its content without `t` and `v`. */

import type { ContentOf, RecordType } from '../protocol/records.ts'

export type TypeName = RecordType

export type Fields = { readonly [T in TypeName]: Omit<ContentOf<T>, 't' | 'v'> }

/** What a session's change tells the group. */
export type Change = NonNullable<Fields['session']['changes']>[number]
