import { AlertTriangle, CircleX } from 'lucide-react'
import type { Diagnostic } from '@/api/nouns'
import type { Schemas } from '@/api/client'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'

type Props = { diagnostics: Diagnostic[]; onPlace: (diagnostic: Diagnostic) => void; onFix?: (edits: Schemas['Edit'][]) => void }

/** What the compiler says of a text: each leads to its place, to its page, and to its fixes where the text can be changed. */
export function Problems({ diagnostics, onPlace, onFix }: Props) {
  if (diagnostics.length === 0) return null
  return (
    <ul aria-label="Problems" className="max-h-48 shrink-0 overflow-auto border-t border-line bg-surface">
      {diagnostics.map((each, i) => {
        const error = each.severity === 'error'
        const Icon = error ? CircleX : AlertTriangle
        return (
          <li key={i} className="flex flex-wrap items-start border-b border-line text-xs hover:bg-hover">
            <button type="button" onClick={() => onPlace(each)} className="flex min-w-0 flex-1 items-start gap-2 py-1.5 pl-4 text-left -outline-offset-2">
              <Icon aria-label={each.severity} className={cn('mt-0.5 size-3.5 shrink-0', error ? 'text-crit-text' : 'text-high-text')} />
              <span className="min-w-0 flex-1 break-words">{each.message}{each.help && <span className="block text-muted">{each.help}</span>}</span>
              <code className="shrink-0 font-mono text-2xs text-muted">{each.line}:{each.column}</code>
            </button>
            <a href={`/v1/diagnostics/${each.code}`} target="_blank" rel="noreferrer" aria-label={`What ${each.code} means`} className="shrink-0 py-1.5 pl-2 pr-4 font-mono text-2xs text-accent-text underline underline-offset-2">{each.code}</a>
            {onFix && (each.fixes ?? []).map((fix) => <Button key={fix.title} className="mb-1 ml-9 mr-4 h-auto min-h-6 basis-full justify-start whitespace-normal py-0.5 text-left" onClick={() => onFix(fix.edits)}>{fix.title}</Button>)}
          </li>
        )
      })}
    </ul>
  )
}
