/** My groups: the one group itself when there is one, a list that can be searched when there are many. */

import type { JSX } from 'preact'
import type { GroupView } from '../../domain/views.ts'
import { groups as words } from '../../words/en/groups.ts'
import { language } from '../../words/index.ts'
import { Button, Choices, Empty, Field, Page, PageHead, Row, Rows } from '../parts/index.ts'
import { myGroups } from '../find.ts'
import { href, useKept } from '../router.ts'
import { momentOf } from '../say.ts'
import { GroupPage } from './group.tsx'

/** From this many groups on, searching is quicker than looking. */
const many = 8

export function Groups(): JSX.Element {
  const all = myGroups()
  const [only] = all
  if (all.length === 1 && only) return <GroupPage group={only} top />
  return (
    <Page>
      <PageHead title={words.heading} />
      {all.length === 0 ? <Empty icon="groups" title={words.none}><p class="quiet">{words.noneText}</p></Empty>
        : <GroupList all={all} />}
    </Page>
  )
}

/** The list beside a group, where there is room and more than one group. */
export function SideGroups({ circle }: { readonly circle: string }): JSX.Element | null {
  const all = myGroups()
  return all.length > 1 ? <GroupList all={all} open={circle} /> : null
}

type Order = 'name' | 'date'

function GroupList({ all, open }: { readonly all: readonly GroupView[]; readonly open?: string }): JSX.Element {
  const [search, setSearch] = useKept('search', '')
  const [order, setOrder] = useKept<Order>('order', 'name')
  const shown = all.filter((group) => holds(group, search)).sort(order === 'name' ? byName : byDate)
  return (
    <div class="section">
      {all.length >= many && (
        <>
          <Field label={words.search} value={search} onText={setSearch} inputMode="search" enterkeyhint="search" autocomplete="off" />
          <Choices legend={words.sort} quietLegend chips value={order} onChoose={setOrder}
            options={[{ value: 'name', label: words.byName }, { value: 'date', label: words.byDate }]} />
          <p class="quiet-text" role="status">{words.found(shown.length)}</p>
        </>
      )}
      {shown.length === 0
        ? <Empty icon="search" title={words.noMatch}><Button kind="secondary" onClick={() => setSearch('')}>{words.clear}</Button></Empty>
        : (
          <Rows>
            {shown.map((group) => (
              <Row key={group.circle} title={group.name} href={href('group', { circle: group.circle })}
                current={group.circle === open}
                sub={group.next ? words.next(momentOf(group.next.when)) : words.noDates} />
            ))}
          </Rows>
        )}
    </div>
  )
}

const holds = (group: GroupView, search: string): boolean =>
  search.toLowerCase().split(/\s+/).every((word) => group.name.toLowerCase().includes(word))
const byName = (a: GroupView, b: GroupView): number => a.name.localeCompare(b.name, language(), { numeric: true })
const byDate = (a: GroupView, b: GroupView): number =>
  (a.next?.when.starts ?? Infinity) - (b.next?.when.starts ?? Infinity) || byName(a, b)
