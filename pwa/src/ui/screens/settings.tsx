/** Language, text size, light or dark: at once on this phone, and kept for the other phones. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { setSetting } from '../../domain/settings.ts'
import { language } from '../../words/index.ts'
import { more } from '../../words/en/more.ts'
import { act, pen } from '../act.ts'
import { looks, wear, worn, type Look, type LookName } from '../dress.ts'
import { Choices, Inset, Section } from '../parts/index.ts'
import { world } from '../truth.ts'

const words = more.settings

/** Part of More. */
export function Settings(): JSX.Element {
  // What is worn may have come from another phone: the settings say when to look again.
  void world.value
  const [choice, chose] = useState({ kept: true })
  const set = <N extends LookName>(name: N) => (value: Look<N>): void => {
    chose({ kept: wear(name, value) })
    void act(setSetting(world.value, pen(), name, value))
  }
  return (
    <Section title={more.look}>
      {!choice.kept && <Inset tone="error" icon="warning"><p>{words.unsaved}</p></Inset>}
      <Choices legend={words.theme} chips value={worn('theme')} onChoose={set('theme')}
        options={looks.theme.map((value) => ({ value, label: words.themes[value] }))} />
      <Choices legend={words.text} hint={words.textHint} chips value={worn('text')} onChoose={set('text')}
        options={looks.text.map((value) => ({ value, label: <span class={`size-${value}`}>{words.texts[value]}</span> }))} />
      <div class="field">
        <p class="choice-legend">{words.language}</p>
        <p lang={language()}>{words.languages.en}</p>
        <p class="hint"><span lang="cy">{words.languages.cy}</span>. {words.welshHint}</p>
      </div>
    </Section>
  )
}
