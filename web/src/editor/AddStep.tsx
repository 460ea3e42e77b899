import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { operationsQuery } from '@/api/queries'
import { verbLook } from '@/runs/verbs'
import { cn } from '@/ui/cn'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Input } from '@/ui/page'

const verbs: [string, string][] = [
  ['approve', 'Ask a person before something consequential'],
  ['choose', 'Take the first branch that holds'],
  ['parallel', 'Do several things at once'],
  ['foreach', 'Do it for each item of a list'],
  ['try', 'Go on when something fails'],
  ['set', 'Compute values'],
  ['model', 'Let a model conclude, with its evidence'],
  ['wait', 'Wait for a time'],
  ['stop', 'End the run here'],
]

export type NewStep = { verb: string; operation?: { name: string; input: unknown } }

/** Chooses what to add: a verb of the language, or an operation of a connector. */
export function AddStep({ after, choose, close }: { after: string; choose: (step: NewStep) => void; close: () => void }) {
  const operations = useQuery(operationsQuery)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const found = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    const fits = (...parts: string[]) => words.every((word) => parts.some((part) => part.toLowerCase().includes(word)))
    return [
      ...verbs.filter(([verb, title]) => fits(verb, title)).map(([verb, title]) => ({ key: verb, verb, title, effect: undefined as string | undefined, step: { verb } as NewStep })),
      ...(operations.data ?? []).filter((op) => fits(op.name, op.title)).map((op) => ({ key: op.name, verb: 'action', title: op.title, effect: op.effect as string | undefined, step: { verb: 'action', operation: { name: op.name, input: op.input } } as NewStep })),
    ].slice(0, 60)
  }, [text, operations.data])
  const active = Math.min(at, found.length - 1)
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title={`Add a step after ${after}`}>
        <div className="p-3">
          <Input
            role="combobox" aria-expanded aria-controls="new-steps" aria-activedescendant={found[active] ? `new-${found[active].key}` : undefined}
            aria-label="What to add" placeholder="Isolate a host, ask, for each…" value={text} autoFocus
            onChange={(event) => { setText(event.target.value); setAt(0) }}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') setAt(Math.min(active + 1, found.length - 1))
              else if (event.key === 'ArrowUp') setAt(Math.max(active - 1, 0))
              else if (event.key === 'Enter' && found[active]) choose(found[active].step)
              else return
              event.preventDefault()
            }}
          />
        </div>
        <div id="new-steps" role="listbox" aria-label="Steps" className="max-h-96 min-h-24 overflow-auto border-t border-line py-1">
          {found.length === 0 && <p className="px-4 py-6 text-center text-muted">Nothing is called that.</p>}
          {found.map((each, i) => {
            const look = verbLook(each.verb, each.effect)
            return (
              // The list is worked with the keys of the field above it.
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={each.key} id={`new-${each.key}`} role="option" tabIndex={-1} aria-selected={i === active}
                ref={(element) => { if (i === active) element?.scrollIntoView({ block: 'nearest' }) }}
                className={cn('flex cursor-pointer items-center gap-2.5 px-4 py-1.5', i === active && 'bg-hover')}
                onPointerMove={() => setAt(i)} onClick={() => choose(each.step)}
              >
                <span className={cn('grid size-6 shrink-0 place-items-center rounded-md', look.tint)}><look.icon aria-hidden className="size-3.5" /></span>
                <span className="min-w-0 flex-1 truncate">{each.title}</span>
                <code className="font-mono text-2xs text-muted">{each.key}</code>
              </div>
            )
          })}
        </div>
      </DialogContent>
    </Dialog>
  )
}
