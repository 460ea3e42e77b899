import { useEffect, useMemo, useRef } from 'react'
import type { Diagnostic } from '@/api/nouns'
import { cn } from '@/ui/cn'
import { colourLines } from './colour'

type Props = { text: string; line: number | undefined; diagnostics: Diagnostic[]; onLine: (line: number) => void }

/** A playbook's text, to be read. The browser's own search, selection and copying work on it. */
export default function Source({ text, line, diagnostics, onLine }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const lines = useMemo(() => colourLines(text.replace(/\n$/, ''), diagnostics), [text, diagnostics])
  useEffect(() => {
    host.current?.querySelector(`[data-line="${line}"]`)?.scrollIntoView({ block: 'center' })
  }, [line, lines])
  return (
    // A click on a line chooses its step; by keyboard the graph's boxes do.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={host}
      tabIndex={0}
      role="region"
      aria-label="Playbook source"
      className="h-full overflow-auto bg-surface py-2 font-mono text-[12.5px] leading-5"
      onClick={(event) => {
        const at = (event.target as HTMLElement).closest<HTMLElement>('[data-line]')?.dataset.line
        if (at && getSelection()?.isCollapsed) onLine(Number(at))
      }}
    >
      <pre className="w-max min-w-full">
        {lines.map((pieces, i) => (
          <div
            key={i}
            data-line={i + 1}
            data-number={i + 1}
            aria-current={line === i + 1 || undefined}
            className={cn(
              'pr-6 [contain-intrinsic-size:auto_20px] [content-visibility:auto]',
              'before:sticky before:left-0 before:mr-3 before:inline-block before:w-12 before:select-none before:bg-surface before:pr-2 before:text-right before:text-faint before:content-[attr(data-number)]',
              line === i + 1 && 'bg-accent-soft before:bg-accent-soft',
            )}
          >
            {pieces.map((piece, k) => <span key={k} title={piece.title} className={piece.className}>{piece.text}</span>)}
            {'\n'}
          </div>
        ))}
      </pre>
    </div>
  )
}
