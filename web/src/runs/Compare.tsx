import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Equal, GitCompare } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { Run, Step } from '@/api/nouns'
import { runPlanQuery, runQuery, runsQuery, stepsQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { formatDuration } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { Card, CardHead, Page } from '@/ui/page'
import { VerdictBadge } from '@/ui/severity'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { StatusBadge, StatusIcon } from '@/ui/status'
import { When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'
import { pairs, type Pair } from './compare'
import { costText, spentOf } from './spent'

const route = getRouteApi('/app/runs/$id/compare')
const none: Step[] = []

/** Two runs of a playbook side by side: what they came to, and where they went different ways. */
export function Compare() {
  const { id } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const first = useQuery(runQuery(id))
  const others = useInfiniteQuery({ ...runsQuery({ playbook: first.data?.playbook ?? '' }), enabled: !!first.data })
  const list = useMemo(() => others.data?.pages[0]?.items.filter((run) => run.id !== id) ?? [], [others.data, id])
  // Most often one wants to see what running again has changed: the run that this one repeats, or else another on the same alert.
  const chosen = search.with
    ?? list.find((run) => run.id === first.data?.parent_id)?.id
    ?? list.find((run) => run.parent_id === id)?.id
    ?? list.find((run) => first.data?.alert_id && run.alert_id === first.data.alert_id)?.id
    ?? list[0]?.id
  useEffect(() => {
    document.title = 'Compare runs · Picket'
  }, [])
  if (first.isError) return <Page title="Compare"><ErrorState error={first.error} retry={() => void first.refetch()} what="the run" /></Page>
  return (
    <Page
      title={<>Compare <span className="font-normal text-muted">runs of {first.data?.playbook}</span></>}
      sub={<Link to="/runs/$id" params={{ id }} search={{}} className="font-mono text-2xs text-accent-text underline underline-offset-2">{id}</Link>}
      actions={
        <label className="flex items-center gap-2 text-xs font-medium">
          with
          <select className="h-8 max-w-72 rounded-md border border-line-strong bg-surface px-2 text-[13px] font-normal" value={chosen ?? ''} onChange={(event) => void navigate({ search: { ...search, with: event.target.value }, replace: true })}>
            {search.with && !list.some((run) => run.id === search.with) && <option value={search.with}>{search.with}</option>}
            {list.map((run) => <option key={run.id} value={run.id}>{new Date(run.created_at).toLocaleString('en-GB')} · {run.status} · {inert(run.alert_title || run.requested_by || run.id)}</option>)}
          </select>
        </label>
      }
    >
      {chosen ? <Both key={chosen} a={id} b={chosen} /> : others.isPending ? <SkeletonRows label="Loading the runs" rows={8} />
        : <Empty icon={GitCompare} title="There is no other run of this playbook">Run it again, and compare the two here.</Empty>}
    </Page>
  )
}

function Both({ a, b }: { a: string; b: string }) {
  const runA = useQuery(runQuery(a))
  const runB = useQuery(runQuery(b))
  const stepsA = useQuery(stepsQuery(a))
  const stepsB = useQuery(stepsQuery(b))
  const planA = useQuery(runPlanQuery(a))
  const planB = useQuery(runPlanQuery(b))
  const list = useMemo(() => pairs(stepsA.data ?? none, stepsB.data ?? none), [stepsA.data, stepsB.data])
  const [all, setAll] = useState(false)
  const [open, setOpen] = useState<string>()
  const failed = [runA, runB, stepsA, stepsB].find((query) => query.isError)
  if (failed) return <ErrorState error={failed.error} retry={() => void failed.refetch()} what="the runs" />
  const [one, other] = [runA.data, runB.data]
  if (!one || !other || !stepsA.data || !stepsB.data) return <SkeletonRows label="Loading both runs" rows={10} />
  const different = list.filter((each) => each.differs.length > 0)
  return (
    <div className="mx-auto max-w-6xl space-y-4">
      <div className="grid gap-4 sm:grid-cols-2">
        {([[one, stepsA.data], [other, stepsB.data]] as const).map(([run, its]) => <Head key={run.id} run={run} steps={its} />)}
      </div>
      {planA.data && planB.data && planA.data.digest !== planB.data.digest && (
        <p className="rounded-md border border-line bg-surface px-4 py-2.5 text-[13px]">They ran different versions of the playbook. Its versions and their differences are on <Link to="/playbooks/$name" params={{ name: one.playbook }} search={{}} className="text-accent-text underline underline-offset-2">its page</Link>.</p>
      )}
      <Card>
        <CardHead
          title={different.length === 0 ? 'The same, step by step' : `${different.length} of ${list.length} steps differ`}
          right={different.length < list.length && <label className="flex items-center gap-1.5"><input type="checkbox" className="accent-(--color-accent)" checked={all} onChange={(event) => setAll(event.target.checked)} />Show all steps</label>}
        />
        {different.length === 0 && !all ? <Empty icon={Equal} title="No step differs">Status, inputs, outputs and decisions are the same.</Empty> : (
          <ul>{(all ? list : different).map((each) => <Row key={each.path} pair={each} open={open === each.path} toggle={() => setOpen(open === each.path ? undefined : each.path)} />)}</ul>
        )}
      </Card>
    </div>
  )
}

function Head({ run, steps }: { run: Run; steps: Step[] }) {
  const end = Date.parse(run.ended_at ?? run.created_at)
  const spent = spentOf(steps)
  return (
    <Card className="p-4">
      <p className="flex flex-wrap items-center gap-2">
        <StatusBadge status={run.status} />{run.verdict && <VerdictBadge value={run.verdict} />}
        <Link to="/runs/$id" params={{ id: run.id }} search={{}} className="font-mono text-2xs text-accent-text underline underline-offset-2 [overflow-wrap:anywhere]">{run.id}</Link>
      </p>
      <p className="mt-2 text-xs text-muted">
        <When at={run.started_at ?? run.created_at} exact /> · {run.ended_at ? formatDuration(end - Date.parse(run.started_at ?? run.created_at)) : 'goes on'} · model {spent.calls === 0 ? 'not asked' : costText(spent)}
        {run.requested_by && ` · started by ${run.requested_by}`}
      </p>
      {run.reason && <p className="mt-1 text-xs [overflow-wrap:anywhere]"><Untrusted className="bg-transparent shadow-none">{run.reason}</Untrusted></p>}
    </Card>
  )
}

function Row({ pair, open, toggle }: { pair: Pair; open: boolean; toggle: () => void }) {
  const sides = [pair.a, pair.b]
  return (
    <li className="border-b border-line last:border-0">
      <button type="button" aria-expanded={open} onClick={toggle} className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-left -outline-offset-2 hover:bg-hover">
        <span className="flex shrink-0 items-center gap-1">{sides.map((step, i) => (step ? <StatusIcon key={i} status={step.status} /> : <span key={i} aria-label="not there" role="img" className="size-4 text-center text-faint">–</span>))}</span>
        <span className="min-w-0 flex-1 truncate text-[13px] font-medium" style={{ paddingLeft: pair.depth * 12 }}>{inert(pair.title)} <code className="font-mono text-2xs font-normal text-muted">{pair.path}</code></span>
        {pair.differs.map((what) => <Badge key={what} tone="high">{what}</Badge>)}
      </button>
      {open && (
        <div className="grid gap-4 px-4 pb-4 lg:grid-cols-2">
          {sides.map((step, i) => (
            <section key={i} aria-label={i === 0 ? 'The first run' : 'The second run'} className="min-w-0 space-y-2">
              {step ? <Side step={step} /> : <p className="text-xs text-muted">This run has no such step.</p>}
            </section>
          ))}
        </div>
      )}
    </li>
  )
}

function Side({ step }: { step: Step }) {
  return (
    <>
      <p className="flex flex-wrap items-center gap-2 text-xs"><StatusBadge status={step.status} />{step.reason && <span className="text-muted [overflow-wrap:anywhere]">{inert(step.reason)}</span>}</p>
      {step.decision && <p className="text-xs">{step.decision.outcome} by {inert(step.decision.by)}{step.decision.reason && `: ${inert(step.decision.reason)}`}</p>}
      {step.error && <p className="text-xs [overflow-wrap:anywhere]"><span className="text-crit-text">{step.error.kind}</span>: <Untrusted>{step.error.message}</Untrusted></p>}
      {step.input !== undefined && <JsonView level="h3" title="Input" value={step.input} untrusted />}
      {step.output !== undefined && <JsonView level="h3" title="Output" value={step.output} untrusted />}
    </>
  )
}
