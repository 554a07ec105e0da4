/** Radios and checkboxes: the whole line is the target. */

import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

export interface Option<V extends string> {
  readonly value: V
  readonly label: ComponentChildren
  readonly hint?: ComponentChildren
}

/** One of several: radios, as lines or as chips. `value` null means that nothing is chosen yet. */
export function Choices<V extends string>({ legend, hint, options, value, onChoose, chips, quietLegend }: {
  readonly legend: string; readonly hint?: ComponentChildren; readonly options: readonly Option<V>[]
  readonly value: V | null; readonly onChoose: (value: V) => void
  readonly chips?: boolean; readonly quietLegend?: boolean
}): JSX.Element {
  const name = useId()
  return (
    <fieldset class="field" {...(hint ? { 'aria-describedby': `${name}-hint` } : {})}>
      <legend class={quietLegend ? 'unseen' : 'choice-legend'}>{legend}</legend>
      {hint && <div class="hint" id={`${name}-hint`}>{hint}</div>}
      <div class={chips ? 'choices chips' : 'choices'}>
        {options.map((option) => (
          <label class="choice" key={option.value}>
            <input type="radio" name={name} value={option.value} checked={value === option.value}
              onChange={() => onChoose(option.value)} />
            <span class="choice-text">{option.label}{option.hint && <small>{option.hint}</small>}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** Yes or no. */
export function Checkbox({ label, hint, checked, onChange }: {
  readonly label: ComponentChildren; readonly hint?: ComponentChildren
  readonly checked: boolean; readonly onChange: (checked: boolean) => void
}): JSX.Element {
  return (
    <label class="choice">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span class="choice-text">{label}{hint && <small>{hint}</small>}</span>
    </label>
  )
}
