import { CircleStop, Hand, Maximize2, Minimize2, ShieldAlert, ShieldCheck, Zap } from 'lucide-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { Plan, PlanStep } from '@/api/nouns'
import { verbLook } from '@/runs/verbs'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { allSteps, blocksOf, stepText, triggerText } from './text'

const margin = 24
const smallest = 0.55 // below it nobody can read it: scroll instead

type Props = { plan: Plan; selected: string | undefined; onSelect: (id: string) => void }

/** The plan's blocks as nested boxes: a sequence runs down, branches stand side by side, a loop is a frame. */
export function Graph({ plan, selected, onSelect }: Props) {
  const chosen = allSteps(plan.steps).find((step) => step.id === selected)
  // What belongs to the selected step: the steps an approval releases, or the approvals that release an action.
  const kin = new Set([...(chosen?.approve?.covers ?? []), ...(chosen?.action?.approvals ?? [])])
  const steps = plan.steps ?? []
  const host = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const [fit, setFit] = useState(true)
  const [scale, setScale] = useState(1)
  useEffect(() => {
    const measure = () => {
      if (!host.current || !content.current) return
      const room = host.current.clientWidth - 2 * margin
      const needed = content.current.scrollWidth
      setScale(fit ? Math.max(smallest, Math.min(1, room / needed)) : 1)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(host.current!)
    return () => observer.disconnect()
  }, [fit, plan])
  return (
    <div className="relative h-full">
      <Button className="absolute bottom-3 right-5 z-10" aria-pressed={fit} onClick={() => setFit(!fit)}>
        {fit ? <><Maximize2 />Full size</> : <><Minimize2 />Fit</>}
      </Button>
      <div ref={host} className="h-full overflow-auto bg-sunken" style={{ padding: margin }} tabIndex={0} role="region" aria-label="Graph of the playbook">
        <div ref={content} style={{ zoom: scale }} className="mx-auto flex w-max flex-col items-center">
          <ul aria-label="Triggers" className="flex flex-wrap justify-center gap-2">
            {(plan.triggers ?? []).map((trigger, i) => (
              <li key={i} className="max-w-72 rounded-lg border border-line bg-surface px-3 py-2 shadow-card">
                <p className="flex items-center gap-2 text-xs font-medium"><Zap aria-hidden className="size-3.5 text-accent-text" />{triggerText(trigger)}</p>
                {trigger.when && <code title={trigger.when} className="mt-0.5 line-clamp-3 break-words font-mono text-2xs text-muted">{trigger.when}</code>}
              </li>
            ))}
          </ul>
          <Line arrow />
          <Sequence steps={steps} selected={selected} kin={kin} onSelect={onSelect} label="Steps" />
          <Line />
          <p className="flex items-center gap-1.5 rounded-full border border-line bg-surface px-3 py-1 text-2xs text-muted"><CircleStop aria-hidden className="size-3" />end</p>
        </div>
      </div>
    </div>
  )
}

type BlockProps = { selected: string | undefined; kin: Set<string>; onSelect: (id: string) => void }

function Sequence({ steps, label, ...rest }: { steps: PlanStep[]; label: string } & BlockProps) {
  if (steps.length === 0) return <p className="px-6 py-2 text-2xs text-muted">nothing</p>
  return (
    <ol aria-label={label} className="flex flex-col items-center">
      {steps.map((step, i) => (
        <li key={step.id} className="flex flex-col items-center">
          {i > 0 && <Line arrow />}
          <StepBox step={step} {...rest} />
        </li>
      ))}
    </ol>
  )
}

function StepBox({ step, ...rest }: { step: PlanStep } & BlockProps) {
  const blocks = blocksOf(step)
  if (blocks.length === 0) return <Node step={step} {...rest} />
  const loop = step.verb === 'foreach' || step.verb === 'repeat'
  return (
    <section
      aria-label={step.title || step.id}
      className={cn('rounded-xl border border-dashed border-line-strong bg-bg/60 p-3', loop && 'border-solid shadow-[4px_4px_0_-1px_var(--line-strong)]')}
    >
      <div className="flex justify-center"><Node step={step} {...rest} /></div>
      {blocks.length > 1 && <div className="flex justify-center"><Line short /></div>}
      <div className="flex items-stretch justify-center gap-3">
        {blocks.map((block, i) => (
          <div key={i} className="relative flex min-w-0 flex-col items-center">
            {blocks.length > 1 && <i aria-hidden className={cn('absolute top-0 h-px bg-line-strong', i === 0 ? 'left-1/2' : '-left-1.5', i === blocks.length - 1 ? 'right-1/2' : '-right-1.5')} />}
            <Line arrow={loop} short={blocks.length > 1} />
            {block.name && <code title={block.name} className="mb-2 line-clamp-3 max-w-56 break-words rounded bg-info-soft px-1.5 py-0.5 text-center font-mono text-2xs text-info-text">{block.name}</code>}
            <Sequence steps={block.steps} label={block.name || 'for each item'} {...rest} />
          </div>
        ))}
      </div>
    </section>
  )
}

function Node({ step, selected, kin, onSelect }: { step: PlanStep } & BlockProps) {
  const look = verbLook(step.verb, step.action?.effect)
  const consequential = step.action?.effect === 'consequential'
  const approve = step.verb === 'approve'
  const on = step.id === selected
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={() => onSelect(step.id)}
      className={cn(
        'w-60 overflow-hidden rounded-lg border bg-surface text-left shadow-card hover:border-accent',
        consequential ? 'border-crit/60' : approve ? 'border-wait/70' : 'border-line',
        kin.has(step.id) && 'outline outline-2 outline-offset-2 outline-wait',
        on && 'border-accent outline outline-2 outline-offset-1 outline-accent',
      )}
    >
      <span className="flex items-center gap-2.5 px-2.5 py-2">
        <span className={cn('grid size-7 shrink-0 place-items-center rounded-md', look.tint)}><look.icon aria-label={look.name} className="size-4" /></span>
        <span className="min-w-0 flex-1">
          <span className="block truncate text-xs font-medium">{step.title || step.id}</span>
          <span title={stepText(step)} className="block truncate font-mono text-2xs text-muted">{stepText(step)}</span>
        </span>
      </span>
      {consequential && (
        <Foot tint="bg-crit-soft text-crit-text">
          {step.action?.approvals?.length
            ? <><ShieldCheck aria-hidden className="size-3 shrink-0" />only after {step.action.approvals.join(' or ')}</>
            : <><ShieldAlert aria-hidden className="size-3 shrink-0" />no approval covers it</>}
        </Foot>
      )}
      {approve && <Foot tint="bg-wait-soft text-wait-text"><Hand aria-hidden className="size-3 shrink-0" />releases {step.approve?.covers?.join(', ')}</Foot>}
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

const Foot = ({ tint, children }: { tint: string; children: ReactNode }) => (
  <span className={cn('flex min-w-0 items-center gap-1.5 border-t border-line px-2.5 py-1 text-2xs', tint)}>{children}</span>
)

/** The way from one box to the next. */
const Line = ({ arrow, short }: { arrow?: boolean; short?: boolean }) => (
  <span aria-hidden className={cn('relative block w-px shrink-0 bg-line-strong', short ? 'h-3' : 'h-5')}>
    {arrow && <i className="absolute -left-[3px] bottom-0 size-[7px] rotate-45 border-b border-r border-line-strong" />}
  </span>
)
