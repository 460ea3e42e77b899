import { ListTree } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { Schemas } from '@/api/client'
import { inert } from '@/ui/inert'
import { Input } from '@/ui/page'
import { Empty } from '@/ui/states'

type Props = { symbols: Schemas['Symbol'][]; goTo: (place: Schemas['Range']) => void; find: number }

/** Symbols in the order of the text, each with how deep it stands. */
const flatSymbols = (symbols: Schemas['Symbol'][], depth = 0): { symbol: Schemas['Symbol']; depth: number }[] =>
  symbols.flatMap((symbol) => [{ symbol, depth }, ...flatSymbols(symbol.children ?? [], depth + 1)])

// The arrow keys go between the field and the entries.
const onKey = (event: KeyboardEvent) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!step) return
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input, button')]
  stops[stops.indexOf(document.activeElement as HTMLElement) + step]?.focus()
  event.preventDefault()
}

/** What stands in the text, by name: steps inside their blocks, and the way to each. */
export function Outline({ symbols, goTo, find }: Props) {
  const [sought, setSought] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (find > 0) field.current?.focus()
  }, [find])
  const all = useMemo(() => flatSymbols(symbols), [symbols])
  const seen = all.filter(({ symbol }) => `${symbol.name} ${symbol.detail}`.toLowerCase().includes(sought.toLowerCase()))
  if (all.length === 0) return <Empty icon={ListTree} title="Nothing has a name yet"><p>Steps stand here as soon as the text has some.</p></Empty>
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className="flex h-full min-h-0 flex-col" onKeyDown={onKey}>
      <div className="shrink-0 border-b border-line bg-surface p-2">
        <Input
          type="search" aria-label="Find in the outline" placeholder="Find a step" ref={field} value={sought} onChange={(event) => setSought(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !seen[0]) return
            event.preventDefault() // the text has the focus then, and is not to get the key
            goTo(seen[0].symbol.range)
          }}
        />
      </div>
      <ul aria-label="Outline" className="min-h-0 flex-1 overflow-auto bg-surface py-1" tabIndex={-1}>
        {seen.map(({ symbol, depth }, i) => (
          <li key={i}>
            <button type="button" onClick={() => goTo(symbol.range)} style={{ paddingLeft: 12 + (sought ? 0 : depth * 16) }} className="flex w-full items-baseline gap-2 py-1 pr-3 text-left text-xs -outline-offset-2 hover:bg-hover">
              <span className="shrink-0 font-medium">{inert(symbol.name)}</span>
              <span className="min-w-0 truncate font-mono text-2xs text-muted">{inert(symbol.detail)}</span>
              <span className="ml-auto shrink-0 tabular-nums text-2xs text-muted">{symbol.range.line}</span>
            </button>
          </li>
        ))}
        {seen.length === 0 && <li className="px-3 py-2 text-xs text-muted">Nothing is called so.</li>}
      </ul>
    </div>
  )
}
