import { ArrowDown, ArrowUp, BoxSelect, Copy, PencilLine, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/ui/button'
import { Input } from '@/ui/page'

type Props = {
  step: string | undefined
  refused: string
  add: () => void
  wrap: () => void
  duplicate: () => void
  up: () => void
  down: () => void
  remove: () => void
  rename: (id: string) => Promise<void>
}

/** What can be done with the step in which the cursor stands, or that is chosen in the graph. */
export function StepBar({ step, refused, rename, ...act }: Props) {
  const [renaming, setRenaming] = useState<string>()
  return (
    <div className="shrink-0 border-b border-line bg-sunken px-3 py-1.5">
      <div role="toolbar" aria-label="The step" className="flex min-h-7 flex-wrap items-center gap-1.5">
        {renaming !== undefined && step ? (
          <form className="flex flex-1 items-center gap-1.5" onSubmit={(event) => {
            event.preventDefault()
            void rename(renaming.trim()).then(() => setRenaming(undefined))
          }}>
            <Input aria-label={`New id of ${step}`} className="h-7 max-w-64 font-mono text-xs" value={renaming} autoFocus onChange={(event) => setRenaming(event.target.value)} onKeyDown={(event) => event.key === 'Escape' && setRenaming(undefined)} />
            <Button type="submit" variant="primary" disabled={renaming.trim() === '' || renaming.trim() === step}>Rename everywhere</Button>
            <Button onClick={() => setRenaming(undefined)}>Leave it</Button>
          </form>
        ) : step ? (
          <>
            <code className="mr-auto min-w-0 truncate font-mono text-xs text-muted">{step}</code>
            <Button onClick={act.add}><Plus />Add a step after it</Button>
            <Button onClick={act.wrap}><BoxSelect />Wrap…</Button>
            <Button size="icon" aria-label="Rename" title="Rename" onClick={() => setRenaming(step)}><PencilLine /></Button>
            <Button size="icon" aria-label="Duplicate" title="Duplicate" onClick={act.duplicate}><Copy /></Button>
            <Button size="icon" aria-label="Move up" title="Move up" onClick={act.up}><ArrowUp /></Button>
            <Button size="icon" aria-label="Move down" title="Move down" onClick={act.down}><ArrowDown /></Button>
            <Button size="icon" aria-label="Delete" title="Delete" onClick={act.remove}><Trash2 /></Button>
          </>
        ) : <span className="text-xs text-muted">Put the cursor into a step, or choose one in the graph, to change it.</span>}
      </div>
      {refused && <p role="alert" className="mt-1 text-xs text-crit-text">{refused}</p>}
    </div>
  )
}
