import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { BellRing, SearchX } from 'lucide-react'
import { useCallback, useEffect, useMemo } from 'react'
import type { Alert, Run } from '@/api/nouns'
import { alertsQuery, countsQuery, playbooksQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Choice, ClearFilters, SearchField } from '@/ui/filter'
import { rowLink, VirtualList, type Column } from '@/ui/list'
import { Page } from '@/ui/page'
import { severities, Severity, VerdictBadge } from '@/ui/severity'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { useNow, When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'
import { StateBadge } from './Change'
import { subject } from './facts'
import { useRunsOf } from './runs'
import { alertFilter, alertStates, runStatuses, spans, type AlertSearch } from './search'

const route = getRouteApi('/app/alerts')

// The API can't be asked for alerts by their runs' status: alerts are looked through page by page, up to this many.
const lookThrough = 1000

export function Alerts() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const minute = useNow(60_000)
  const filter = useMemo(() => alertFilter(search, minute), [search, minute])
  const query = useInfiniteQuery(alertsQuery(filter))
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query
  const { data: counts } = useQuery(countsQuery)
  const { data: playbooks } = useQuery(playbooksQuery)
  const loaded = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const runs = useRunsOf(loaded)

  const items = useMemo(
    () => (search.run ? loaded.filter((alert) => runs.byAlert.get(alert.id)?.some((run) => run.status === search.run)) : loaded),
    [loaded, runs.byAlert, search.run],
  )
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError && !(search.run && loaded.length >= lookThrough)) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, search.run, loaded.length])
  useEffect(() => {
    if (search.run && items.length < 30) more()
  }, [search.run, items.length, more])
  useEffect(() => {
    document.title = 'Alerts · Picket'
  }, [])

  const set = useCallback((change: AlertSearch) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true }), [navigate])
  const setText = useCallback((q: string | undefined) => set({ q }), [set])
  const clear = () => void navigate({ search: {} })
  const filtered = Object.values(search).some(Boolean)
  const sources = useMemo(() => {
    const known = new Set(loaded.map((alert) => alert.source))
    for (const playbook of playbooks ?? []) for (const trigger of playbook.triggers) if (trigger.source) known.add(trigger.source)
    if (search.source) known.add(search.source)
    return [...known].toSorted().map((name) => [name, name] as const)
  }, [loaded, playbooks, search.source])
  const columns = useMemo(() => makeColumns(runs.byAlert), [runs.byAlert])

  return (
    <Page fill title="Alerts" sub={counts ? `${counts.alerts_open.toLocaleString('en')} with a run that is not over` : 'What your sources sent'}>
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-2 sm:px-5">
        <SearchField label="Search title, user, host, address" value={search.q} onChange={setText} />
        <Choice label="Severity" value={search.severity} options={severities.map((name) => [name, name])} onChange={(severity) => set({ severity })} />
        <Choice label="Source" value={search.source} options={sources} onChange={(source) => set({ source })} />
        <Choice label="Received" value={search.since} options={spans} onChange={(since) => set({ since })} />
        <Choice label="State" any="Open" value={search.status} options={alertStates} onChange={(status) => set({ status })} />
        <Choice label="Runs" value={search.run} options={runStatuses} onChange={(run) => set({ run })} />
        {filtered && <ClearFilters onClear={clear} />}
        <span role="status" className="ml-auto text-xs text-muted">
          {query.isSuccess && `${items.length.toLocaleString('en')}${hasNextPage ? '+' : ''} shown`}
        </span>
      </div>
      {query.isPending ? (
        <SkeletonRows label="Loading alerts" rows={14} />
      ) : query.isError && loaded.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} what="the alerts" />
      ) : items.length > 0 ? (
        <VirtualList
          label="Alerts"
          items={items}
          id={(alert) => alert.id}
          columns={columns}
          renderNarrow={(alert) => <Narrow alert={alert} runs={runs.byAlert.get(alert.id)} />}
          open={(alert) => void navigate({ to: '/alerts/$id', params: { id: alert.id } })}
          onEnd={more}
          loadingMore={isFetchingNextPage}
        />
      ) : filtered ? (
        <Empty icon={SearchX} title="No alert matches">
          <p className="mb-3">
            {search.run && hasNextPage
              ? `None of the latest ${loaded.length.toLocaleString('en')} alerts has a run in this state. Narrow the other filters, or look among the runs.`
              : 'Widen the filters, or clear them.'}
          </p>
          <Button onClick={clear}>Clear the filters</Button>
        </Empty>
      ) : (
        <Empty icon={BellRing} title="No open alerts">
          <p className="mb-3">
            Post one to <code className="font-mono text-xs">/v1/hooks/&lt;source&gt;</code> with the source’s token. It appears here at once.
          </p>
          <Button onClick={() => set({ status: 'all' })}>Show closed ones too</Button>
        </Empty>
      )}
    </Page>
  )
}

const makeColumns = (runs: Map<string, Run[]>): Column<Alert>[] => [
  { name: 'Severity', track: '72px', cell: (alert) => <Severity value={alert.state?.severity ?? alert.severity} /> },
  {
    name: 'Alert',
    track: 'minmax(0,1fr)',
    cell: (alert) => (
      <Link to="/alerts/$id" params={{ id: alert.id }} className={`font-medium ${rowLink}`}>
        {alert.state?.status === 'closed' && <><StateBadge status="closed" /> </>}
        <Untrusted className="bg-transparent">{alert.title}</Untrusted>
      </Link>
    ),
  },
  { name: 'About', track: 'minmax(0,200px)', cell: (alert) => <Untrusted className="bg-transparent font-mono text-xs text-muted">{subject(alert) || '—'}</Untrusted> },
  { name: 'Source', track: '96px', cell: (alert) => <span className="text-muted">{alert.source}</span> },
  { name: 'Runs', track: '190px', cell: (alert) => <RunBadges runs={runs.get(alert.id)} /> },
  { name: 'Received', track: '150px', cell: (alert) => <When at={alert.received_at} className="text-muted" /> },
]

function RunBadges({ runs }: { runs: Run[] | undefined }) {
  if (!runs?.length) return <span className="text-faint">none</span>
  const [first, ...rest] = runs
  return (
    <span className="flex items-center gap-1">
      <StatusBadge status={first!.status} />
      {first!.verdict && <VerdictBadge value={first!.verdict} />}
      {rest.length > 0 && <span className="text-2xs text-muted">+{rest.length}</span>}
    </span>
  )
}

function Narrow({ alert, runs }: { alert: Alert; runs: Run[] | undefined }) {
  return (
    <>
      <div className="flex items-center gap-2">
        <Severity value={alert.state?.severity ?? alert.severity} />
        {alert.state?.status === 'closed' && <StateBadge status="closed" />}
        <RunBadges runs={runs} />
        <When at={alert.received_at} className="ml-auto text-2xs text-muted" />
      </div>
      <Link to="/alerts/$id" params={{ id: alert.id }} className={`mt-1 line-clamp-1 font-medium ${rowLink}`}>
        <Untrusted className="bg-transparent">{alert.title}</Untrusted>
      </Link>
    </>
  )
}
