import { infiniteQueryOptions, queryOptions, type QueryClient } from '@tanstack/react-query'
import { get, keepCSRF, type List } from './client'
import type {
  Accuracy, Alert, AlertWithRuns, Approval, Connection, Counts, Judgement, LedgerEntry, Models, Operation, Playbook, PlaybookDetail, Run, RunEvent, RunPlan, Session, Step,
} from './nouns'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    const session = await get<Session>('/v1/session', undefined, signal)
    keepCSRF(session.csrf)
    return session
  },
  staleTime: 5 * 60_000,
})

export const countsQuery = queryOptions({
  queryKey: ['counts'],
  queryFn: ({ signal }) => get<Counts>('/v1/counts', undefined, signal),
})

export type AlertFilter = { q?: string; severity?: string; status?: string; source?: string; since?: string }

export const alertsQuery = (filter: AlertFilter) =>
  infiniteQueryOptions({
    queryKey: ['alerts', filter],
    queryFn: ({ pageParam, signal }) => get<List<Alert>>('/v1/alerts', { ...filter, limit: 100, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
  })

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ['alert', id],
    queryFn: ({ signal }) => get<AlertWithRuns>(`/v1/alerts/${encodeURIComponent(id)}`, undefined, signal),
  })

export type RunFilter = { status?: string; playbook?: string; alert_id?: string }

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ['runs', filter],
    queryFn: ({ pageParam, signal }) => get<List<Run>>('/v1/runs', { ...filter, limit: 100, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
  })

const run = (id: string) => `/v1/runs/${encodeURIComponent(id)}`

export const runQuery = (id: string) =>
  queryOptions({ queryKey: ['run', id], queryFn: ({ signal }) => get<Run>(run(id), undefined, signal) })

export const stepsQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id, 'steps'],
    queryFn: async ({ signal }) => (await get<List<Step>>(`${run(id)}/steps`, undefined, signal)).items,
  })

export const runPlanQuery = (id: string) =>
  queryOptions({
    queryKey: ['run-plan', id], // not under ['run', id]: a run's plan never changes
    queryFn: ({ signal }) => get<RunPlan>(`${run(id)}/plan`, undefined, signal),
    staleTime: Infinity,
  })

export const ledgerQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['run', id, 'ledger'],
    queryFn: ({ pageParam, signal }) => get<List<LedgerEntry>>(`${run(id)}/ledger`, { limit: 200, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
  })

export const eventsQuery = (id: string, filter: { q?: string; step?: string }) =>
  infiniteQueryOptions({
    queryKey: ['run', id, 'events', filter],
    queryFn: ({ pageParam, signal }) => get<List<RunEvent>>(`${run(id)}/events`, { ...filter, limit: 500, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
  })

export const eventQuery = (id: string, number: number) =>
  queryOptions({
    queryKey: ['run', id, 'event', number],
    queryFn: ({ signal }) => get<RunEvent>(`${run(id)}/events/${number}`, undefined, signal),
    staleTime: Infinity,
  })

export const approvalsQuery = (filter: { status?: string; run_id?: string }) =>
  infiniteQueryOptions({
    queryKey: ['approvals', filter],
    queryFn: ({ pageParam, signal }) => get<List<Approval>>('/v1/approvals', { ...filter, limit: 100, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
  })

export const approvalQuery = (id: string) =>
  queryOptions({
    queryKey: ['approval', id],
    queryFn: ({ signal }) => get<Approval>(`/v1/approvals/${encodeURIComponent(id)}`, undefined, signal),
  })

export const playbooksQuery = queryOptions({
  queryKey: ['playbooks'],
  queryFn: async ({ signal }) => (await get<List<Playbook>>('/v1/playbooks', undefined, signal)).items,
  staleTime: 60_000,
})

export const playbookQuery = (name: string) =>
  queryOptions({
    queryKey: ['playbook', name],
    queryFn: ({ signal }) => get<PlaybookDetail>(`/v1/playbooks/${encodeURIComponent(name)}`, undefined, signal),
    staleTime: 60_000,
  })

export const connectionsQuery = queryOptions({
  queryKey: ['connections'],
  queryFn: async ({ signal }) => (await get<List<Connection>>('/v1/connections', undefined, signal)).items,
  staleTime: 5 * 60_000,
})

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: async ({ signal }) => (await get<List<Operation>>('/v1/operations', undefined, signal)).items,
  staleTime: 5 * 60_000,
})

export const judgementsQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id, 'feedback'],
    queryFn: async ({ signal }) => (await get<List<Judgement>>(`${run(id)}/feedback`, undefined, signal)).items,
  })

export const accuracyQuery = (by: string) =>
  queryOptions({
    queryKey: ['accuracy', by],
    queryFn: async ({ signal }) => (await get<List<Accuracy>>('/v1/verdicts/accuracy', { by }, signal)).items,
  })

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => get<Models>('/v1/models', undefined, signal),
})

/** Forgets everything but the session: another person must not see what the one before loaded. */
export function forget(client: QueryClient) {
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
}
