import { Tabs as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn'

export const Tabs = Radix.Root

export function TabList({ className, ...rest }: ComponentProps<typeof Radix.List>) {
  return <Radix.List className={cn('flex shrink-0 gap-0.5 overflow-x-auto border-b border-line px-2', className)} {...rest} />
}

export function Tab({ className, ...rest }: ComponentProps<typeof Radix.Trigger>) {
  return (
    <Radix.Trigger
      className={cn(
        'inline-flex shrink-0 items-center gap-1.5 border-b-2 border-transparent px-2.5 py-2 text-[13px] font-medium text-muted -outline-offset-2 hover:text-fg data-[state=active]:border-accent data-[state=active]:text-fg [&_svg]:size-3.5',
        className,
      )}
      {...rest}
    />
  )
}

export const TabPanel = Radix.Content
