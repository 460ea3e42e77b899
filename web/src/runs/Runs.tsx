import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { PlayCircle, SearchX } from 'lucide-react'
import { useCallback, useEffect, useMemo } from 'react'
import { runStatuses } from '@/alerts/search'
import type { Run } from '@/api/nouns'
import { countsQuery, playbooksQuery, runsQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { formatDuration } from '@/ui/duration'
import { Choice, ClearFilters } from '@/ui/filter'
import { inert } from '@/ui/inert'
import { rowLink, VirtualList, type Column } from '@/ui/list'
import { Page } from '@/ui/page'
import { Severity, VerdictBadge } from '@/ui/severity'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { Elapsed, When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'
import type { RunsSearch } from './search'

const route = getRouteApi('/app/runs')

export function Runs() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const query = useInfiniteQuery(runsQuery(search))
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query
  const { data: counts } = useQuery(countsQuery)
  const { data: playbooks = [] } = useQuery(playbooksQuery)
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage])
  useEffect(() => {
    document.title = 'Runs · Picket'
  }, [])
  const set = (change: RunsSearch) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })
  const clear = () => void navigate({ search: {} })
  const filtered = !!(search.status || search.playbook)
  const sub = counts ? `${counts.runs_open.toLocaleString('en')} open` : 'What playbooks did'

  return (
    <Page fill title="Runs" sub={sub}>
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-2 sm:px-5">
        <Choice label="Status" value={search.status} options={runStatuses} onChange={(status) => set({ status })} />
        <Choice label="Playbook" value={search.playbook} options={playbooks.map((each) => [each.name, each.title || each.name])} onChange={(playbook) => set({ playbook })} />
        {filtered && <ClearFilters onClear={clear} />}
        <span role="status" className="ml-auto text-xs text-muted">
          {query.isSuccess && `${items.length.toLocaleString('en')}${hasNextPage ? '+' : ''} shown`}
        </span>
      </div>
      {query.isPending ? (
        <SkeletonRows label="Loading runs" rows={14} />
      ) : query.isError && items.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} what="the runs" />
      ) : items.length > 0 ? (
        <VirtualList
          label="Runs"
          items={items}
          id={(run) => run.id}
          columns={columns}
          renderNarrow={(run) => <Narrow run={run} />}
          open={(run) => void navigate({ to: '/runs/$id', params: { id: run.id } })}
          onEnd={more}
          loadingMore={isFetchingNextPage}
        />
      ) : filtered ? (
        <Empty icon={SearchX} title="No run matches">
          <p className="mb-3">Widen the filters, or clear them.</p>
          <Button onClick={clear}>Clear the filters</Button>
        </Empty>
      ) : (
        <Empty icon={PlayCircle} title="No runs yet">
          <p>A run starts when an alert matches a playbook’s trigger, or by hand from an alert’s page.</p>
        </Empty>
      )}
    </Page>
  )
}

const lasted = (run: Run) =>
  !run.started_at ? <span className="text-faint">—</span>
    : run.ended_at ? formatDuration(Date.parse(run.ended_at) - Date.parse(run.started_at))
      : <Elapsed since={run.started_at} />

const columns: Column<Run>[] = [
  { name: 'Status', track: '104px', cell: (run) => <StatusBadge status={run.status} /> },
  { name: 'Playbook', track: 'minmax(0,220px)', cell: (run) => <Link to="/runs/$id" params={{ id: run.id }} className={`font-medium ${rowLink}`}>{run.playbook}</Link> },
  { name: 'Severity', track: '72px', from: 'xl', cell: (run) => (run.severity ? <Severity value={run.severity} /> : null) },
  { name: 'Alert', track: 'minmax(0,1fr)', cell: (run) => (run.alert_title ? <Untrusted className="bg-transparent">{run.alert_title}</Untrusted> : <span className="text-faint">by hand</span>) },
  { name: 'Verdict', track: '96px', cell: (run) => (run.verdict ? <VerdictBadge value={run.verdict} /> : <span className="text-faint">—</span>) },
  { name: 'Lasted', track: '84px', cell: (run) => <span className="tabular-nums text-muted">{lasted(run)}</span> },
  { name: 'Started', track: '150px', cell: (run) => <When at={run.started_at ?? run.created_at} className="text-muted" /> },
]

function Narrow({ run }: { run: Run }) {
  return (
    <>
      <div className="flex items-center gap-2">
        <StatusBadge status={run.status} />
        {run.verdict && <VerdictBadge value={run.verdict} />}
        <When at={run.started_at ?? run.created_at} className="ml-auto text-2xs text-muted" />
      </div>
      <p className="mt-1 truncate">
        <Link to="/runs/$id" params={{ id: run.id }} className={`font-medium ${rowLink}`}>{run.playbook}</Link>
        {run.alert_title && <span className="text-muted"> · {inert(run.alert_title)}</span>}
      </p>
    </>
  )
}
