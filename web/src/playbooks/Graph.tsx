import { ChevronDown, ChevronRight, CircleStop, FoldVertical, Maximize2, Minimize2, UnfoldVertical, Zap, ZoomIn, ZoomOut } from 'lucide-react'
import { memo, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState, type CSSProperties } from 'react'
import type { Plan, PlanStep } from '@/api/nouns'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { GraphNode, type Marks, type RunState } from './GraphNode'
import { gateLetters, tainted, type Overlay } from './overlay'
import { allSteps, blocksOf, triggerText } from './text'

const margin = 24
const smallest = 0.55 // below it nobody can read it: scroll instead
const zooms = [0.4, 0.55, 0.7, 0.85, 1, 1.25, 1.5]

type Props = {
  plan: Plan
  selected: string | undefined
  onSelect: (id: string) => void
  /** The way to a step that can be reached without an approval. */
  red?: string[]
  /** Of a run: how each step stands. */
  states?: ReadonlyMap<string, RunState> | undefined
  /** What a key does to the step that has the focus, beside moving between steps; true when it did something. */
  onKey?: (event: KeyboardEvent, id: string) => boolean
}

const nothing: ReadonlySet<string> = new Set()

/** The plan's blocks as nested boxes: a sequence runs down, branches stand side by side, a loop is a frame. */
export const Graph = memo(function Graph({ plan, selected, onSelect, red, states, onKey }: Props) {
  const steps = useMemo(() => plan.steps ?? [], [plan])
  const all = useMemo(() => allSteps(steps), [steps])
  const chosen = all.find((step) => step.id === selected)
  const kinOf = [...(chosen?.approve?.covers ?? []), ...(chosen?.action?.approvals ?? [])].join()
  const kin = useMemo(() => new Set(kinOf.split(',').filter(Boolean)), [kinOf])
  const redWay = useMemo(() => (red?.length ? new Set(red) : nothing), [red])
  const [overlay, setOverlay] = useState<Overlay>()
  const letters = useMemo(() => (overlay === 'approvals' ? gateLetters(steps) : undefined), [overlay, steps])
  const [folded, setFolded] = useState<ReadonlySet<string>>(nothing)
  const fold = useCallback((id: string) => setFolded((before) => {
    const next = new Set(before)
    if (!next.delete(id)) next.add(id)
    return next
  }), [])
  const blocks = useMemo(() => all.filter((step) => blocksOf(step).length > 0).map((step) => step.id), [all])
  // What is selected, or on the red way, is never hidden in a folded block.
  const open = useMemo(() => new Set(all.filter((step) => allSteps(blocksOf(step).flatMap((block) => block.steps)).some((inner) => inner.id === selected || redWay.has(inner.id))).map((step) => step.id)), [all, selected, redWay])
  const host = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const [zoom, setZoom] = useState<number>() // undefined fits the width
  const [scale, setScale] = useState(1)
  useEffect(() => {
    const measure = () => {
      if (!host.current || !content.current) return
      const room = host.current.clientWidth - 2 * margin
      setScale(zoom ?? Math.max(smallest, Math.min(1, room / content.current.scrollWidth)))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(host.current!)
    return () => observer.disconnect()
  }, [zoom, plan, folded])
  const zoomBy = useCallback((by: number) => setZoom((now) => {
    const from = now ?? scale
    const next = by > 0 ? zooms.find((each) => each > from + 0.01) : zooms.findLast((each) => each < from - 0.01)
    return next ?? from
  }), [scale])
  // The wheel with Ctrl zooms the graph, and not the page.
  useEffect(() => {
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      zoomBy(event.deltaY < 0 ? 1 : -1)
    }
    const at = host.current
    at?.addEventListener('wheel', wheel, { passive: false })
    return () => at?.removeEventListener('wheel', wheel)
  }, [zoomBy])
  const keys = useEffectEvent((event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>('[data-step]')?.dataset.step
    if (id && onKey?.(event, id)) {
      event.preventDefault()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return
    switch (event.key) {
      case '+': case '=': zoomBy(1); break
      case '-': zoomBy(-1); break
      case '0': setZoom(undefined); break
      case 'f': if (id && blocks.includes(id)) fold(id); else return; break
      case 'ArrowDown': case 'ArrowUp': {
        if (!id) return
        const nodes = [...host.current!.querySelectorAll<HTMLElement>('[data-step]')]
        nodes[nodes.findIndex((node) => node.dataset.step === id) + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
        break
      }
      default: return
    }
    event.preventDefault()
  })
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => keys(event)
    const at = host.current
    at?.addEventListener('keydown', pressed)
    return () => at?.removeEventListener('keydown', pressed)
  }, [])
  const marks: Marks = useMemo(() => ({ selected, kin, red: redWay, letters, taint: overlay === 'taint', states, onSelect }), [selected, kin, redWay, letters, overlay, states, onSelect])
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div role="toolbar" aria-label="The graph" className="flex shrink-0 flex-wrap items-center gap-1.5 border-b border-line bg-surface px-3 py-1.5">
        <Button className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent-text" aria-pressed={overlay === 'approvals'} onClick={() => setOverlay(overlay === 'approvals' ? undefined : 'approvals')} title="Give each approval a letter, and what it releases the same">Approvals</Button>
        <Button className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent-text" aria-pressed={overlay === 'taint'} onClick={() => setOverlay(overlay === 'taint' ? undefined : 'taint')} title="Show which arguments an attacker can have written">Attacker’s text</Button>
        {overlay && <span role="status" className="text-2xs text-muted">{legend(overlay, steps)}</span>}
        <span className="ml-auto flex gap-1">
          {blocks.length > 0 && (folded.size > 0
            ? <Button size="icon" aria-label="Unfold all blocks" title="Unfold all blocks" onClick={() => setFolded(nothing)}><UnfoldVertical /></Button>
            : <Button size="icon" aria-label="Fold all blocks" title="Fold all blocks" onClick={() => setFolded(new Set(blocks))}><FoldVertical /></Button>)}
          <Button size="icon" aria-label="Zoom out" title="Zoom out (-)" disabled={scale <= zooms[0]!} onClick={() => zoomBy(-1)}><ZoomOut /></Button>
          <Button size="icon" aria-label="Zoom in" title="Zoom in (+)" disabled={scale >= zooms.at(-1)!} onClick={() => zoomBy(1)}><ZoomIn /></Button>
          <Button aria-pressed={zoom === undefined} onClick={() => setZoom(zoom === undefined ? 1 : undefined)}>{zoom === undefined ? <><Maximize2 />Full size</> : <><Minimize2 />Fit</>}</Button>
        </span>
      </div>
      <div ref={host} className="min-h-0 flex-1 overflow-auto bg-sunken" style={{ padding: margin }} tabIndex={0} role="region" aria-label="Graph of the playbook">
        <div ref={content} style={{ zoom: scale, '--unzoom': Math.max(1, 1 / scale) } as CSSProperties} className="mx-auto flex w-max flex-col items-center">
          <ul aria-label="Triggers" className="flex flex-wrap justify-center gap-2">
            {(plan.triggers ?? []).map((trigger, i) => (
              <li key={i} className="max-w-72 rounded-lg border border-line bg-surface px-3 py-2 shadow-card">
                <p className="flex items-center gap-2 text-xs font-medium"><Zap aria-hidden className="size-3.5 text-accent-text" />{triggerText(trigger)}</p>
                {trigger.when && <code title={trigger.when} className="mt-0.5 line-clamp-3 break-words font-mono text-2xs text-muted">{trigger.when}</code>}
              </li>
            ))}
          </ul>
          <Line arrow />
          <Sequence steps={steps} marks={marks} folded={folded} open={open} fold={fold} label="Steps" />
          <Line />
          <p className="flex items-center gap-1.5 rounded-full border border-line bg-surface px-3 py-1 text-2xs text-muted"><CircleStop aria-hidden className="size-3" />end</p>
        </div>
      </div>
    </div>
  )
})

