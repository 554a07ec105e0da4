// Short words for the steps of tools/shots_states.py; runs in the page, before the app.
globalThis.shots = {
  facts: () => enid.facts,
  first: () => enid.myGroups()[0],
  sessions: () => shots.first().dates.flatMap((l) => (l.session ? [l.session] : [])),
  soon: () => shots.first().next,
  ahead: () => shots.sessions().filter((s) => s.phase === 'future' && !s.cancelled)[0],
  past: () => shots.sessions().filter((s) => s.phase === 'past').at(-1),
  net: (net) => { enid.facts.net.value = { ...enid.facts.net.value, ...net } },
  // A real account as far as the status line can tell: sent, checked just now.
  real: () => {
    enid.facts.madeUp.value = false
    shots.net({ state: 'idle', lastOkAt: Date.now(), clockAhead: 0, lastError: null })
    shots.spaces((space) => ({ ...space, checkedAt: Date.now() }))
  },
  world: (change) => {
    enid.facts.world.value = { ...enid.facts.world.value, ...change(enid.facts.world.value) }
  },
  spaces: (change) => shots.world((w) => ({
    spaces: new Map([...w.spaces].map(([id, space]) => [id, change(space)])),
  })),
  rows: (change) => shots.world((w) => ({ outbox: w.outbox.map((r) => ({ ...r, ...change(r) })) })),
  edit: (type, change) => shots.spaces((space) => ({
    ...space,
    versions: space.versions.flatMap((v) => (v.content?.t === type ? change(v) : [v])),
  })),
  tap: (name, nth = 0) => {
    const all = [...document.querySelectorAll('button, a, summary, label, [role=radio]')]
    const named = (e) => (e.getAttribute('aria-label') ?? e.textContent).trim().startsWith(name)
    const found = all.filter(named)[nth]
    if (!found) throw new Error(`nothing is called ${name}`)
    found.click()
  },
  type: (selector, text) => {
    const at = document.querySelector(selector)
    at.focus()
    at.value = text
    at.dispatchEvent(new InputEvent('input', { bubbles: true }))
  },
  wait: (ms) => new Promise((done) => setTimeout(done, ms)),
  days: (n) => { enid.facts.now.value = Date.now() + n * 86400000 },
  many: (n) => shots.world((w) => {
    const [group] = [...w.circles.values()].filter((c) => c.kind === 'group')
    const circles = new Map(w.circles), spaces = new Map(w.spaces)
    const other = (id, i) => id.slice(0, -3) + String(100 + i)
    for (let i = 1; i < n; i++) {
      circles.set(other(group.id, i), { ...group, id: other(group.id, i) })
      for (const space of w.spaces.values()) {
        if (space.circle !== group.id || space.kind !== 'frame') continue
        const name = (v) => (v.content?.t === 'group'
          ? { ...v, content: { ...v.content, name: `Group ${i + 1}, year 3` } } : v)
        spaces.set(other(space.id, i), { ...space, id: other(space.id, i),
          circle: other(group.id, i), versions: space.versions.map(name) })
      }
    }
    return { circles, spaces }
  }),
}
