import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Download, GitCompare, Hand } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Citation, PlanStep, Run, RunPlan, Step } from '@/api/nouns'
import { approvalsQuery, runPlanQuery, runQuery, stepsQuery } from '@/api/queries'
import { buttonClass, CopyButton } from '@/ui/button'
import { cn } from '@/ui/cn'
import { formatDuration } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { Fact, Page } from '@/ui/page'
import { Severity, VerdictBadge } from '@/ui/severity'
import { ErrorState, Skeleton, SkeletonRows } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { useNow, When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'
import { resolveCitation } from './cite'
import { History } from './History'
import { Ledger } from './Ledger'
import { blocks, buildRows, flatten, isFinal, partOfAgent, summarise, type Summary, withWaits } from './rows'
import { RunAgain } from './RunAgain'
import { RunGraph } from './RunGraph'
import { spentOf, spentText, type Spent } from './spent'
import { StepPanel } from './StepPanel'
import { CancelRun, UndoRun } from './Stop'
import { Timeline } from './Timeline'

const route = getRouteApi('/app/runs/$id')

export function RunPage() {
  const { id } = route.useParams()
  const run = useQuery(runQuery(id))
  useEffect(() => {
    document.title = `${run.data?.playbook ?? 'Run'} · Picket`
  }, [run.data?.playbook])
  if (run.isError && !run.data) return <Page title="Run"><ErrorState error={run.error} retry={() => void run.refetch()} what="the run" /></Page>
  if (!run.data) {
    return (
      <Page fill title={<Skeleton className="h-5 w-64" />}>
        <SkeletonRows label="Loading the run" rows={12} />
      </Page>
    )
  }
  return isFinal(run.data) ? <Body run={run.data} now={Date.parse(run.data.ended_at ?? run.data.created_at)} /> : <Open run={run.data} />
}

/** A run that goes on: its clock ticks. */
const Open = ({ run }: { run: Run }) => <Body run={run} now={useNow()} />

const none: Step[] = []

function Body({ run, now }: { run: Run; now: number }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const stepsOf = useQuery(stepsQuery(run.id))
  const { data: plan } = useQuery(runPlanQuery(run.id))
  const waits = stepsOf.data?.some((step) => step.status === 'waiting') ?? false
  const approvals = useInfiniteQuery({ ...approvalsQuery({ run_id: run.id }), enabled: waits })
  const steps = useMemo(
    () => withWaits(stepsOf.data ?? none, approvals.data?.pages.flatMap((page) => page.items) ?? []),
    [stepsOf.data, approvals.data],
  )
  const rows = useMemo(() => buildRows(steps, run, now), [steps, run, now])
  const summary = summarise(steps, run, now)
  const start = Date.parse(run.started_at ?? run.created_at)
  const lastEnd = flatten(rows).reduce((latest, row) => Math.max(latest, row.end ?? 0), 0)
  const end = Math.max(isFinal(run) ? Date.parse(run.ended_at ?? run.created_at) : now, lastEnd, start)

  const selected = steps.find((step) => step.path === search.step) ?? mostTelling(steps)
  const panel = useRef<HTMLElement>(null)
  const [cameFrom, setCameFrom] = useState<{ step: string; to: string }>()
  const select = useCallback((step: string) => {
    setCameFrom(undefined)
    void navigate({ search: (old) => ({ view: old.view, step }), replace: true })
    // Side by side the panel is in view; stacked, it is brought there.
    if (matchMedia('(max-width: 1199px)').matches) setTimeout(() => panel.current?.scrollIntoView({ block: 'nearest' }))
  }, [navigate])
  const cite = (citation: Citation) => {
    if (!selected) return
    const target = resolveCitation(citation, selected, steps, planOf(plan, selected.id))
    if (target.to === 'alert' && run.alert_id) void navigate({ to: '/alerts/$id', params: { id: run.alert_id }, search: { at: target.pointer } })
    else if (target.to === 'step') {
      setCameFrom({ step: selected.path, to: target.path })
      void navigate({ search: { step: target.path, tab: 'data', at: target.pointer } })
    } else void navigate({ search: { step: selected.path, tab: 'conversation', quote: citation.quote } })
  }
  const back = cameFrom && cameFrom.to === selected?.path ? () => {
    setCameFrom(undefined)
    void navigate({ search: { step: cameFrom.step, tab: 'verdict' } })
  } : undefined

  return (
    <Page fill longTitle title={<Title run={run} />} sub={<Sub run={run} />} actions={<Actions run={run} steps={steps} />}>
      <Head run={run} summary={summary} spent={spentOf(steps)} length={end - start} queued={!run.started_at} />
      <div className="flex min-h-0 flex-1 flex-col max-[1199px]:overflow-auto min-[1200px]:flex-row" tabIndex={-1}>
        <div className="flex min-w-0 shrink-0 flex-col border-line max-[1199px]:border-b min-[1200px]:min-h-0 min-[1200px]:flex-1 min-[1200px]:border-r">
          <div role="group" aria-label="View" className="flex shrink-0 gap-1 border-b border-line bg-surface px-3 py-1.5 text-xs">
            {(['timeline', 'graph', 'ledger', 'history'] as const).map((view) => {
              const on = (search.view ?? 'timeline') === view
              return (
                <button
                  key={view}
                  type="button"
                  aria-pressed={on}
                  onClick={() => void navigate({ search: (old) => ({ ...old, view: view === 'timeline' ? undefined : view, q: undefined, of: undefined }), replace: true })}
                  className={cn('rounded px-2.5 py-1 font-medium', on ? 'bg-accent-soft text-accent-text' : 'text-muted hover:bg-hover')}
                >
                  {{ timeline: 'Timeline', graph: 'Graph', ledger: 'Ledger', history: 'History' }[view]}
                </button>
              )
            })}
          </div>
          {search.view === 'graph' && plan ? <RunGraph plan={plan.plan} steps={steps} selected={selected} onSelect={select} />
            : search.view === 'ledger' ? <Ledger runID={run.id} /> : search.view === 'history' ? <History run={run} />
            : stepsOf.isError && steps.length === 0 ? <ErrorState error={stepsOf.error} retry={() => void stepsOf.refetch()} what="the steps" />
              : stepsOf.isPending ? <SkeletonRows label="Loading the steps" rows={10} />
                : <Timeline rows={rows} start={start} end={end} selected={selected?.path} onSelect={select} />}
        </div>
        <aside ref={panel} aria-label="Step details" className="flex min-w-0 shrink-0 flex-col bg-bg min-[1200px]:w-[44%] min-[1200px]:max-w-[660px]">
          {selected && (
            <StepPanel
              key={selected.path}
              run={run}
              step={selected}
              plan={planOf(plan, selected.id)}
              search={search.step === selected.path ? search : {}}
              onTab={(tab) => void navigate({ search: (old) => ({ view: old.view, step: selected.path, tab }), replace: true })}
              onCite={cite}
              onSelect={select}
              back={back}
            />
          )}
        </aside>
      </div>
    </Page>
  )
}

/** The step one most wants to see when the page opens: what waits, what failed, the verdict, else the first. */
function mostTelling(steps: Step[]): Step | undefined {
  const first = (test: (step: Step) => boolean) => steps.find(test)
  return first((step) => step.status === 'waiting' && !!step.approval)
    ?? first((step) => ['failed', 'unknown'].includes(step.status) && !blocks.has(step.verb) && !partOfAgent(step))
    ?? first((step) => ['model', 'agent'].includes(step.verb) && step.status === 'ok')
    ?? first((step) => ['running', 'waiting'].includes(step.status))
    ?? steps[0]
}

function planOf(plan: RunPlan | undefined, id: string): PlanStep | undefined {
  const search = (steps: PlanStep[] | null | undefined): PlanStep | undefined => {
    for (const step of steps ?? []) {
      if (step.id === id) return step
      const inner = [
        ...(step.choose?.branches ?? []).map((branch) => branch.steps), step.choose?.else,
        ...(step.parallel?.branches ?? []).map((branch) => branch.steps), step.foreach?.steps, step.repeat?.steps,
        step.try?.steps, step.try?.catch, step.try?.finally,
      ]
      for (const block of inner) {
        const found = search(block)
        if (found) return found
      }
    }
    return undefined
  }
  return search(plan?.plan.steps)
}

function Title({ run }: { run: Run }) {
  return (
    <>
      <span>{run.playbook}</span>
      <StatusBadge status={run.status} />
      {run.verdict && <VerdictBadge value={run.verdict} />}
    </>
  )
}

function Sub({ run }: { run: Run }) {
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-1.5">
      <span className="inline-flex items-center font-mono text-2xs">{run.id}<CopyButton text={run.id} label="Copy the run’s id" /></span>
      {run.alert_id && (
        <>
          <span>for</span>
          {run.severity && <Severity value={run.severity} className="w-auto" />}
          <Link to="/alerts/$id" params={{ id: run.alert_id }} className="min-w-0 max-w-full truncate rounded py-1 text-accent-text underline underline-offset-2">
            <Untrusted className="bg-transparent">{run.alert_title || run.alert_id}</Untrusted>
          </Link>
        </>
      )}
      {run.requested_by && <span>· started by {run.requested_by}</span>}
      {sameAs(run) && <span>· again for <Link to="/runs/$id" params={{ id: sameAs(run)! }} search={{}} className="text-accent-text underline underline-offset-2">an earlier run</Link></span>}
      <span>· <When at={run.started_at ?? run.created_at} exact /></span>
    </span>
  )
}

