/** Which screen stands at which route. Today comes with the app; every other part is a chunk of its own. */

import type { ComponentType } from 'preact'
import type { RouteName } from './router.ts'
import { Today } from './screens/today.tsx'
import type { Vault } from './truth.ts'

export type Tab = 'today' | 'groups' | 'notes' | 'more'
type Screen = ComponentType<Record<string, string>>

export interface PageOf {
  /**
   * 'tabs': the bars stand around it. 'task': full screen, shows its own status line and its own way
   * out. 'door': before there is an account.
   */
  readonly frame: 'tabs' | 'task' | 'door'
  readonly tab: Tab | null
  /** A screen gets the params of its route as props. */
  readonly load: () => Promise<Screen> | Screen
  /** The list that stands beside it from 900 px; it gets the same props. */
  readonly side?: () => Promise<Screen>
}

const screen = <M>(load: () => Promise<M>, pick: (module: M) => unknown) =>
  (): Promise<Screen> => load().then((module) => pick(module) as Screen)

const group = () => import('./screens/group.tsx')
const groups = () => import('./screens/groups.tsx')
const notes = () => import('./screens/notes.tsx')
const more = () => import('./screens/more.tsx')

/** A route whose screen is not listed does not exist yet. */
export const pages: Partial<Record<RouteName, PageOf>> = {
  front: { frame: 'door', tab: null, load: screen(() => import('./screens/front.tsx'), (m) => m.Front) },
  join: { frame: 'door', tab: null, load: screen(() => import('./screens/join.tsx'), (m) => m.Join) },
  open: { frame: 'door', tab: null, load: screen(() => import('./screens/open.tsx'), (m) => m.Open) },
  today: { frame: 'tabs', tab: 'today', load: () => Today as Screen },
  session: {
    frame: 'tabs', tab: 'groups', load: screen(() => import('./screens/session.tsx'), (m) => m.Session),
    side: screen(group, (m) => m.SideDates),
  },
  groups: { frame: 'tabs', tab: 'groups', load: screen(groups, (m) => m.Groups) },
  group: {
    frame: 'tabs', tab: 'groups', load: screen(group, (m) => m.Group),
    side: screen(groups, (m) => m.SideGroups),
  },
  rules: {
    frame: 'tabs', tab: 'groups', load: screen(() => import('./screens/rules.tsx'), (m) => m.Rules),
    side: screen(group, (m) => m.SideDates),
  },
  register: { frame: 'task', tab: null, load: screen(() => import('./screens/register.tsx'), (m) => m.Register) },
  apology: {
    frame: 'tabs', tab: 'groups', load: screen(() => import('./screens/apology.tsx'), (m) => m.Apology),
    side: screen(group, (m) => m.SideDates),
  },
  notes: { frame: 'tabs', tab: 'notes', load: screen(notes, (m) => m.Notes) },
  note: {
    frame: 'tabs', tab: 'notes', load: screen(() => import('./screens/note.tsx'), (m) => m.Note),
    side: screen(notes, (m) => m.NotesSide),
  },
  more: { frame: 'tabs', tab: 'more', load: screen(more, (m) => m.More) },
  phone: {
    frame: 'tabs', tab: 'more', load: screen(() => import('./screens/phone.tsx'), (m) => m.Phone),
    side: screen(more, (m) => m.MoreSide),
  },
  attendance: {
    frame: 'tabs', tab: 'more', load: screen(() => import('./screens/attendance.tsx'), (m) => m.Attendance),
    side: screen(more, (m) => m.MoreSide),
  },
  kit: {
    frame: 'tabs', tab: 'more', load: screen(() => import('./screens/kit.tsx'), (m) => m.KitPage),
    side: screen(more, (m) => m.MoreSide),
  },
  how: {
    frame: 'tabs', tab: 'more', load: screen(() => import('./screens/how.tsx'), (m) => m.How),
    side: screen(more, (m) => m.MoreSide),
  },
  help: { frame: 'tabs', tab: null, load: screen(() => import('./screens/help.tsx'), (m) => m.Help) },
}

/** What stands at every address while nothing can be opened here. */
export const closedPages: Partial<Record<Vault, PageOf['load']>> = {
  locked: screen(() => import('./screens/locked.tsx'), (m) => m.Locked),
  revoked: screen(() => import('./screens/locked.tsx'), (m) => m.Revoked),
}

/** Whether there is a screen at a route. */
export function listed(name: RouteName | 'lost'): name is RouteName {
  return name !== 'lost' && pages[name] !== undefined
}
