import { AlertOctagon, RotateCcw, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Problem } from '@/api/client'
import { Button } from './button'
import { cn } from './cn'

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('pulse rounded bg-hover', className)} />
}

/** The shape of a list that is being loaded. */
export function SkeletonRows({ rows = 8, label }: { rows?: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="divide-y divide-line">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="flex h-11 items-center gap-4 px-5">
          <Skeleton className="h-4 w-16" />
          <Skeleton className="h-4 max-w-96 flex-1" />
          <Skeleton className="h-4 w-24" />
        </div>
      ))}
    </div>
  )
}

/** Nothing here, and what to do about it. */
export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="grid h-full place-items-center p-8 text-center">
      <div className="max-w-md">
        <Icon aria-hidden className="mx-auto mb-3 size-8 text-faint" strokeWidth={1.5} />
        <h2 className="text-sm font-semibold">{title}</h2>
        {children && <div className="mt-1 text-muted">{children}</div>}
      </div>
    </div>
  )
}

const wayOut: Record<number, string> = {
  0: 'The server does not answer. Is Picket running? It is tried again when you press the button.',
  403: 'Ask an administrator for the role that this needs.',
  404: 'It may have been mistyped, or belongs to another installation.',
  409: 'Somebody else was faster. Reload to see how it stands now.',
  429: 'Wait a moment, then try again.',
}

/** What went wrong, in the server's words, and what to do next. */
export function ErrorState({ error, retry, what }: { error: unknown; retry?: () => void; what: string }) {
  const problem = error instanceof Problem ? error : undefined
  return (
    <div role="alert" className="mx-auto my-6 max-w-xl rounded-lg border border-crit/30 bg-crit-soft p-4 text-crit-text">
      <h2 className="flex items-center gap-2 text-sm font-semibold">
        <AlertOctagon aria-hidden className="size-4" />
        Could not load {what}
      </h2>
      <p className="mt-1 break-words">{error instanceof Error ? error.message : String(error)}</p>
      {problem && wayOut[problem.status] && <p className="mt-1 text-xs">{wayOut[problem.status]}</p>}
      {retry && (
        <Button className="mt-3" onClick={retry}>
          <RotateCcw />
          Try again
        </Button>
      )}
    </div>
  )
}

/** A sentence about an action that failed, next to it. */
export function ActionError({ error }: { error: unknown }) {
  if (!error) return null
  return (
    <p role="alert" className="break-words rounded-md border border-crit/30 bg-crit-soft px-3 py-2 text-xs text-crit-text">
      {error instanceof Error ? error.message : String(error)}
      {error instanceof Problem && wayOut[error.status] ? ` ${wayOut[error.status]}` : ''}
    </p>
  )
}
