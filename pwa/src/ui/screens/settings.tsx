/** Language, text size, light or dark: at once on this phone, and kept for the other phones. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { setSetting } from '../../domain/settings.ts'
import { language } from '../../words/index.ts'
import { more } from '../../words/en/more.ts'
import { act, pen } from '../act.ts'
import { Choices, Inset, Section } from '../parts/index.ts'
import { world } from '../truth.ts'

const words = more.settings

const themes = ['phone', 'light', 'dark'] as const
const texts = ['usual', 'large', 'larger', 'largest'] as const
type Theme = (typeof themes)[number]
type Text = (typeof texts)[number]

/** `localStorage` holds exactly {lang, theme, text, account}: what the first paint needs before any key is open. */
function remember(name: 'theme' | 'text', value: string, usual: string): boolean {
  const root = document.documentElement
  try {
    if (value === usual) localStorage.removeItem(name)
    else localStorage.setItem(name, value)
    return true
  } catch {
    return false
  } finally {
    if (value === usual) delete root.dataset[name]
    else root.dataset[name] = value
  }
}

const shown = <V extends string>(name: string, known: readonly V[], usual: V): V =>
  known.find((value) => value === document.documentElement.dataset[name]) ?? usual

/** Part of More. */
export function Settings(): JSX.Element {
  const [theme, setTheme] = useState<Theme>(() => shown('theme', themes, 'phone'))
  const [text, setText] = useState<Text>(() => shown('text', texts, 'usual'))
  const [kept, keep] = useState(true)
  const set = (name: 'theme' | 'text', value: string, usual: string): void => {
    keep(remember(name, value, usual))
    void act(setSetting(world.value, pen(), name, value))
  }
  return (
    <Section title={more.look}>
      {!kept && <Inset tone="error" icon="warning"><p>{words.unsaved}</p></Inset>}
      <Choices legend={words.theme} chips value={theme}
        options={themes.map((value) => ({ value, label: words.themes[value] }))}
        onChoose={(value) => { setTheme(value); set('theme', value, 'phone') }} />
      <Choices legend={words.text} hint={words.textHint} chips value={text}
        options={texts.map((value) => ({ value, label: <span class={`size-${value}`}>{words.texts[value]}</span> }))}
        onChoose={(value) => { setText(value); set('text', value, 'usual') }} />
      <div class="field">
        <p class="choice-legend">{words.language}</p>
        <p lang={language()}>{words.languages.en}</p>
        <p class="hint"><span lang="cy">{words.languages.cy}</span>. {words.welshHint}</p>
      </div>
    </Section>
  )
}
