import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { CircleX, PencilLine, PlayCircle, ShieldAlert } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { playbookQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { buttonClass } from '@/ui/button'
import { useMedia } from '@/ui/media'
import { Page } from '@/ui/page'
import { Segments } from '@/ui/segments'
import { Empty, ErrorState, Skeleton, SkeletonRows } from '@/ui/states'
import { Graph } from './Graph'
import { Problems } from './Problems'
import { Shadow } from './Shadow'
import { byHand, StartRun } from './StartRun'
import { allSteps } from './text'

const Source = lazy(() => import('./Source'))
const route = getRouteApi('/app/playbooks/$name')

/** A playbook as text and as graph, side by side; a step chosen in one is shown in the other. */
export function PlaybookPage() {
  const { name } = route.useParams()
  const { step } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(playbookQuery(name))
  const wide = useMedia('(min-width: 1000px)')
  const [view, setView] = useState<'source' | 'graph'>('graph')
  const [shown, setShown] = useState<{ line: number; step: string | undefined }>()
  const plan = query.data?.plan
  const steps = useMemo(() => allSteps(plan?.steps), [plan])
  useEffect(() => {
    document.title = `${name} · Picket`
  }, [name])
  // The line of a problem one went to, until another step is chosen; else the chosen step's.
  const line = shown && shown.step === step ? shown.line : steps.find((each) => each.id === step)?.line

  if (query.isError && !query.data) return <Page title={name}><ErrorState error={query.error} retry={() => void query.refetch()} what="the playbook" /></Page>
  if (!query.data) return <Page fill title={<Skeleton className="h-5 w-48" />}><SkeletonRows label="Loading the playbook" rows={12} /></Page>

  const { playbook, source, diagnostics } = query.data
  const select = (id: string) => void navigate({ search: { step: id }, replace: true })
  // The step at a line is the last one that begins at or before it.
  const selectLine = (at: number) => {
    const here = steps.filter((each) => each.line <= at).toSorted((a, b) => b.line - a.line)[0]
    if (here && here.id !== step) select(here.id)
  }
  const graph = plan
    ? <Graph plan={plan} selected={step} onSelect={select} />
    : <Empty icon={CircleX} title="It does not compile, so there is no graph"><p>The problems are listed under the source.</p></Empty>
  const text = (
    <div className="flex h-full min-h-0 flex-col">
      <div className="min-h-0 flex-1">
        <Suspense fallback={<SkeletonRows label="Loading the source" rows={14} />}>
          <Source text={source} line={line} diagnostics={diagnostics} onLine={selectLine} />
        </Suspense>
      </div>
      <Problems diagnostics={diagnostics} onPlace={(each) => setShown({ line: each.line, step })} />
    </div>
  )
  return (
    <Page
      fill
      longTitle
      title={<><span>{playbook.title || playbook.name}</span>{playbook.title && <code className="font-mono text-xs font-normal text-muted">{playbook.name}</code>}</>}
      sub={<span className="flex flex-wrap items-center gap-1.5">
        <span>{playbook.owner} · {playbook.version > 0 ? `version ${playbook.version}` : playbook.file} · {playbook.steps} steps</span>
        {playbook.draft ? <Badge tone="wait">draft: nothing starts it</Badge> : playbook.newest > playbook.version && <Badge tone="wait">version {playbook.newest} is saved, not published</Badge>}
        {playbook.consequential > 0 && <Badge tone="crit"><ShieldAlert aria-hidden />{playbook.consequential} consequential</Badge>}
        {playbook.attack.map((id) => <Badge key={id} tone="accent" className="font-mono">{id}</Badge>)}
      </span>}
      actions={
        <>
          {!wide && (
            <Segments label="View" options={[['graph', 'Graph'], ['source', 'Source']]} value={view} onChange={setView} />
          )}
          <Link to="/playbooks/$name/edit" params={{ name: playbook.name }} className={buttonClass({})}><PencilLine />Edit</Link>
          <Link to="/runs" search={{ playbook: playbook.name }} className={buttonClass({})}><PlayCircle />Its runs</Link>
          {playbook.consequential > 0 && !playbook.draft && <Shadow name={playbook.name} shadow={query.data.shadow} />}
          {plan && !playbook.draft && byHand(plan) && <StartRun name={playbook.name} plan={plan} />}
        </>
      }
    >
      {wide ? (
        <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,9fr)_minmax(0,11fr)]">
          <div className="min-h-0 border-r border-line">{text}</div>
          <div className="min-h-0">{graph}</div>
        </div>
      ) : <div className="min-h-0 flex-1">{view === 'graph' ? graph : text}</div>}
    </Page>
  )
}
