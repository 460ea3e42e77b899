import { useSyncExternalStore } from 'react'
import { cn } from './cn'
import { formatDuration, formatLeft } from './duration'

// One clock for the page: every second while something on it counts.
const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void) {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The time, in steps of so many milliseconds: what uses it renders again at each step. */
export function useNow(step = 1000): number {
  return useSyncExternalStore(subscribe, () => {
    if (!timer) now = Date.now()
    return Math.floor(now / step) * step
  })
}

const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
})
const timeOnly = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })

export const utc = (at: string | Date) => `${new Date(at).toISOString().replace('T', ' ').replace(/\.\d+Z$/, '')} UTC`

/** A moment in the viewer's zone, with UTC on hover; relative while it is fresh, unless `exact`. */
export function When({ at, exact, className }: { at: string | undefined; exact?: boolean; className?: string }) {
  if (!at || at.startsWith('0001-')) return <span className={cn('text-faint', className)}>—</span>
  return exact ? <Exact at={at} className={className} /> : <Fresh at={at} className={className} />
}

function Exact({ at, className }: { at: string; className?: string }) {
  return (
    <time dateTime={at} title={utc(at)} className={cn('whitespace-nowrap tabular-nums', className)}>
      {dayAndTime.format(new Date(at))}
    </time>
  )
}

function Fresh({ at, className }: { at: string; className?: string }) {
  const age = useNow() - Date.parse(at)
  const date = new Date(at)
  const today = age < 12 * 3_600_000
  const text = age < 5000 && age > -5000 ? 'just now'
    : age > 0 && age < 3_600_000 ? `${age < 60_000 ? `${Math.round(age / 1000)}s` : `${Math.floor(age / 60_000)}m`} ago`
      : today && age > 0 ? timeOnly.format(date) : dayAndTime.format(date)
  return (
    <time dateTime={at} title={`${dayAndTime.format(date)} · ${utc(at)}`} className={cn('whitespace-nowrap tabular-nums', className)}>
      {text}
    </time>
  )
}

/** Time since a moment, counting. */
export function Elapsed({ since }: { since: string }) {
  return <span className="tabular-nums">{formatDuration(Math.max(0, Math.floor((useNow() - Date.parse(since)) / 1000) * 1000))}</span>
}

/** Time left until a moment, counting; urgent in its last five minutes. */
export function Left({ until, className }: { until: string; className?: string }) {
  const left = Date.parse(until) - useNow()
  return (
    <time dateTime={until} title={utc(until)} className={cn('whitespace-nowrap tabular-nums', left < 300_000 && 'font-medium text-crit-text', className)}>
      {formatLeft(left)}
    </time>
  )
}
