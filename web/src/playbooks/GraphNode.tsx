import { Hand, ShieldAlert, ShieldCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import type { PlanStep } from '@/api/nouns'
import { verbLook } from '@/runs/verbs'
import { Badge } from '@/ui/badge'
import { cn } from '@/ui/cn'
import { inert } from '@/ui/inert'
import { StatusIcon } from '@/ui/status'
import { tainted } from './overlay'
import { stepText } from './text'

/** How a step stands in a run; in a loop, how its items do. */
export type RunState = { status: string; note: string }

export type Marks = {
  selected: string | undefined
  /** What belongs to the selected step: the steps an approval releases, or the approvals that release an action. */
  kin: ReadonlySet<string>
  /** The way to a step that can be reached without an approval. */
  red: ReadonlySet<string>
  /** Of the overlay of approvals: the letters of a step's approvals, or of the approval itself; undefined when it is off. */
  letters?: { gates: ReadonlyMap<string, string>; covered: ReadonlyMap<string, string[]> } | undefined
  taint: boolean
  /** Of a run: how each step stands, by its id. */
  states?: ReadonlyMap<string, RunState> | undefined
  onSelect: (id: string) => void
}

/** One step of the graph. */
export function GraphNode({ step, selected, kin, red, letters, taint, states, onSelect }: { step: PlanStep } & Marks) {
  const look = verbLook(step.verb, step.action?.effect)
  const consequential = step.action?.effect === 'consequential'
  const approve = step.verb === 'approve'
  const on = step.id === selected
  const reached = red.has(step.id)
  const gate = letters?.gates.get(step.id)
  const under = letters?.covered.get(step.id)
  const written = taint ? tainted(step) : []
  const state = states?.get(step.id)
  return (
    <button
      type="button"
      aria-pressed={on}
      data-step={step.id}
      onClick={() => onSelect(step.id)}
      className={cn(
        'w-60 overflow-hidden rounded-lg border bg-surface text-left shadow-card hover:border-accent',
        consequential ? 'border-crit/60' : approve ? 'border-wait/70' : 'border-line',
        kin.has(step.id) && 'outline outline-2 outline-offset-2 outline-wait',
        reached && 'border-crit outline outline-2 outline-offset-1 outline-crit',
        states && (!state || ['skipped', 'unreached', 'queued'].includes(state.status)) && 'border-dashed bg-sunken shadow-none',
        on && 'border-accent outline outline-2 outline-offset-1 outline-accent',
      )}
    >
      <span className="flex items-center gap-2.5 px-2.5 py-2">
        <span className={cn('grid size-7 shrink-0 place-items-center rounded-md', look.tint)}><look.icon aria-label={look.name} className="size-4" /></span>
        <span className="min-w-0 flex-1">
          <span className="block truncate text-xs font-medium">{step.title || step.id}</span>
          <span title={stepText(step)} className="block truncate font-mono text-2xs text-muted">{stepText(step)}</span>
        </span>
        {state && <StatusIcon status={state.status} />}
        {gate && <Letter name={gate} label={`approval ${gate}`} />}
        {under?.map((each) => <Letter key={each} name={each} label={`released by approval ${each}`} />)}
      </span>
      {state?.note && <Foot tint="text-muted"><span className="truncate">{state.note}</span></Foot>}
      {consequential && (
        <Foot tint="bg-crit-soft text-crit-text">
          {reached
            ? <><ShieldAlert aria-hidden className="size-3 shrink-0" />reached on the red way without an approval</>
            : step.action?.approvals?.length
              ? <><ShieldCheck aria-hidden className="size-3 shrink-0" />only after {step.action.approvals.join(' or ')}</>
              : <><ShieldAlert aria-hidden className="size-3 shrink-0" />no approval covers it</>}
        </Foot>
      )}
      {approve && <Foot tint="bg-wait-soft text-wait-text"><Hand aria-hidden className="size-3 shrink-0" />releases {step.approve?.covers?.join(', ')}</Foot>}
      {written.map((origin) => (
        <Foot key={origin.argument} tint="bg-high-soft text-high-text">
          <span className="truncate" title={`${origin.argument} comes from ${origin.from}`}><b className="font-medium">{inert(origin.argument)}</b> may be an attacker’s: {inert(origin.from)}</span>
        </Foot>
      ))}
      {step.if && <Foot tint="text-muted"><span className="shrink-0">if</span><code title={step.if} className="truncate font-mono">{step.if}</code></Foot>}
      {(step.on_error === 'continue' || step.retry) && (
        <Foot tint="text-muted">
          {step.retry && <Badge>{String((step.retry as { attempts?: number }).attempts)} attempts</Badge>}
          {step.on_error === 'continue' && <Badge>goes on after an error</Badge>}
        </Foot>
      )}
    </button>
  )
}

const Letter = ({ name, label }: { name: string; label: string }) => (
  <span role="img" aria-label={label} title={label} className="grid size-5 shrink-0 place-items-center rounded-full bg-wait-soft font-mono text-2xs font-semibold text-wait-text">{name}</span>
)

const Foot = ({ tint, children }: { tint: string; children: ReactNode }) => (
  <span className={cn('flex min-w-0 items-center gap-1.5 border-t border-line px-2.5 py-1 text-2xs', tint)}>{children}</span>
)
