import type { Schemas } from '@/api/client'
import type { RunState } from '@/playbooks/GraphNode'
import { runStates } from '@/runs/states'
import { inert } from '@/ui/inert'
import { shorten } from '@/ui/shorten'

export type TestCase = Schemas['TestCase']
export type TestStep = Schemas['TestStep']

const briefLength = 60

/** A value in the one line that a box of the graph has room for. */
export function brief(value: unknown): string {
  if (value === undefined || value === null) return ''
  const one = typeof value === 'object' && !Array.isArray(value)
    ? Object.entries(value).map(([name, each]) => `${name}: ${typeof each === 'string' ? each : JSON.stringify(each)}`).join(', ')
    : typeof value === 'string' ? value : JSON.stringify(value)
  return shorten(one, briefLength)
}

/**
 * How the playbook's own steps stand once the first `taken` have ended, by id: each with its value, one of a loop with how its items ended.
 * Steps of playbooks that it calls are not on its graph.
 */
export function walkStates(playbook: string, steps: TestStep[], taken: number): Map<string, RunState> {
  const own = steps.slice(0, taken).filter((step) => step.playbook === playbook)
  const states = runStates(own.map(({ id, status }) => ({ id, status })), () => '')
  for (const step of own) {
    const state = states.get(step.id)!
    if (state.note === '') state.note = inert(step.error ?? brief(step.output))
  }
  return states
}

/** What belongs to a step of a case: the calls that it made, and those that its agent made. */
export function callsOf(each: TestCase, step: TestStep) {
  return each.run.calls.filter((call) => call.path === step.path || (step.verb === 'agent' && call.path.startsWith(`${step.path}/`)))
}