/** The run that a run repeats, if it does. */
const sameAs = (run: Run) => (run.parent_id && ['alert', 'manual', 'schedule'].includes(run.trigger ?? '') ? run.parent_id : undefined)

function Actions({ run, steps }: { run: Run; steps: Step[] }) {
  const waiting = steps.find((step) => step.status === 'waiting' && step.approval)
  return (
    <>
      {run.archive && (
        <a href={`/v1/runs/${encodeURIComponent(run.id)}/evidence`} download={`${run.id}.evidence.zip`} className={buttonClass({})} title="Everything that there is of this run, with digests to check it: a ZIP file">
          <Download />
          Evidence pack
        </a>
      )}
      {!isFinal(run) && <CancelRun run={run} />}
      {isFinal(run) && <UndoRun run={run} steps={steps} />}
      {isFinal(run) && (
        <Link to="/runs/$id/compare" params={{ id: run.id }} search={{ with: sameAs(run) }} className={buttonClass({})}>
          <GitCompare />
          Compare
        </Link>
      )}
      {isFinal(run) && !['undo', 'recommended'].includes(run.trigger ?? '') && <RunAgain run={run} steps={steps} />}
      {waiting && (
        <Link to="/approvals" search={{ id: waiting.approval }} className={buttonClass({ variant: 'primary' })}>
          <Hand />
          Review and decide
        </Link>
      )}
    </>
  )
}

