/** Fields after the NHS design system's patterns: label, hint, error, in this order, all tied together. */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { common as words } from '../../words/en/common.ts'
import { Icon } from './icons.tsx'

interface FieldProps {
  readonly label: ComponentChildren
  readonly hint?: ComponentChildren
  /** What is wrong and what to do; the field is then marked wrong. */
  readonly error?: string | null
  readonly id?: string
}

/** What a field of text may be told besides: the names are HTML's. */
interface TextProps {
  readonly value: string
  readonly onText: (text: string) => void
  readonly onBlur?: () => void
  readonly autocomplete?: 'off' | 'name' | 'one-time-code'
  readonly autocapitalize?: 'none' | 'characters' | 'words' | 'sentences'
  readonly spellcheck?: boolean
  readonly maxLength?: number
  readonly rows?: number
}

interface InputProps extends FieldProps, TextProps {
  /** Characters of a code: even widths, capitals. */
  readonly code?: boolean
  readonly inputMode?: 'text' | 'numeric' | 'search'
  readonly enterkeyhint?: 'done' | 'go' | 'next' | 'search'
}

/** One line of text. */
export function Field({ label, hint, error, id, code, onText, ...rest }: InputProps): JSX.Element {
  const own = useId()
  const at = id ?? own
  return (
    <Framed at={at} label={label} hint={hint} error={error ?? null}>
      <input id={at} type="text" class={code ? 'input code' : 'input'} onInput={(event) => onText(event.currentTarget.value)}
        {...described(at, hint, error)} {...rest} />
    </Framed>
  )
}

/** Some lines of text. */
export function TextArea({ label, hint, error, id, onText, ...rest }: FieldProps & TextProps): JSX.Element {
  const own = useId()
  const at = id ?? own
  return (
    <Framed at={at} label={label} hint={hint} error={error ?? null}>
      <textarea id={at} class="input" rows={5} onInput={(event) => onText(event.currentTarget.value)}
        {...described(at, hint, error)} {...rest} />
    </Framed>
  )
}

function described(at: string, hint: unknown, error: unknown): { 'aria-describedby'?: string; 'aria-invalid'?: true } {
  const by = [hint ? `${at}-hint` : '', error ? `${at}-error` : ''].filter(Boolean).join(' ')
  return { ...(by && { 'aria-describedby': by }), ...(error ? { 'aria-invalid': true as const } : {}) }
}

function Framed({ at, label, hint, error, children }: FieldProps & { readonly at: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class={error ? 'field wrong' : 'field'}>
      <label for={at}>{label}</label>
      {hint && <div class="hint" id={`${at}-hint`}>{hint}</div>}
      {error && <p class="field-error" id={`${at}-error`}><Icon name="warning" />{error}</p>}
      {children}
    </div>
  )
}

export interface Wrong {
  /** The id of the field. */
  readonly at?: string
  readonly text: string
}

/** What is wrong on this page, at its top, each leading to its field; takes the focus. */
export function ErrorSummary({ errors }: { readonly errors: readonly Wrong[] }): JSX.Element | null {
  const box = useRef<HTMLDivElement>(null)
  const said = errors.map((e) => e.text).join('\n')
  useEffect(() => { if (said) box.current?.focus() }, [said])
  if (errors.length === 0) return null
  return (
    <div class="errors" role="alert" tabIndex={-1} ref={box}>
      <h2>{words.problem}</h2>
      {errors.map((error) => error.at
        ? <a key={error.text} href={`#${error.at}`} onClick={(event) => { event.preventDefault(); document.getElementById(error.at ?? '')?.focus() }}>{error.text}</a>
        : <p key={error.text}>{error.text}</p>)}
    </div>
  )
}
