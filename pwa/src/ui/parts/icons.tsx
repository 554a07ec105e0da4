/**
 * The icons, drawn for Enid: 24 units across, one path of 2-unit lines each; a dot is a line of no
 * length. Always beside words.
 */

import type { JSX } from 'preact'

const paths = {
  today: 'M7 5.5h10a3 3 0 0 1 3 3v8.5a3 3 0 0 1-3 3h-10a3 3 0 0 1-3-3v-8.5a3 3 0 0 1 3-3zM8 3v4M16 3v4M4 10.5h16M12 15.2h.01',
  groups: 'M15.91 3.9h.01M19.22 10.36h.01M17.78 16.62h.01M11.99 19.4h.01M6.21 16.61h.01M4.79 10.34h.01M8.8 5.33h.01',
  notes: 'M6.5 3.5H15l4 4v11.5a2 2 0 0 1-2 2H6.5a2 2 0 0 1-2-2V5.5a2 2 0 0 1 2-2zM9 11h6M9 15h4',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  help: 'M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0M9.4 9.3a2.7 2.7 0 0 1 5.2 1c0 1.9-2.6 2.1-2.6 3.9M12 17.2h.01',
  tick: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  back: 'M14.5 5.5L8 12l6.5 6.5',
  next: 'M9.5 5.5L16 12l-6.5 6.5',
  nosignal: 'M3 3l18 18M5 12.5a10 10 0 0 1 4-2.4M8.5 16a5 5 0 0 1 6.2-.6M13.5 9.6a10 10 0 0 1 5.5 2.9M2 9a14.5 14.5 0 0 1 4.5-2.8M10.5 5.1A14.5 14.5 0 0 1 22 9M12 19.2h.01',
  phone: 'M9.5 2.5h5a2.5 2.5 0 0 1 2.5 2.5v14a2.5 2.5 0 0 1-2.5 2.5h-5a2.5 2.5 0 0 1-2.5-2.5v-14a2.5 2.5 0 0 1 2.5-2.5zM10.8 18.3h2.4',
  sending: 'M12 20V5M6 11l6-6.5 6 6.5',
  sent: 'M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0M8 12.3l2.8 2.8L16.2 9.5',
  warning: 'M12 3.5L22 20.5H2zM12 9.5v5M12 17.5h.01',
  differ: 'M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0M8 10h8M8 14h8M14.2 7.5l-4.4 9',
  clock: 'M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0M12 7v5.3l3.5 2',
  lock: 'M7.5 10.5h9a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-2.5 2.5h-9a2.5 2.5 0 0 1-2.5-2.5v-5a2.5 2.5 0 0 1 2.5-2.5zM8 10.5V8a4 4 0 0 1 8 0v2.5',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM9.2 12a2.8 2.8 0 1 0 5.6 0a2.8 2.8 0 1 0-5.6 0',
  place: 'M12 21.5s7-6.3 7-11.5a7 7 0 1 0-14 0c0 5.2 7 11.5 7 11.5zM9.5 10a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0',
  link: 'M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1-1',
  copy: 'M11.5 9h6.5a2.5 2.5 0 0 1 2.5 2.5v6.5a2.5 2.5 0 0 1-2.5 2.5h-6.5a2.5 2.5 0 0 1-2.5-2.5v-6.5a2.5 2.5 0 0 1 2.5-2.5zM15 9V6a2.5 2.5 0 0 0-2.5-2.5H6A2.5 2.5 0 0 0 3.5 6v6.5A2.5 2.5 0 0 0 6 15h3',
  calendar: 'M7 5.5h10a3 3 0 0 1 3 3v8.5a3 3 0 0 1-3 3h-10a3 3 0 0 1-3-3v-8.5a3 3 0 0 1 3-3zM8 3v4M16 3v4M4 10.5h16M12 13v5M9.5 15.5h5',
  call: 'M6 3.5h3l1.7 4.5-2.2 1.7a12 12 0 0 0 5.8 5.8l1.7-2.2 4.5 1.7v3a2 2 0 0 1-2.2 2A17 17 0 0 1 4 5.7 2 2 0 0 1 6 3.5z',
  person: 'M8 8a4 4 0 1 0 8 0a4 4 0 1 0-8 0M4.5 20.5a7.5 7.5 0 0 1 15 0',
  envelope: 'M5.5 5.5h13a2.5 2.5 0 0 1 2.5 2.5v8a2.5 2.5 0 0 1-2.5 2.5h-13a2.5 2.5 0 0 1-2.5-2.5v-8a2.5 2.5 0 0 1 2.5-2.5zM3.5 7.5L12 13.5l8.5-6',
  undo: 'M8.5 5L4 9.5 8.5 14M4.5 9.5h9a5.5 5.5 0 0 1 0 11H9',
  share: 'M12 15V3.5M8 7l4-4 4 4M7 10.5H6a2 2 0 0 0-2 2v6a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-6a2 2 0 0 0-2-2h-1',
  download: 'M12 3.5V15M7.5 11l4.5 4.5 4.5-4.5M4.5 20.5h15',
  search: 'M4 10.5a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0M15.5 15.5l5 5',
  key: 'M3.5 15.5a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0M11.2 12.3L20 3.5M16.5 7l3 3M14 9.5l2 2',
  rules: 'M9.5 6h11M9.5 12h11M9.5 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  register: 'M7 4.5h10a2.5 2.5 0 0 1 2.5 2.5v12a2.5 2.5 0 0 1-2.5 2.5h-10a2.5 2.5 0 0 1-2.5-2.5v-12a2.5 2.5 0 0 1 2.5-2.5zM9 4.5V3h6v1.5M8.5 13l2.5 2.5 4.5-5',
  print: 'M7 8.5v-5h10v5M7 17.5H5a2 2 0 0 1-2-2v-5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2h-2M7 14h10v6.5H7z',
  pencil: 'M4 20l1-4.5L16.5 4a2.1 2.1 0 0 1 3 3L8 18.8z',
  bin: 'M4.5 6.5h15M9 6.5V4h6v2.5M6.5 6.5l1 14h9l1-14M10.5 10.5v6M13.5 10.5v6',
}

export type IconName = keyof typeof paths

/** Only dots: they are drawn thicker. */
const dots: readonly IconName[] = ['groups', 'more']

/** One icon, `size` px at the usual text size; it grows with the text. It says nothing to a screen reader: the words beside it do. */
export function Icon({ name, size = 24 }: { name: IconName; size?: number }): JSX.Element {
  const across = `${size / 16}rem`
  return (
    <svg viewBox="0 0 24 24" width={across} height={across} fill="none" stroke="currentColor" stroke-width={dots.includes(name) ? 4 : 2}
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d={paths[name]} /></svg>
  )
}
