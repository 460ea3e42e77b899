import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRight, CircleCheck } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { get, type List, type Schemas } from '@/api/client'
import { approvalsQuery, countsQuery, runsQuery } from '@/api/queries'
import { buttonClass } from '@/ui/button'
import { cn } from '@/ui/cn'
import { formatCost } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { Card, CardHead, Page } from '@/ui/page'
import { Severity } from '@/ui/severity'
import { ErrorState, SkeletonRows } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { Left, When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'

type Day = Schemas['ActivityList']['items'][number]

const days = 14

const activityQuery = queryOptions({
  queryKey: ['activity', days],
  queryFn: async ({ signal }) => (await get<List<Day>>('/v1/activity', { days }, signal)).items,
})

/** What needs one now: decisions, soonest deadline first, and runs that went wrong; and below it how much there was. */
export function Home() {
  const { data: counts } = useQuery(countsQuery)
  useEffect(() => {
    document.title = 'Home · Picket'
  }, [])
  return (
    <Page title="Home" sub={counts ? (counts.approvals_mine > 0 ? `${counts.approvals_mine} ${counts.approvals_mine === 1 ? 'decision waits' : 'decisions wait'} for you` : 'Nothing waits for you') : 'What needs you now'}>
      <div className="mx-auto max-w-6xl space-y-4">
        <div className="grid gap-4 lg:grid-cols-2">
          <Decisions />
          <Failures />
        </div>
        <Activity />
      </div>
    </Page>
  )
}

function Decisions() {
  const query = useInfiniteQuery(approvalsQuery({ status: 'pending' }))
  const all = query.data?.pages.flatMap((page) => page.items) ?? []
  const mine = all.filter((each) => each.may_decide).toSorted((a, b) => Date.parse(a.deadline) - Date.parse(b.deadline))
  return (
    <Card>
      <CardHead title="Waiting for your decision" right={<Link to="/approvals" className={buttonClass({ variant: 'ghost' })}>All approvals<ArrowRight /></Link>} />
      {query.isError ? <ErrorState error={query.error} retry={() => void query.refetch()} what="the approvals" />
        : query.isPending ? <SkeletonRows label="Loading the approvals" rows={3} />
          : mine.length === 0 ? <Nothing>No decision waits for you{all.length > 0 && `; ${all.length} wait for others`}.</Nothing>
            : (
              <ul aria-label="Decisions">
                {mine.slice(0, 6).map((each) => (
                  <li key={each.id} className="relative flex items-center gap-3 border-b border-line px-4 py-2 last:border-0 hover:bg-hover">
                    {each.severity && <Severity value={each.severity} />}
                    <Link to="/approvals" search={{ id: each.id }} className="min-w-0 flex-1 truncate rounded font-medium after:absolute after:inset-0">{inert(each.title)}</Link>
                    <Left until={each.deadline} className="shrink-0 text-xs text-muted" />
                  </li>
                ))}
              </ul>
            )}
    </Card>
  )
}

function Failures() {
  const failed = useInfiniteQuery(runsQuery({ status: 'failed' }))
  const runs = failed.data?.pages[0]?.items ?? []
  return (
    <Card>
      <CardHead title="Runs that failed last" right={<Link to="/runs" search={{ status: 'failed' }} className={buttonClass({ variant: 'ghost' })}>All of them<ArrowRight /></Link>} />
      {failed.isError ? <ErrorState error={failed.error} retry={() => void failed.refetch()} what="the runs" />
        : failed.isPending ? <SkeletonRows label="Loading the runs" rows={3} />
          : runs.length === 0 ? <Nothing>No run has failed.</Nothing>
            : (
              <ul aria-label="Failed runs">
                {runs.slice(0, 6).map((run) => (
                  <li key={run.id} className="relative border-b border-line px-4 py-2 last:border-0 hover:bg-hover">
                    <div className="flex items-center gap-2">
                      <StatusBadge status={run.status} />
                      <Link to="/runs/$id" params={{ id: run.id }} search={{}} className="min-w-0 flex-1 truncate rounded font-medium after:absolute after:inset-0">{run.playbook}</Link>
                      <When at={run.created_at} className="shrink-0 text-xs text-muted" />
                    </div>
                    {run.reason && <p className="truncate text-xs text-muted"><Untrusted>{run.reason}</Untrusted></p>}
                  </li>
                ))}
              </ul>
            )}
    </Card>
  )
}

const Nothing = ({ children }: { children: ReactNode }) => (
  <p className="flex items-center gap-2 px-4 py-6 text-muted"><CircleCheck aria-hidden className="size-4 text-ok-text" /><span>{children}</span></p>
)

function Activity() {
  const query = useQuery(activityQuery)
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} what="the activity" />
  if (!query.data) return <SkeletonRows label="Loading the activity" rows={4} />
  const list = query.data
  const sum = (of: (day: Day) => number) => list.reduce((total, day) => total + of(day), 0)
  return (
    <section aria-label={`The last ${days} days`} className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
      <Bars title="Alerts" total={sum((day) => day.alerts).toLocaleString('en')} list={list} of={(day) => day.alerts} tint="bg-accent" />
      <Bars title="Runs" total={sum((day) => day.runs).toLocaleString('en')} list={list} of={(day) => day.runs} tint="bg-low" />
      <Bars title="Failed runs" total={sum((day) => day.failed).toLocaleString('en')} list={list} of={(day) => day.failed} tint="bg-crit" />
      <Bars title="Cost of models" total={formatCost(sum((day) => day.cost_usd))} list={list} of={(day) => day.cost_usd} show={formatCost} tint="bg-llm" />
    </section>
  )
}

type BarsProps = { title: string; total: string; list: Day[]; of: (day: Day) => number; show?: (value: number) => string; tint: string }

const plainly = (value: number) => value.toLocaleString('en')

/** A small chart of one figure by day. The figures are there as a table too, for those who don't see it. */
function Bars({ title, total, list, of, show = plainly, tint }: BarsProps) {
  const most = Math.max(...list.map(of), 0)
  return (
    <Card className="p-4">
      <h2 className="text-xs font-medium text-muted">{title}, last {list.length} days</h2>
      <p className="mt-0.5 text-lg font-semibold tabular-nums">{total}</p>
      <div aria-hidden className="mt-2 flex h-16 items-end gap-[3px] border-b border-line">
        {list.map((day) => (
          <div key={day.day} title={`${day.day}: ${show(of(day))}`} className="flex h-full flex-1 items-end">
            <div className={cn('w-full rounded-t-sm', of(day) > 0 && tint)} style={{ height: most > 0 && of(day) > 0 ? `${Math.max(4, (of(day) / most) * 100)}%` : 0 }} />
          </div>
        ))}
      </div>
      <div aria-hidden className="mt-1 flex justify-between text-2xs text-muted"><span>{list[0]?.day.slice(5)}</span><span>today</span></div>
      <table className="sr-only">
        <caption>{title} by day</caption>
        <tbody>{list.map((day) => <tr key={day.day}><th scope="row">{day.day}</th><td>{show(of(day))}</td></tr>)}</tbody>
      </table>
    </Card>
  )
}
