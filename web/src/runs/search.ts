import { runStatuses } from '@/alerts/search'

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

export type RunsSearch = { status?: string; playbook?: string }

export function runsSearch(search: Record<string, unknown>): RunsSearch {
  const status = runStatuses.find(([name]) => name === search.status)?.[0]
  return { ...(status && { status }), ...(text(search.playbook) && { playbook: text(search.playbook) }) }
}

/** What of a run is shown: the selected step, its tab, and what a citation points at; of the history, the events that hold a text or are of a step. */
export type RunSearch = { view?: 'graph' | 'ledger' | 'history'; step?: string; tab?: string; at?: string; quote?: string; q?: string; of?: string }

export const runSearch = (search: Record<string, unknown>): RunSearch => ({
  view: search.view === 'graph' || search.view === 'ledger' || search.view === 'history' ? search.view : undefined,
  step: text(search.step),
  tab: text(search.tab),
  at: typeof search.at === 'string' ? search.at : undefined,
  quote: text(search.quote),
  q: typeof search.q === 'number' ? String(search.q) : text(search.q)?.slice(0, 200),
  of: text(search.of),
})
