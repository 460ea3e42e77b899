import type { AlertFilter } from '@/api/queries'
import { severities } from '@/ui/severity'

export const spans = [
  ['1h', 'last hour'],
  ['24h', 'last 24 hours'],
  ['7d', 'last 7 days'],
  ['30d', 'last 30 days'],
] as const

/** The queue shows open alerts unless the address says otherwise. */
export const alertStates = [
  ['closed', 'Closed'],
  ['all', 'Open and closed'],
] as const

export const runStatuses = [
  ['queued', 'Queued'],
  ['running', 'Running'],
  ['waiting', 'Waiting'],
  ['completed', 'Completed'],
  ['failed', 'Failed'],
  ['cancelled', 'Cancelled'],
  ['timed_out', 'Timed out'],
] as const

export type AlertSearch = { q?: string; severity?: string; source?: string; since?: string; run?: string; status?: string }

const hours: Record<string, number> = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 }

const oneOf = (value: unknown, options: readonly string[]) => (typeof value === 'string' && options.includes(value) ? value : undefined)

// A number in an address was typed as text.
const text = (value: unknown, most: number) =>
  (typeof value === 'string' || typeof value === 'number' ? String(value).trim().slice(0, most) : '') || undefined

/** The filters in an address; what is no filter is dropped. */
export function alertSearch(search: Record<string, unknown>): AlertSearch {
  const found: AlertSearch = {
    q: text(search.q, 200),
    severity: oneOf(search.severity, severities),
    source: text(search.source, 64),
    since: oneOf(search.since, Object.keys(hours)),
    status: oneOf(search.status, alertStates.map(([status]) => status)),
    run: oneOf(search.run, runStatuses.map(([status]) => status)),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** What the API is asked for. The start of the time span is rounded to the minute, so that asking again is the same question. */
export function alertFilter(search: AlertSearch, now: number): AlertFilter {
  const span = search.since && hours[search.since]
  const since = span ? new Date(Math.floor((now - span * 3_600_000) / 60_000) * 60_000).toISOString() : undefined
  return { q: search.q, severity: search.severity, source: search.source, since, status: search.status === 'all' ? undefined : (search.status ?? 'open') }
}
