import { ShieldAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from './badge'
import { cn } from './cn'
import { inert } from './inert'

const meaning = 'Somebody outside may have written this. It is shown as plain text and nothing in it runs.'

/** Text that an attacker may have written: never a link, never markup, and marked. */
export function Untrusted({ children, className }: { children: string; className?: string }) {
  return (
    <bdi title={meaning} className={cn('untrusted break-words', className)}>
      {inert(children)}
    </bdi>
  )
}

export function UntrustedBadge({ children = 'untrusted' }: { children?: ReactNode }) {
  return (
    <Badge tone="high" title={meaning}>
      <ShieldAlert aria-hidden />
      {children}
    </Badge>
  )
}