function legend(overlay: Overlay, steps: PlanStep[]): string {
  if (overlay === 'approvals') {
    const { gates, covered } = gateLetters(steps)
    return gates.size === 0 ? 'It asks nobody, and changes nothing.' : `${gates.size} ${gates.size === 1 ? 'approval' : 'approvals'}, each with a letter; ${covered.size} ${covered.size === 1 ? 'step is' : 'steps are'} released by them.`
  }
  const reached = allSteps(steps).filter((step) => tainted(step).length > 0)
  return reached.length === 0 ? 'No argument can be an attacker’s.' : `${reached.length} ${reached.length === 1 ? 'step has an argument' : 'steps have arguments'} that an attacker can have written.`
}

type BlockProps = { marks: Marks; folded: ReadonlySet<string>; open: ReadonlySet<string>; fold: (id: string) => void }

const Sequence = memo(function Sequence({ steps, label, ...rest }: { steps: PlanStep[]; label: string } & BlockProps) {
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
})

function StepBox({ step, ...rest }: { step: PlanStep } & BlockProps) {
  const { marks, folded, open, fold } = rest
  const blocks = blocksOf(step)
  if (blocks.length === 0) return <GraphNode step={step} {...marks} />
  const loop = step.verb === 'foreach' || step.verb === 'repeat'
  const closed = folded.has(step.id) && !open.has(step.id)
  const inside = closed ? allSteps(blocks.flatMap((block) => block.steps)).length : 0
  return (
    <section
      aria-label={step.title || step.id}
      className={cn('rounded-xl border border-dashed border-line-strong bg-bg/60 p-3', loop && 'border-solid shadow-[4px_4px_0_-1px_var(--line-strong)]')}
    >
      <div className="relative flex justify-center">
        <GraphNode step={step} {...marks} />
        <button type="button" aria-expanded={!closed} aria-label={`${closed ? 'Unfold' : 'Fold'} ${step.title || step.id}`} disabled={open.has(step.id)} onClick={() => fold(step.id)}
          style={{ zoom: 'var(--unzoom)' }} // a finger stays as large as it is
          className="absolute -right-1 -top-1 grid size-6 place-items-center rounded-full border border-line bg-surface text-muted hover:bg-hover disabled:opacity-40">
          {closed ? <ChevronRight aria-hidden className="size-3.5" /> : <ChevronDown aria-hidden className="size-3.5" />}
        </button>
      </div>
      {closed ? <p className="mt-2 text-center text-2xs text-muted">{inside} {inside === 1 ? 'step' : 'steps'} folded</p> : (
        <>
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
        </>
      )}
    </section>
  )
}

/** The way from one box to the next. */
const Line = ({ arrow, short }: { arrow?: boolean; short?: boolean }) => (
  <span aria-hidden className={cn('relative block w-px shrink-0 bg-line-strong', short ? 'h-3' : 'h-5')}>
    {arrow && <i className="absolute -left-[3px] bottom-0 size-[7px] rotate-45 border-b border-r border-line-strong" />}
  </span>
)
