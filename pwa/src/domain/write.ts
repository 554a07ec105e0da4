/** How acts become intents: what they are written on, and where they were typed. */

import type { Content, Id, Intent, Pen, RuleName, SpaceRef, World } from '../protocol/local.ts'
import type { Fields, TypeName } from './fields.ts'
import { ownRecord, same } from './project.ts'
import type { Act } from './views.ts'

/**
 * What an act wants written on the versions that were on the screen. Its editor is this record in
 * this tab: what another tab wrote meanwhile is never taken for this tab's own.
 */
export function intent(
  pen: Pen, space: SpaceRef, rule: RuleName, rec: Id, content: Content | null, base: readonly Id[] = [],
): Intent {
  const editor = pen.ownRec('editor', { id: pen.tab }, { id: pen.spaceId(space) }, rule, { id: rec })
  return { space, rule, rec, content, base, editor }
}

/** Write one of this account's own records, unless it says so already (`Shelf.put_own`). */
export function putOwn<T extends TypeName>(
  world: World, pen: Pen, space: SpaceRef, rec: Id, type: T, fields: Fields[T],
): Act {
  const old = ownRecord(world, space, type, rec)
  if (old && same(old.fields, fields) && !Object.keys(old.differ).length) return []
  return [intent(pen, space, 'own', rec, { t: type, v: 1, ...fields }, old?.base)]
}