function Head({ run, summary, spent, length, queued }: { run: Run; summary: Summary; spent: Spent; length: number; queued: boolean }) {
  const counts = [
    `${summary.done} done`,
    summary.failed > 0 && `${summary.failed} failed`,
    summary.skipped > 0 && `${summary.skipped} skipped`,
    summary.running > 0 && `${summary.running} open`,
    summary.unreached > 0 && `${summary.unreached} not reached`,
  ].filter(Boolean).join(' · ')
  return (
    <div className="shrink-0 border-b border-line bg-surface px-4 py-2 text-xs sm:px-5">
      <dl className="flex flex-wrap gap-x-8 gap-y-1.5">
        <Fact name="Duration">{queued ? 'not started' : formatDuration(length)}</Fact>
        <Fact name="Active time">{formatDuration(Math.max(0, length - summary.waitedMS))}</Fact>
        <Fact name="Waited for people">{summary.waitedMS > 0 ? formatDuration(summary.waitedMS) : 'no'}</Fact>
        <Fact name="Steps">{counts}</Fact>
        <Fact name="Model">
          {spentText(spent)}
        </Fact>
      </dl>
      {run.reason && <p className="mt-1.5 break-words"><span className="text-muted">How it ended:</span> {inert(run.reason)}</p>}
    </div>
  )
}
