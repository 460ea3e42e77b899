import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRight, Lightbulb, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { asVerdict, type Citation, type PlanStep, type Run, type Step } from '@/api/nouns'
import { connectionsQuery, operationsQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { buttonClass } from '@/ui/button'
import { Digest } from '@/ui/digest'
import { formatDuration } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { Card, CardHead, Fact } from '@/ui/page'
import { SandboxBadge } from '@/ui/sandbox'
import { StatusBadge, StatusIcon, statusLook } from '@/ui/status'
import { Tab, TabList, TabPanel, Tabs } from '@/ui/tabs'
import { When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'
import { whatToDo } from './advice'
import { Conversation } from './Conversation'
import { Judge } from './Judge'
import type { RunSearch } from './search'
import { StepFacts } from './StepFacts'
import { AskAgain } from './AskAgain'
import { VerdictCard } from './Verdict'
import { verbLook } from './verbs'

type Props = {
  run: Run
  step: Step
  plan: PlanStep | undefined
  search: RunSearch
  onTab: (tab: string) => void
  onCite: (citation: Citation) => void
  onSelect: (path: string) => void
  /** Leads back from a citation's evidence to the verdict. */
  back: (() => void) | undefined
}

/** All there is about one step of a run. */
export function StepPanel({ run, step, plan, search, onTab, onCite, onSelect, back }: Props) {
  const verdict = asVerdict(step.output)
  const tabs = tabsOf(step, !!verdict)
  const tab = tabs.includes(search.tab as TabName) ? (search.tab as TabName) : tabs[0]!
  const look = verbLook(step.verb, step.effect)
  return (
    <>
      <header className="shrink-0 border-b border-line bg-surface px-4 py-2.5">
        <div className="flex items-center gap-2">
          <StatusIcon status={step.status === 'queued' ? 'unreached' : step.status} />
          <h2 className="min-w-0 truncate text-sm font-semibold">{step.title || step.id}</h2>
          <span className="ml-auto shrink-0 text-xs tabular-nums text-muted">
            {step.started && step.ended && step.status !== 'skipped' ? formatDuration(Date.parse(step.ended) - Date.parse(step.started)) : statusLook(step.status === 'queued' ? 'unreached' : step.status).label}
          </span>
        </div>
        <p className="mt-1 flex flex-wrap items-center gap-1.5 text-xs text-muted">
          <Badge className={look.tint}><look.icon aria-hidden />{look.name}</Badge>
          {step.operation && <code className="font-mono">{step.operation}</code>}
          {step.connection && <ConnectionName name={step.connection} />}
          <Link to="/playbooks/$name" params={{ name: run.playbook }} search={{ step: step.id }} className="ml-auto rounded text-accent-text underline underline-offset-2">line {step.line}</Link>
          <Link to="/runs/$id" params={{ id: run.id }} search={{ view: 'history', step: step.path, of: step.path }} className="rounded text-accent-text underline underline-offset-2">events</Link>
        </p>
      </header>
      <Tabs value={tab} onValueChange={onTab} className="flex min-h-0 flex-1 flex-col">
        <TabList aria-label="Details" className="bg-surface">
          {tabs.map((name) => (
            <Tab key={name} value={name}>
              {titles[name]}
              {name === 'attempts' && step.attempts.length > 1 && <Badge tone="high">{step.attempts.length}</Badge>}
            </Tab>
          ))}
        </TabList>
        <div className="min-h-0 flex-1 overflow-auto p-4 xl:flex-1" tabIndex={0} role="region" aria-label="Step data">
          {back && (
            <button type="button" onClick={back} className="mb-3 inline-flex items-center gap-1.5 rounded text-xs text-accent-text underline underline-offset-2">
              <Undo2 aria-hidden className="size-3.5" />Back to the verdict
            </button>
          )}
          {tab !== 'conversation' && tab !== 'verdict' && <StepFacts step={step} plan={plan} select={onSelect} />}
          <TabPanel value="summary"><Summary step={step} /></TabPanel>
          <TabPanel value="verdict">{verdict && <div className="space-y-3"><Judge run={run.id} step={step.path} verdict={verdict} />{(step.verb === 'model' || step.verb === 'agent') && <AskAgain run={run.id} step={step.path} />}<VerdictCard verdict={verdict} onCite={onCite} of={{ run: run.id, step: step.path }} /></div>}</TabPanel>
          <TabPanel value="conversation"><Conversation step={step} quote={search.quote} /></TabPanel>
          <TabPanel value="decision"><DecisionOf step={step} /></TabPanel>
          <TabPanel value="attempts"><Attempts step={step} /></TabPanel>
          <TabPanel value="data"><Data step={step} plan={plan} at={search.at} /></TabPanel>
        </div>
      </Tabs>
    </>
  )
}

const titles = { summary: 'Summary', verdict: 'Verdict', conversation: 'Conversation', decision: 'Decision', attempts: 'Attempts', data: 'Inputs & outputs' } as const
type TabName = keyof typeof titles

/** The tabs of a step, what one most wants to see first. */
function tabsOf(step: Step, hasVerdict: boolean): TabName[] {
  const tabs: TabName[] = []
  if (hasVerdict) tabs.push('verdict')
  if (step.approval || ['approve', 'ask'].includes(step.verb)) tabs.push('decision')
  const troubled = !!step.error || step.attempts.some((attempt) => attempt.error)
  if (step.attempts.length > 0 && troubled) tabs.push('attempts')
  else if (troubled || step.reason || ['queued', 'running', 'skipped', 'cancelled'].includes(step.status)) tabs.push('summary')
  if (step.model || step.verb === 'model') tabs.push('conversation')
  tabs.push('data')
  if (step.attempts.length > 0 && !troubled) tabs.push('attempts')
  return tabs
}

/** A connection by name; the sandbox's are named as such. */
export function ConnectionName({ name }: { name: string }) {
  const { data } = useQuery(connectionsQuery)
  const connection = data?.find((each) => each.name === name)
  return (
    <span className="inline-flex items-center gap-1">
      <span>on {name}</span>
      {connection?.sandbox && <SandboxBadge name={connection.name} />}
    </span>
  )
}

function Summary({ step }: { step: Step }) {
  return (
    <div className="space-y-3">
      {step.status === 'queued' && <Note>The run has not come to this step{step.if ? <>; its condition is <code className="font-mono text-xs">{step.if}</code></> : ''}.</Note>}
      {step.status === 'running' && <Note>It is being worked on{step.started && <>, since <When at={step.started} /></>}.</Note>}
      {step.reason && <Note><b className="font-medium">{step.status === 'skipped' ? 'Skipped' : 'Why'}:</b> <span className="break-words">{inert(step.reason)}</span></Note>}
      {step.error && <Failure error={step.error} verb={step.verb} />}
    </div>
  )
}

const Note = ({ children }: { children: ReactNode }) => <p className="rounded-lg border border-line bg-surface px-3 py-2">{children}</p>

/** What went wrong and, where it ended the step, what to do about it. */
function Failure({ error, verb }: { error: { kind: string; message: string }; verb?: string }) {
  return (
    <div className="overflow-hidden rounded-lg border border-crit/30">
      <p className="break-words bg-crit-soft px-3 py-2 text-crit-text [overflow-wrap:anywhere]">
        <Badge tone="crit" className="mr-1.5 border border-crit/30">{error.kind.replaceAll('_', ' ')}</Badge>
        {inert(error.message)}
      </p>
      {verb && (
        <p className="flex items-start gap-2 bg-surface px-3 py-2 text-xs text-muted">
          <Lightbulb aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {whatToDo(error.kind, verb)}
        </p>
      )}
    </div>
  )
}

function Attempts({ step }: { step: Step }) {
  return (
    <div className="space-y-3">
      {step.error && <Failure error={step.error} verb={step.verb} />}
      <ol className="space-y-3">
        {step.attempts.map((attempt) => (
          <li key={attempt.attempt} className="space-y-2 rounded-lg border border-line bg-surface p-3">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <StatusBadge status={attempt.status} />
              <b className="font-medium">Attempt {attempt.attempt}</b>
              {attempt.confirmed && <Badge tone="low" title="After a crash, the target system was asked whether the call had taken effect">read back from the system</Badge>}
              <span className="ml-auto flex gap-3 text-xs text-muted">
                <When at={attempt.started} exact />
                {attempt.started && attempt.ended && <span className="tabular-nums">{formatDuration(Date.parse(attempt.ended) - Date.parse(attempt.started))}</span>}
              </span>
            </div>
            {attempt.decision && <p className="text-xs text-muted">Released by decision <code className="font-mono">{attempt.decision}</code></p>}
            {attempt.digest && <Digest label="Digest of the exact call" value={attempt.digest} />}
            {attempt.error && attempt.error.message !== step.error?.message && <Failure error={attempt.error} />}
          </li>
        ))}
      </ol>
    </div>
  )
}

function DecisionOf({ step }: { step: Step }) {
  const { decision } = step
  return (
    <div className="space-y-3">
      {decision ? (
        <Card>
          <CardHead level="h3" title="Decision" right={<StatusBadge status={decision.outcome} />} />
          <dl className="grid gap-3 p-4 sm:grid-cols-2">
            <Fact name="By">{decision.by === 'picket' ? 'Picket, at the deadline' : decision.by}</Fact>
            <Fact name="At"><When at={decision.at} exact /></Fact>
            {decision.reason && <Fact name="Reason" className="sm:col-span-2"><span className="whitespace-pre-wrap break-words font-normal">{inert(decision.reason)}</span></Fact>}
            {step.verb !== 'ask' && <Fact name="Calls it released" className="sm:col-span-2">{decision.outcome === 'approved' ? decision.calls.length : 'none'}</Fact>}
          </dl>
          <div className="space-y-1 border-t border-line px-4 py-2">
            <Digest label="Of what was shown" value={decision.digest} />
            {decision.outcome === 'approved' && decision.calls.map((call) => <Digest key={call} label="Call released" value={call} />)}
          </div>
        </Card>
      ) : step.status === 'waiting' ? (
        <Note>A person’s decision is awaited{step.started && <>, since <When at={step.started} /></>}.</Note>
      ) : step.status === 'queued' ? (
        <Note>The run has not come to this {step.verb === 'ask' ? 'question' : 'approval'}.</Note>
      ) : (
        <Note>{step.reason ? inert(step.reason) : 'Nobody was asked.'}</Note>
      )}
      {step.error && <Failure error={step.error} verb={step.verb} />}
      {!!step.covers?.length && (
        <p className="text-xs text-muted">
          It releases {step.covers.map((id, i) => <span key={id}>{i > 0 && ', '}<code className="font-mono">{id}</code></span>)} and nothing else.
        </p>
      )}
      {step.approval && (
        <Link to="/approvals" search={{ id: step.approval, show: decision ? 'decided' : undefined }} className={buttonClass({ variant: step.status === 'waiting' ? 'primary' : 'secondary' })}>
          {step.status === 'waiting' ? 'Review and decide' : 'See what was shown'}
          <ArrowRight />
        </Link>
      )}
    </div>
  )
}

function Data({ step, plan, at }: { step: Step; plan: PlanStep | undefined; at: string | undefined }) {
  const { data: operations } = useQuery(operationsQuery)
  const operation = operations?.find((each) => each.name === step.operation)
  const origins = (plan?.action?.origins ?? []) as { argument: string; from: string; untrusted?: boolean }[]
  const fromModel = ['model', 'agent'].includes(step.verb)
  return (
    <div className="space-y-3">
      {step.verb === 'action' && <JsonView title="Input" value={step.input} untrusted={origins.some((origin) => origin.untrusted)} />}
      {origins.length > 0 && (
        <Card>
          <CardHead level="h3" title="Where the arguments come from" />
          <Origins origins={origins} />
        </Card>
      )}
      {step.verb !== 'action' && step.input !== undefined && step.input !== null && <JsonView title="Input" value={step.input} />}
      <JsonView title="Output" value={step.output} untrusted={fromModel || operation?.untrusted} mark={at} />
      {step.covered_by && step.covered_by.length > 0 && (
        <p className="text-xs text-muted">It runs only when released by {step.covered_by.map((id, i) => <span key={id}>{i > 0 && ' or '}<code className="font-mono">{id}</code></span>)}.</p>
      )}
    </div>
  )
}

/** Where each argument came from. */
export function Origins({ origins }: { origins: { argument: string; from: string; untrusted?: boolean }[] }) {
  return (
    <ul>
      {origins.map((origin) => (
        <li key={origin.argument} className="flex flex-wrap items-center gap-x-2 gap-y-0.5 border-b border-line px-4 py-1.5 text-xs last:border-0">
          <code className="font-mono font-medium">{origin.argument}</code>
          <span className="text-muted">from</span>
          <code className="min-w-0 font-mono text-muted [overflow-wrap:anywhere]">{origin.from === 'literal' ? 'the playbook’s own text' : origin.from}</code>
          {origin.untrusted && <Untrusted className="ml-auto text-2xs">may be an attacker’s</Untrusted>}
        </li>
      ))}
    </ul>
  )
}
