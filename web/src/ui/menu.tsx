import { Check } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn'

// Not modal: a modal menu hides the page from assistive technology while the page still holds the focusable trigger.
export const Menu = (props: ComponentProps<typeof Radix.Root>) => <Radix.Root modal={false} {...props} />

export const MenuTrigger = Radix.Trigger

/** The menu's panel. It stands inside <main> (or the navigation given), so that all content is within a landmark. */
export function MenuContent({ className, within = 'main', ...rest }: ComponentProps<typeof Radix.Content> & { within?: string }) {
  return (
    <Radix.Portal container={document.getElementById(within)}>
      <Radix.Content
        sideOffset={4}
        collisionPadding={8}
        className={cn('z-50 max-h-80 min-w-44 overflow-auto rounded-lg border border-line bg-raised p-1 shadow-pop', className)}
        {...rest}
      />
    </Radix.Portal>
  )
}

const row = 'flex items-center gap-2 rounded px-2 py-1.5 text-[13px] outline-none data-[highlighted]:bg-hover [&_svg]:size-3.5'

export function MenuItem({ className, ...rest }: ComponentProps<typeof Radix.Item>) {
  return <Radix.Item className={cn(row, '[&_svg]:text-muted', className)} {...rest} />
}

export function MenuCheck({ children, ...rest }: ComponentProps<typeof Radix.CheckboxItem>) {
  return (
    <Radix.CheckboxItem className={row} onSelect={(event) => event.preventDefault()} {...rest}>
      <span className="grid size-3.5 place-items-center rounded border border-line-strong">
        <Radix.ItemIndicator>
          <Check className="text-accent-text" />
        </Radix.ItemIndicator>
      </span>
      {children}
    </Radix.CheckboxItem>
  )
}

export const MenuRadios = Radix.RadioGroup

export function MenuRadio({ children, ...rest }: ComponentProps<typeof Radix.RadioItem>) {
  return (
    <Radix.RadioItem className={row} {...rest}>
      <span className="grid size-3.5 place-items-center">
        <Radix.ItemIndicator>
          <Check className="text-accent-text" />
        </Radix.ItemIndicator>
      </span>
      {children}
    </Radix.RadioItem>
  )
}
