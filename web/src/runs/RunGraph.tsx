import { useCallback, useMemo } from 'react'
import type { Plan, Step } from '@/api/nouns'
import { Graph } from '@/playbooks/Graph'
import { formatDuration } from '@/ui/duration'
import { runStates } from './states'

/** The run's plan with how each step stands on it. */
export function RunGraph({ plan, steps, selected, onSelect }: { plan: Plan; steps: Step[]; selected: Step | undefined; onSelect: (path: string) => void }) {
  const states = useMemo(() => runStates(steps, formatDuration), [steps])
  // A step of a loop has a path for each item: the one that is worst is opened.
  const open = useCallback((id: string) => {
    const own = steps.filter((step) => step.id === id)
    const path = (own.find((step) => ['failed', 'unknown'].includes(step.status)) ?? own.find((step) => ['waiting', 'running'].includes(step.status)) ?? own[0])?.path
    if (path) onSelect(path)
  }, [steps, onSelect])
  return <div className="min-h-[60vh] flex-1 min-[1200px]:min-h-0"><Graph plan={plan} selected={selected?.id} onSelect={open} states={states} /></div>
}
