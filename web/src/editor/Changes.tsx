import { useQuery } from '@tanstack/react-query'
import { Scale, ShieldAlert, Shuffle, Sparkles } from 'lucide-react'
import { cn } from '@/ui/cn'
import { inert } from '@/ui/inert'
import { ErrorState, SkeletonRows } from '@/ui/states'
import { compare, type Compared, type VersionRef } from './queries'

const looks = {
  safety: { icon: ShieldAlert, name: 'safety', tint: 'text-crit-text' },
  behaviour: { icon: Shuffle, name: 'behaviour', tint: 'text-high-text' },
  cosmetic: { icon: Sparkles, name: 'wording', tint: 'text-muted' },
} as const

/** What a version does otherwise than another: in sentences, and then line by line. */
export function Changes({ old, updated, what, textOnly }: { old: VersionRef; updated: VersionRef; what: string; textOnly?: boolean }) {
  const query = useQuery({
    queryKey: ['compared', old, updated],
    queryFn: ({ signal }) => compare(old, updated, signal),
    staleTime: 30_000,
    placeholderData: (before) => before,
  })
  if (query.isError && !query.data) return <ErrorState error={query.error} retry={() => void query.refetch()} what="the comparison" />
  if (!query.data) return <SkeletonRows label="Comparing" rows={4} />
  return <Shown compared={query.data} what={what} textOnly={textOnly ?? false} />
}

function Shown({ compared, what, textOnly }: { compared: Compared; what: string; textOnly: boolean }) {
  if (compared.text === '') return <p className="flex items-center gap-2 p-4 text-muted"><Scale aria-hidden className="size-4" />Nothing differs from {what}.</p>
  return (
    <div className="space-y-3 p-4">
      {!textOnly && !compared.compared && <p className="rounded-md bg-med-soft px-3 py-2 text-xs text-med-text">One of the two does not compile, so only the texts are compared.</p>}
      {compared.compared && (compared.changes.length === 0
        ? <p className="text-muted">Only the text differs from {what}: it does the same.</p>
        : (
          <ul aria-label={`What it does otherwise than ${what}`} className="space-y-1">
            {compared.changes.map((change, i) => {
              const look = looks[change.severity]
              return (
                <li key={i} className="flex items-start gap-2 text-xs">
                  <look.icon aria-label={look.name} className={cn('mt-0.5 size-3.5 shrink-0', look.tint)} />
                  <span className={cn('[overflow-wrap:anywhere]', change.severity === 'safety' && 'font-medium')}>{inert(change.sentence)}</span>
                </li>
              )
            })}
          </ul>
        ))}
      <DiffText text={compared.text} />
    </div>
  )
}

export function DiffText({ text }: { text: string }) {
  return (
    <pre tabIndex={0} aria-label="Difference of the texts" className="overflow-x-auto rounded-md border border-line bg-surface py-2 font-mono text-2xs leading-4">
      {text.replace(/^--- .*\n\+\+\+ .*\n/, '').replace(/\n$/, '').split('\n').map((line, i) => (
        <div
          key={i}
          className={cn(
            'w-max min-w-full px-3',
            line.startsWith('+') && 'bg-ok-soft text-ok-text',
            line.startsWith('-') && 'bg-crit-soft text-crit-text',
            line.startsWith('@@') && 'text-muted',
          )}
        >
          {line || ' '}
        </div>
      ))}
    </pre>
  )
}
