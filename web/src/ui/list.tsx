import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useKeys } from '@/shell/keys'
import { cn } from './cn'
import { useMedia } from './media'

export type Column<T> = {
  name: string
  /** Width in the wide layout, as a grid track. */
  track: string
  cell: (item: T) => ReactNode
  /** From which width on it is shown; always without. */
  from?: 'xl'
}

type Props<T> = {
  label: string
  items: T[]
  id: (item: T) => string
  columns: Column<T>[]
  /** The item as two lines, for narrow screens. */
  renderNarrow: (item: T) => ReactNode
  narrowHeight?: number
  open: (item: T) => void
  /** Is called when the end comes into view. */
  onEnd?: () => void
  loadingMore?: boolean
}

const wideHeight = 40

/** A long list of which only what is seen is rendered. J, K and Enter walk it; each row holds a link. */
export function VirtualList<T>({ label, items, id, columns, renderNarrow, narrowHeight = 64, open, onEnd, loadingMore }: Props<T>) {
  const host = useRef<HTMLDivElement>(null)
  const wide = useMedia('(min-width: 900px)')
  const huge = useMedia('(min-width: 1280px)')
  const shown = columns.filter((column) => !column.from || huge)
  const tracks = shown.map((column) => column.track).join(' ')
  const [selected, setSelected] = useState<string>()
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => host.current,
    estimateSize: () => (wide ? wideHeight : narrowHeight),
    getItemKey: (i) => id(items[i]!),
    overscan: 10,
  })
  useEffect(() => rows.measure(), [wide, rows])

  const last = rows.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (items.length > 0 && last >= items.length - 15) onEnd?.()
  }, [last, items.length, onEnd])

  const move = (by: number) => {
    if (items.length === 0) return
    const now = items.findIndex((item) => id(item) === selected)
    const next = Math.min(items.length - 1, Math.max(0, now < 0 ? 0 : now + by))
    setSelected(id(items[next]!))
    rows.scrollToIndex(next)
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: (event) => {
      if ((event.target as HTMLElement).closest('a, button')) return
      const item = items.find((each) => id(each) === selected)
      if (item) open(item)
    },
  })

  return (
    <div ref={host} className="min-h-0 flex-1 overflow-auto bg-surface" tabIndex={0} role="region" aria-label={label}>
      <div role="table" aria-label={label} aria-rowcount={items.length + 1}>
        <div role="rowgroup" className="sticky top-0 z-10 border-b border-line bg-sunken">
          <div role="row" aria-rowindex={1} style={wide ? { gridTemplateColumns: tracks } : undefined} className={cn('h-8 items-center gap-3 px-5 text-xs font-medium text-muted', wide ? 'grid' : 'sr-only')}>
            {shown.map((column) => (
              <div key={column.name} role="columnheader" className="truncate">{column.name}</div>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const item = items[row.index]!
            const on = id(item) === selected
            return (
              <div
                key={row.key}
                role="row"
                aria-rowindex={row.index + 2}
                aria-selected={on}
                style={{ transform: `translateY(${row.start}px)`, height: row.size, gridTemplateColumns: wide ? tracks : undefined }}
                className={cn(
                  'absolute left-0 top-0 w-full border-b border-line hover:bg-hover',
                  wide ? 'grid items-center gap-3 px-5' : 'px-4 py-2.5',
                  on && 'bg-accent-soft',
                )}
              >
                {wide ? shown.map((column) => (
                  <div key={column.name} role="cell" className="min-w-0 truncate">{column.cell(item)}</div>
                )) : <div role="cell" className="min-w-0">{renderNarrow(item)}</div>}
              </div>
            )
          })}
        </div>
      </div>
      {loadingMore && <p role="status" className="px-5 py-3 text-xs text-muted">Loading more…</p>}
    </div>
  )
}

/** Makes the whole row its link's target. */
export const rowLink = 'after:absolute after:inset-0 hover:underline underline-offset-2'
