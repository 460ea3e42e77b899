import { ChevronRight } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { CopyButton } from './button'
import { cn } from './cn'
import { formatBytes } from './duration'
import { inert } from './inert'
import { pointerParts } from './pointer'
import { UntrustedBadge } from './untrusted'

const pageSize = 100 // children shown at once
const textCap = 600 // characters of a string shown at first

type Props = {
  title: string
  value: unknown
  /** An attacker may have written what is in it. */
  untrusted?: boolean
  /** RFC 6901 pointer of the value to show and mark. */
  mark?: string
  level?: 'h2' | 'h3' | 'h4'
}

/** A JSON value as a tree that renders only what is open. Everything in it is inert text. */
export function JsonView({ title, value, untrusted, mark, level: Level = 'h3' }: Props) {
  const text = useMemo(() => (value === undefined ? '' : JSON.stringify(value, null, 2)), [value])
  const parts = useMemo(() => (mark === undefined ? undefined : pointerParts(mark)), [mark])
  return (
    <section className={cn('min-w-0 overflow-hidden rounded-lg border border-line bg-surface', untrusted && 'border-l-2 border-l-high')}>
      <header className="flex min-h-8 items-center gap-2 border-b border-line px-3 py-1">
        <Level className="text-xs font-medium text-muted">{title}</Level>
        {untrusted && <UntrustedBadge />}
        {value !== undefined && (
          <span className="ml-auto flex items-center gap-1.5 text-2xs text-muted">
            {formatBytes(new Blob([text]).size)}
            <CopyButton text={text} label={`Copy ${title.toLowerCase()} as JSON`} />
          </span>
        )}
      </header>
      <div className="max-h-[60vh] overflow-auto p-2" tabIndex={0} role="group" aria-label={title}>
        {value === undefined || value === null ? (
          <p className="px-1 text-xs text-muted">{value === null ? 'null' : 'None.'}</p>
        ) : (
          <Node value={value} depth={0} mark={parts} openTo={text.length < 3000 ? 3 : 1} />
        )}
      </div>
    </section>
  )
}

type NodeProps = { value: unknown; depth: number; name?: string; mark?: string[]; openTo: number }

function Node(props: NodeProps) {
  return props.value !== null && typeof props.value === 'object' ? <Branch {...props} value={props.value} /> : <Leaf {...props} />
}

function Branch({ value, depth, name, mark, openTo }: NodeProps & { value: object }) {
  const keys = useMemo(() => Object.keys(value), [value])
  const isList = Array.isArray(value)
  const marked = mark?.length === 0
  const within = mark?.[0]
  const [byHand, setByHand] = useState<boolean>()
  const open = byHand ?? (depth < openTo || mark !== undefined)
  const [shown, setShown] = useState(pageSize)
  const limit = Math.max(shown, within === undefined ? 0 : keys.indexOf(within) + 1)
  const summary = isList ? `[${keys.length}]` : `{${keys.length}}`
  if (keys.length === 0) return <Line name={name} depth={depth} marked={marked}><span className="text-faint">{isList ? '[]' : '{}'}</span></Line>
  return (
    <div className="font-mono text-xs leading-6">
      <MarkedLine marked={marked} depth={depth}>
        <button type="button" aria-expanded={open} onClick={() => setByHand(!open)} className="flex h-6 min-w-6 items-center gap-1 rounded text-left">
          <ChevronRight aria-hidden className={cn('size-4 shrink-0 p-0.5 text-faint transition-transform', open && 'rotate-90')} />
          {name !== undefined && <Name>{name}</Name>}
          <span className="text-faint">{summary}</span>
        </button>
      </MarkedLine>
      {open && keys.slice(0, limit).map((key) => (
        <Node
          key={key}
          name={key}
          value={(value as Record<string, unknown>)[key]}
          depth={depth + 1}
          openTo={openTo}
          mark={within === key ? mark?.slice(1) : undefined}
        />
      ))}
      {open && keys.length > limit && (
        <button
          type="button"
          style={{ marginLeft: (depth + 1) * 14 + 20 }}
          className="h-6 rounded text-accent-text underline underline-offset-2"
          onClick={() => setShown(shown + pageSize * 5)}
        >
          {keys.length - limit} more
        </button>
      )}
    </div>
  )
}

function Leaf({ value, depth, name, mark }: NodeProps) {
  const [all, setAll] = useState(false)
  const isText = typeof value === 'string'
  const text = isText ? value : JSON.stringify(value)
  const long = isText && text.length > textCap && !all
  const look = value === null ? 'text-faint' : isText ? 'text-(--syn-str)' : typeof value === 'number' ? 'text-(--syn-num)' : 'text-(--syn-expr)'
  return (
    <Line name={name} depth={depth} marked={mark?.length === 0}>
      <bdi className={cn('min-w-0 whitespace-pre-wrap break-words [overflow-wrap:anywhere]', look)}>{inert(long ? `${text.slice(0, textCap)}…` : text)}</bdi>
      {long && (
        <button type="button" className="ml-2 h-6 shrink-0 self-end rounded text-accent-text underline underline-offset-2" onClick={() => setAll(true)}>
          all {formatBytes(text.length)}
        </button>
      )}
    </Line>
  )
}

function Line({ name, depth, marked, children }: { name?: string; depth: number; marked: boolean; children: React.ReactNode }) {
  return (
    <MarkedLine marked={marked} depth={depth}>
      <span className="flex min-w-0 items-start gap-1 pl-5 font-mono text-xs leading-6">
        {name !== undefined && <Name>{name}</Name>}
        {children}
      </span>
    </MarkedLine>
  )
}

/** A line of the tree; the marked one is scrolled to. */
function MarkedLine({ marked, depth, children }: { marked: boolean; depth: number; children: React.ReactNode }) {
  const line = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (marked) line.current?.scrollIntoView({ block: 'center' })
  }, [marked])
  return (
    <div ref={line} data-marked={marked || undefined} style={{ paddingLeft: depth * 14 }} className={cn('rounded pr-1', marked && 'bg-accent-soft outline outline-1 outline-accent')}>
      {children}
    </div>
  )
}

function Name({ children }: { children: string }) {
  return (
    <span className="shrink-0 text-(--syn-key)">
      {inert(children)}
      <span className="text-faint">:</span>
    </span>
  )
}
