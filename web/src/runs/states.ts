import type { RunState } from '@/playbooks/GraphNode'

type Stood = { id: string; status: string; started?: string | null | undefined; ended?: string | null | undefined }

// The worst first: of a step in a loop, this is what one has to know.
const order = ['unknown', 'failed', 'waiting', 'running', 'denied', 'cancelled', 'ok', 'skipped', 'queued']

/** How each step stands in a run, by its id; a step of a loop stands as the worst of its items, with how many there are of each. */
export function runStates(steps: Stood[], duration: (ms: number) => string): Map<string, RunState> {
  const byID = new Map<string, Stood[]>()
  for (const step of steps) {
    const own = byID.get(step.id)
    if (own) own.push(step)
    else byID.set(step.id, [step])
  }
  const states = new Map<string, RunState>()
  for (const [id, own] of byID) {
    const counts = new Map<string, number>()
    for (const step of own) counts.set(step.status, (counts.get(step.status) ?? 0) + 1)
    const worst = order.find((status) => counts.has(status)) ?? own[0]!.status
    const one = own[0]!
    const note = own.length > 1 ? [...counts].map(([status, n]) => `${n} ${status}`).join(', ')
      : one.started && one.ended && one.status !== 'skipped' ? duration(Date.parse(one.ended) - Date.parse(one.started)) : ''
    states.set(id, { status: worst, note })
  }
  return states
}
