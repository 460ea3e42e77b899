import { ChevronRight, ZoomIn, ZoomOut } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { Attempt } from '@/api/nouns'
import { useKeys } from '@/shell/keys'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { formatDuration } from '@/ui/duration'
import { Kbd } from '@/ui/page'
import { StatusIcon, statusLook } from '@/ui/status'
import { visibleRows, waitVerbs, type Row } from './rows'
import { busySpans, makeScale, roomyTicks, type Scale } from './scale'
import { rowLook } from './verbs'

type Props = { rows: Row[]; start: number; end: number; selected: string | undefined; onSelect: (path: string) => void }

const nameWidth = 'w-[min(270px,60vw)]'
const nameOffset = 'left-[min(270px,60vw)]'

/** The steps over time. Waits are folded, attempts are bars of their own, loops and branches are nested. */
export function Timeline({ rows, start, end, selected, onSelect }: Props) {
  const [byHand, setByHand] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [fold, setFold] = useState(true)
  const [zoom, setZoom] = useState(1)
  const [width, setWidth] = useState(400)
  const axis = useRef<HTMLDivElement>(null)
  const grid = useRef<HTMLDivElement>(null)

  const seen = useMemo(() => visibleRows(rows, byHand), [rows, byHand])
  const scale = useMemo(() => makeScale(start, end, busySpans(rows), fold), [rows, start, end, fold])
  const ticks = roomyTicks(scale.ticks, width, formatDuration)
  const folds = scale.segments.filter((segment) => segment.folded)

  useEffect(() => {
    const observer = new ResizeObserver(() => setWidth(axis.current?.clientWidth ?? 400))
    observer.observe(axis.current!)
    return () => observer.disconnect()
  }, [])
  useKeys({ f: () => setFold((now) => !now) })

  const toggle = (row: Row & { open: boolean | undefined }) => setByHand((now) => new Map(now).set(row.key, !row.open))
  const active = seen.findIndex((row) => row.key === selected)
  const go = (index: number) => {
    const row = seen[index]
    if (!row) return
    grid.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.key)}"]`)?.focus()
    if (row.step) onSelect(row.key)
  }
  const onKey = (event: KeyboardEvent) => {
    const key = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row
    const at = seen.findIndex((row) => row.key === key)
    const row = seen[at]
    if (!row) return
    if (event.key === 'ArrowDown') go(at + 1)
    else if (event.key === 'ArrowUp') go(at - 1)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(seen.length - 1)
    else if (event.key === 'ArrowRight' && row.open === false) toggle(row)
    else if (event.key === 'ArrowLeft' && row.open === true) toggle(row)
    else if (event.key === 'ArrowLeft') go(seen.findIndex((each) => each.key === row.parent))
    else if (event.key === 'Enter' && row.step) onSelect(row.key)
    else return
    event.preventDefault()
  }

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-10 shrink-0 items-center gap-3 border-b border-line bg-surface px-4">
        <label className="flex items-center gap-1.5 text-xs text-muted">
          <input type="checkbox" checked={fold} onChange={(e) => setFold(e.target.checked)} className="accent-(--accent)" />
          Fold waits
        </label>
        <span className="ml-auto hidden items-center gap-1 text-2xs text-muted sm:flex">
          <Kbd>↑</Kbd><Kbd>↓</Kbd> move <Kbd>→</Kbd> open
        </span>
        <Button size="icon" variant="ghost" aria-label="Zoom out" disabled={zoom <= 1} onClick={() => setZoom(Math.max(1, zoom / 1.5))} className="max-sm:ml-auto"><ZoomOut /></Button>
        <Button size="icon" variant="ghost" aria-label="Zoom in" disabled={zoom >= 12} onClick={() => setZoom(Math.min(12, zoom * 1.5))}><ZoomIn /></Button>
      </div>
      <div className="min-h-0 flex-1 overflow-auto bg-surface" tabIndex={-1}>
        <div ref={grid} role="treegrid" aria-label="Steps over time" onKeyDown={onKey} style={{ width: `${zoom * 100}%` }} className="relative min-w-[360px]" tabIndex={-1}>
          <div role="row" className="sticky top-0 z-20 flex h-7 border-b border-line bg-sunken text-2xs text-muted">
            <div role="columnheader" className={cn('sticky left-0 z-10 shrink-0 border-r border-line bg-sunken px-4 py-1.5 font-medium', nameWidth)}>Step</div>
            <div ref={axis} role="columnheader" className="relative flex-1">
              <span className="sr-only">Time since the start</span>
              {ticks.map((tick) => (
                <span key={tick.offset} aria-hidden className="absolute top-1.5 -translate-x-1/2 whitespace-nowrap tabular-nums" style={{ left: `${tick.at}%` }}>{shortTick(tick.offset)}</span>
              ))}
            </div>
            <div role="columnheader" className="w-20 shrink-0 px-3 py-1.5 text-right font-medium max-sm:hidden">Duration</div>
          </div>
          <div aria-hidden className={cn('pointer-events-none absolute bottom-0 right-20 top-7 max-sm:right-0', nameOffset)}>
            {ticks.map((tick) => <i key={tick.offset} className="absolute inset-y-0 w-px bg-line" style={{ left: `${tick.at}%` }} />)}
            {folds.map((segment) => (
              <i key={segment.from} className="hatch absolute inset-y-0 border-x border-dashed border-line-strong text-wait opacity-50" style={{ left: `${segment.left}%`, width: `${segment.width}%` }} />
            ))}
          </div>
          {seen.map((row, i) => (
            <TimelineRow
              key={row.key}
              row={row}
              scale={scale}
              selected={row.key === selected}
              focusable={active < 0 ? i === 0 : i === active}
              onSelect={() => (row.step ? onSelect(row.key) : toggle(row))}
              onToggle={() => toggle(row)}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

const shortTick = (offset: number) => formatDuration(offset).replace(/\.0+ s/, ' s').replace(/ 0[ms]$/, '')

type RowProps = { row: Row & { open: boolean | undefined }; scale: Scale; selected: boolean; focusable: boolean; onSelect: () => void; onToggle: () => void }

function TimelineRow({ row, scale, selected, focusable, onSelect, onToggle }: RowProps) {
  const look = rowLook(row)
  const duration = row.start !== undefined && row.end !== undefined && row.status !== 'skipped' ? formatDuration(row.end - row.start) : '—'
  return (
    // The treegrid above handles the keys of its rows.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      data-row={row.key}
      tabIndex={focusable ? 0 : -1}
      aria-level={row.depth + 1}
      aria-selected={selected}
      aria-expanded={row.open}
      onClick={onSelect}
      className={cn('group relative flex h-8 cursor-pointer items-center border-b border-line/70 -outline-offset-2', selected ? 'bg-accent-soft' : 'hover:bg-hover')}
    >
      <div
        role="rowheader"
        style={{ paddingLeft: 6 + row.depth * 14 }}
        className={cn('sticky left-0 z-10 flex h-full shrink-0 items-center gap-1.5 border-r border-line pr-2', nameWidth, selected ? 'bg-accent-soft' : 'bg-surface group-hover:bg-hover')}
      >
        {row.open === undefined ? <span className="w-4 shrink-0" /> : (
          <button
            type="button"
            tabIndex={-1}
            aria-label={`${row.open ? 'Close' : 'Open'} ${row.label}`}
            onClick={(event) => {
              event.stopPropagation()
              onToggle()
            }}
            className="shrink-0 text-muted"
          >
            <ChevronRight className={cn('size-4 p-px transition-transform', row.open && 'rotate-90')} />
          </button>
        )}
        <StatusIcon status={row.status} className="size-3.5" />
        <look.icon aria-hidden className="size-3.5 shrink-0 text-muted" />
        <span title={row.label} className={cn('truncate', row.depth > 0 && 'text-xs', row.step ? 'font-medium' : 'text-muted', row.status === 'unreached' && 'font-normal text-muted')}>{row.label}</span>
      </div>
      <div role="gridcell" className="relative h-full flex-1">
        <span className="sr-only">{statusLook(row.status).label}, {duration}</span>
        <Bars row={row} scale={scale} />
        {!waitVerbs.has(row.step?.verb ?? '') && <span aria-hidden className="absolute bottom-0 right-1 text-[10px] tabular-nums text-muted sm:hidden">{duration}</span>}
      </div>
      <div role="gridcell" aria-hidden className="w-20 shrink-0 px-3 text-right text-xs tabular-nums text-muted max-sm:hidden">{duration}</div>
    </div>
  )
}

const bar = 'absolute top-1/2 -translate-y-1/2 rounded-[3px]'

function Bars({ row, scale }: { row: Row; scale: Scale }) {
  if (row.start === undefined || row.end === undefined) return null
  const left = scale.at(row.start)
  const right = scale.at(row.end)
  const width = `max(4px, ${right - left}%)`
  const at = { left: `min(${left}%, calc(100% - 4px))` }
  if (row.status === 'skipped') return <i className="absolute top-1/2 size-2 -translate-y-1/2 rotate-45 border border-info bg-surface" style={at} />
  if (waitVerbs.has(row.step?.verb ?? '')) {
    return (
      <>
        <i className={cn(bar, 'hatch h-3.5 border border-wait bg-wait-soft text-wait', row.status === 'waiting' && 'pulse')} style={{ ...at, width }} />
        <span className="absolute top-1/2 -translate-x-1/2 -translate-y-1/2 whitespace-nowrap rounded bg-wait-soft px-1.5 text-2xs font-medium text-wait-text" style={{ left: `clamp(30px, ${(left + right) / 2}%, calc(100% - 30px))` }}>
          {formatDuration(row.end - row.start)}
        </span>
      </>
    )
  }
  if (row.step && row.step.attempts.length > 1 && row.step.attempts.every((attempt) => attempt.started)) {
    return (
      <>
        <i className="absolute top-1/2 h-px -translate-y-1/2 bg-line-strong" style={{ left: `${left}%`, width: `${right - left}%` }} />
        {row.step.attempts.map((attempt) => <AttemptBar key={attempt.attempt} attempt={attempt} scale={scale} model={row.step?.verb === 'model'} end={row.end!} />)}
      </>
    )
  }
  const block = row.children.length > 0
  const look = row.step?.verb === 'model' && row.status === 'ok' ? 'bg-llm' : statusLook(row.status).bar
  return <i className={cn(bar, look, block ? 'h-1.5 opacity-50' : row.depth > 1 ? 'h-2.5' : 'h-3.5', row.status === 'running' && 'pulse')} style={{ ...at, width }} />
}

function AttemptBar({ attempt, scale, model, end }: { attempt: Attempt; scale: Scale; model: boolean; end: number }) {
  const from = Date.parse(attempt.started!)
  const to = attempt.ended ? Date.parse(attempt.ended) : end
  const left = scale.at(from)
  const look = attempt.status === 'ok' && model ? 'bg-llm' : statusLook(attempt.status).bar
  return (
    <i
      title={`Attempt ${attempt.attempt}: ${statusLook(attempt.status).label.toLowerCase()}, ${formatDuration(to - from)}${attempt.error ? `. ${attempt.error.message}` : ''}`}
      className={cn(bar, 'h-3.5', look)}
      style={{ left: `min(${left}%, calc(100% - 4px))`, width: `max(4px, ${scale.at(to) - left}%)` }}
    />
  )
}

