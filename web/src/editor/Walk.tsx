import { ChevronLeft, ChevronRight, X } from 'lucide-react'
import { useCallback, useEffect, useEffectEvent, useMemo, useState } from 'react'
import type { Plan } from '@/api/nouns'
import { Graph } from '@/playbooks/Graph'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { formatDuration } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { StatusBadge } from '@/ui/status'
import { callsOf, walkStates, type TestCase, type TestStep } from './walk'

type Props = { plan: Plan; each: TestCase; selected: string | undefined; select: (id: string) => void; close: () => void }

/** A case of the tests, a step at a time: the graph as it stood after each, and what the step took and gave. */
export function Walk({ plan, each, selected, select, close }: Props) {
  const { steps } = each.run
  const [at, setAt] = useState(0)
  const step = steps[at]!
  const states = useMemo(() => walkStates(plan.name, steps, at + 1), [plan.name, steps, at])
  // The text and the graph go along. A step of a called playbook stands in another text.
  const follow = useEffectEvent(() => {
    if (step.playbook === plan.name) select(step.id)
  })
  useEffect(() => follow(), [at])
  const choose = useCallback((id: string) => {
    select(id)
    const found = steps.findLastIndex((one) => one.id === id && one.playbook === plan.name)
    if (found >= 0) setAt(found)
  }, [select, steps, plan.name])
  return (
    <section aria-label={`Stepping through ${inert(each.name)}`} className="flex min-h-0 flex-1 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-3 py-1.5 text-xs">
        <Button size="icon" aria-label="Step before" disabled={at === 0} onClick={() => setAt(at - 1)}><ChevronLeft /></Button>
        <Button size="icon" aria-label="Next step" disabled={at === steps.length - 1} onClick={() => setAt(at + 1)}><ChevronRight /></Button>
        <input
          type="range" aria-label="Step of the case" aria-valuetext={`${at + 1} of ${steps.length}: ${step.title || step.path}`}
          min={0} max={steps.length - 1} value={at} onChange={(event) => setAt(Number(event.target.value))} className="w-28 accent-accent"
        />
        <span className="tabular-nums text-muted">{at + 1} of {steps.length}</span>
        <span className="min-w-0 flex-1 truncate" title={inert(each.name)}>{inert(each.name)}</span>
        <Button variant="ghost" size="icon" aria-label="Back to the tests" onClick={close}><X /></Button>
      </div>
      <div className="min-h-0 flex-1"><Graph plan={plan} selected={selected} onSelect={choose} states={states} /></div>
      <div role="region" aria-label="Values of the step" tabIndex={0} className="max-h-[45%] shrink-0 overflow-auto border-t border-line bg-surface p-3 text-xs">
        <Values each={each} step={step} last={at === steps.length - 1} />
      </div>
    </section>
  )
}

function Values({ each, step, last }: { each: TestCase; step: TestStep; last: boolean }) {
  const calls = callsOf(each, step)
  const asked = each.run.asked.filter((question) => question.path === step.path)
  return (
    <div className="space-y-2">
      <h2 className="flex flex-wrap items-center gap-2 text-[13px] font-semibold">
        <span className="[overflow-wrap:anywhere]">{inert(step.title || step.id)}</span>
        <StatusBadge status={step.status} />
        {step.branch && <Badge tone="line">branch {step.branch}</Badge>}
        <span className="font-normal text-muted">{step.path} · began after {formatDuration(step.at_ms)}, took {formatDuration(step.took_ms)} of skipped time</span>
      </h2>
      {step.reason && <p className="text-muted [overflow-wrap:anywhere]">{inert(step.reason)}</p>}
      {step.error && <p className="text-crit-text [overflow-wrap:anywhere]">{inert(step.error)}</p>}
      {asked.map((question, i) => (
        <p key={i}>Asked of {question.role}: {inert(question.title)}{question.outcome && <> — <b className="font-medium">{question.outcome}</b>{question.by && ` by ${question.by}`}</>}</p>
      ))}
      {calls.map((call, i) => (
        <div key={i} className="space-y-2">
          <JsonView title={`${call.operation}, ${call.shadowed ? 'recorded only, with' : 'called with'}`} value={call.arguments} />
          {call.error && <p className="text-crit-text [overflow-wrap:anywhere]">{inert(call.error)}</p>}
        </div>
      ))}
      {step.left_out
        ? <p className="text-muted">The outputs of this case are too large together; this one is left out.</p>
        : step.output !== undefined && <JsonView title="Output" value={step.output} />}
      {last && <JsonView title={`The run ended ${each.run.status ?? ''}; its outputs`} value={each.run.outputs} />}
    </div>
  )
}
