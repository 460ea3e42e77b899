import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn'

/** A page: its heading stays, its content scrolls unless it `fill`s the page and scrolls in parts. On a phone a `longTitle` has a line of its own. */
export function Page(props: { title: ReactNode; sub?: ReactNode; actions?: ReactNode; fill?: boolean; longTitle?: boolean; children: ReactNode }) {
  const { title, sub, actions, fill, longTitle, children } = props
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex min-h-[52px] shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line bg-surface px-4 py-2 sm:px-5">
        <div className={cn('min-w-0 flex-1', longTitle && 'max-sm:basis-full')}>
          <h1 className="flex flex-wrap items-center gap-x-2 text-[15px] font-semibold">{title}</h1>
          {sub && <p className="text-xs text-muted">{sub}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {fill ? (
        <div className="flex min-h-0 flex-1 flex-col">{children}</div>
      ) : (
        <div className="min-h-0 flex-1 overflow-auto p-4 sm:p-5" tabIndex={0} role="region" aria-label="Page content">
          {children}
        </div>
      )}
    </div>
  )
}

export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return <section className={cn('rounded-lg border border-line bg-surface shadow-card', className)} {...rest} />
}

export function CardHead({ title, right, level: Level = 'h2' }: { title: ReactNode; right?: ReactNode; level?: 'h2' | 'h3' }) {
  return (
    <header className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5">
      <Level className="text-xs font-medium text-muted">{title}</Level>
      {right && <div className="ml-auto flex items-center gap-2 text-xs text-muted">{right}</div>}
    </header>
  )
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="rounded border border-line-strong/70 bg-sunken px-1 font-mono text-2xs text-muted">{children}</kbd>
}

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return (
    <input
      className={cn('h-9 w-full rounded-md border border-line-strong bg-surface px-2.5 text-[13px] placeholder:text-faint', className)}
      {...rest}
    />
  )
}

/** A name and its value, stacked. */
export function Fact({ name, children, className }: { name: string; children: ReactNode; className?: string }) {
  return (
    <div className={cn('min-w-0', className)}>
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="min-w-0 break-words font-medium tabular-nums">{children}</dd>
    </div>
  )
}
