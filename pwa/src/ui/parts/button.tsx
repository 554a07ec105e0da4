/** Buttons do something; links go somewhere. Both may look alike. */

import type { ComponentChildren, JSX } from 'preact'
import { Icon, type IconName } from './icons.tsx'

interface Look {
  /** One primary on a screen. */
  readonly kind?: 'primary' | 'secondary' | 'quiet' | 'danger'
  readonly small?: boolean
  readonly icon?: IconName
  readonly children?: ComponentChildren
}

const classOf = ({ kind = 'primary', small }: Look): string =>
  ['button', kind, small ? 'small' : ''].filter(Boolean).join(' ')

type ButtonProps = Look & Omit<JSX.IntrinsicElements['button'], 'icon' | 'class' | 'type'> & { readonly type?: 'button' | 'submit' }

/** Does something. */
export function Button({ kind, small, icon, children, type = 'button', ...rest }: ButtonProps): JSX.Element {
  return (
    <button type={type} class={classOf({ ...(kind && { kind }), ...(small && { small }) })} {...rest}>
      {icon && <Icon name={icon} size={20} />}{children}
    </button>
  )
}

interface LinkProps extends Look {
  readonly href: string
  readonly target?: '_blank'
  readonly download?: string
  readonly onClick?: () => void
}

/** Goes somewhere, and looks like a button. */
export function LinkButton({ kind, small, icon, children, target, ...rest }: LinkProps): JSX.Element {
  return (
    <a class={classOf({ ...(kind && { kind }), ...(small && { small }) })} {...rest}
      {...(target && { target, rel: 'noreferrer' })}>
      {icon && <Icon name={icon} size={20} />}{children}
    </a>
  )
}

/** Only an icon to the eye; `label` says what it does. */
export function IconButton({ icon, label, ...rest }: { readonly icon: IconName; readonly label: string } & Omit<JSX.IntrinsicElements['button'], 'icon' | 'label' | 'class'>): JSX.Element {
  return <button type="button" class="button quiet icon" aria-label={label} {...rest}><Icon name={icon} /></button>
}

/** Buttons side by side where there is room. */
export function Buttons({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <div class="buttons">{children}</div>
}
