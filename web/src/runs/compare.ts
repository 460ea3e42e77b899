import type { Step } from '@/api/nouns'

/** What two runs did at one place. */
export type Pair = { path: string; title: string; verb: string; depth: number; a?: Step; b?: Step; differs: string[] }

// How long a model took differs always.
const canonical = (value: unknown): string => JSON.stringify(value, (name, each: unknown) =>
  name === 'latency_ms' ? undefined :
  each && typeof each === 'object' && !Array.isArray(each)
    ? Object.fromEntries(Object.entries(each).toSorted(([x], [y]) => (x < y ? -1 : 1)))
    : each) ?? ''

/** A result of an earlier run has no input of its own. */
const takenOver = (step: Step) => step.reason?.startsWith('taken over from the run ') ?? false

/** The steps of two runs side by side, in the order of the first; what only the second has stands after what comes before it there. */
export function pairs(a: Step[], b: Step[]): Pair[] {
  const inA = new Set(a.map((step) => step.path))
  const inB = new Map(b.map((step) => [step.path, step]))
  const after = new Map<string, Step[]>([['', []], ...a.map((step): [string, Step[]] => [step.path, []])]) // what only b has, by what comes before it
  let before = ''
  for (const step of b) {
    if (inA.has(step.path)) before = step.path
    else after.get(before)!.push(step)
  }
  const onlyB = (path: string) => after.get(path)!.map((step) => pair(undefined, step))
  return [...onlyB(''), ...a.flatMap((step) => [pair(step, inB.get(step.path)), ...onlyB(step.path)])]
}

function pair(a: Step | undefined, b: Step | undefined): Pair {
  const one = (a ?? b)!
  const differs: string[] = []
  if (!a || !b) differs.push(a ? 'only in the first' : 'only in the second')
  else {
    if (a.status !== b.status) differs.push('status')
    if (canonical(a.input) !== canonical(b.input) && !takenOver(a) && !takenOver(b)) differs.push('input')
    if (canonical(a.output) !== canonical(b.output)) differs.push('output')
    if (a.decision?.outcome !== b.decision?.outcome || a.decision?.by !== b.decision?.by) differs.push('decision')
    if (canonical(a.error) !== canonical(b.error)) differs.push('error')
  }
  return { path: one.path, title: one.title || one.id, verb: one.verb, depth: one.path.split('/').length - 1, a, b, differs }
}
