/** The icons, drawn for Enid: 24 units, 2-unit lines, no fills but dots. Always beside words. */

import type { ComponentChildren, JSX } from 'preact'

const dot = (cx: number, cy: number, r = 1.3) => <circle cx={cx} cy={cy} r={r} fill="currentColor" stroke="none" />

const drawings = {
  today: <><rect x="4" y="5.5" width="16" height="14.5" rx="3" /><path d="M8 3v4M16 3v4M4 10.5h16" />{dot(12, 15, 1.8)}</>,
  groups: <>{[0, 1, 2, 3, 4, 5, 6].map((i) => {
    const angle = (i / 7) * 2 * Math.PI + 0.45
    const r = i === 0 ? 9 : 7.4
    return dot(12 + r * Math.sin(angle), 12 - r * Math.cos(angle), 2)
  })}</>,
  notes: <><path d="M6 3.5h9l4 4v12a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 19.5V5a1.5 1.5 0 0 1 1-1.5z" /><path d="M9 11h6M9 15h4" /></>,
  more: <>{dot(5.5, 12, 2)}{dot(12, 12, 2)}{dot(18.5, 12, 2)}</>,
  help: <><circle cx="12" cy="12" r="9" /><path d="M9.4 9.3a2.7 2.7 0 0 1 5.2 1c0 1.9-2.6 2.1-2.6 3.9" />{dot(12, 17.2)}</>,
  tick: <path d="M5 12.5l4.5 4.5L19 7.5" />,
  cross: <path d="M6 6l12 12M18 6L6 18" />,
  plus: <path d="M12 5v14M5 12h14" />,
  back: <path d="M14.5 5.5L8 12l6.5 6.5" />,
  next: <path d="M9.5 5.5L16 12l-6.5 6.5" />,
  nosignal: <><path d="M3 3l18 18" /><path d="M5 12.5a10 10 0 0 1 4-2.4M8.5 16a5 5 0 0 1 6.2-.600M13.5 9.6a10 10 0 0 1 5.5 2.9M2 9a14.5 14.5 0 0 1 4.5-2.8M10.5 5.1A14.5 14.5 0 0 1 22 9" />{dot(12, 19.2, 1.5)}</>,
  phone: <><rect x="7" y="2.5" width="10" height="19" rx="2.5" /><path d="M10.8 18.3h2.4" /></>,
  sending: <path d="M12 20V5M6 11l6-6.5 6 6.5" />,
  sent: <><circle cx="12" cy="12" r="9" /><path d="M8 12.3l2.8 2.8L16.2 9.5" /></>,
  warning: <><path d="M12 3.5L22 20.5H2z" /><path d="M12 9.5v5" />{dot(12, 17.5, 1.2)}</>,
  differ: <><circle cx="12" cy="12" r="9" /><path d="M8 10h8M8 14h8M14.2 7.5l-4.4 9" /></>,
  clock: <><circle cx="12" cy="12" r="9" /><path d="M12 7v5.3l3.5 2" /></>,
  lock: <><rect x="5" y="10.5" width="14" height="10" rx="2.5" /><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5" /></>,
  eye: <><path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" /><circle cx="12" cy="12" r="2.8" /></>,
  place: <><path d="M12 21.5s7-6.3 7-11.5a7 7 0 1 0-14 0c0 5.2 7 11.5 7 11.5z" /><circle cx="12" cy="10" r="2.5" /></>,
  link: <><path d="M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7l-1 1" /><path d="M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1-1" /></>,
  copy: <><rect x="9" y="9" width="11.5" height="11.5" rx="2.5" /><path d="M15 9V6a2.5 2.5 0 0 0-2.5-2.5H6A2.5 2.5 0 0 0 3.5 6v6.5A2.5 2.5 0 0 0 6 15h3" /></>,
  calendar: <><rect x="4" y="5.5" width="16" height="14.5" rx="3" /><path d="M8 3v4M16 3v4M4 10.5h16M12 13v5M9.5 15.5h5" /></>,
  call: <path d="M6 3.5h3l1.7 4.5-2.2 1.7a12 12 0 0 0 5.8 5.8l1.7-2.2 4.5 1.7v3a2 2 0 0 1-2.2 2A17 17 0 0 1 4 5.7 2 2 0 0 1 6 3.5z" />,
  person: <><circle cx="12" cy="8" r="4" /><path d="M4.5 20.5a7.5 7.5 0 0 1 15 0" /></>,
  envelope: <><rect x="3" y="5.5" width="18" height="13" rx="2.5" /><path d="M3.5 7.5L12 13.5l8.5-6" /></>,
  undo: <path d="M8.5 5L4 9.5 8.5 14M4.5 9.5h9a5.5 5.5 0 0 1 0 11H9" />,
  share: <><path d="M12 15V3.5M8 7l4-4 4 4" /><path d="M7 10.5H6A2 2 0 0 0 4 12.5v6A2 2 0 0 0 6 20.5h12a2 2 0 0 0 2-2v-6a2 2 0 0 0-2-2h-1" /></>,
  download: <><path d="M12 3.5V15M7.5 11l4.5 4.5 4.5-4.5" /><path d="M4.5 20.5h15" /></>,
  search: <><circle cx="10.5" cy="10.5" r="6.5" /><path d="M15.5 15.5l5 5" /></>,
  key: <><circle cx="8" cy="15.5" r="4.5" /><path d="M11.2 12.3L20 3.5M16.5 7l3 3M14 9.5l2 2" /></>,
  rules: <><path d="M9.5 6h11M9.5 12h11M9.5 18h11" />{dot(4.5, 6, 1.6)}{dot(4.5, 12, 1.6)}{dot(4.5, 18, 1.6)}</>,
  register: <><rect x="4.5" y="4.5" width="15" height="17" rx="2.5" /><path d="M9 4.5V3h6v1.5M8.5 13l2.5 2.5 4.5-5" /></>,
  print: <><path d="M7 8.5V3.5h10v5M7 17.5H5a2 2 0 0 1-2-2v-5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2h-2" /><rect x="7" y="14" width="10" height="6.5" /></>,
  pencil: <path d="M4 20l1-4.5L16.5 4a2.1 2.1 0 0 1 3 3L8 18.8z" />,
  bin: <path d="M4.5 6.5h15M9 6.5V4h6v2.5M6.5 6.5l1 14h9l1-14M10.5 10.5v6M13.5 10.5v6" />,
  settings: <><path d="M4 7h9M17 7h3M4 17h3M11 17h9" /><circle cx="15" cy="7" r="2.2" /><circle cx="9" cy="17" r="2.2" /></>,
} satisfies Record<string, ComponentChildren>

export type IconName = keyof typeof drawings

/** One icon, `size` px at the usual text size; it grows with the text. It says nothing to a screen reader: the words beside it do. */
export function Icon({ name, size = 24 }: { name: IconName; size?: number }): JSX.Element {
  const across = `${size / 16}rem`
  return (
    <svg viewBox="0 0 24 24" width={across} height={across} fill="none" stroke="currentColor" stroke-width="2"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{drawings[name]}</svg>
  )
}
