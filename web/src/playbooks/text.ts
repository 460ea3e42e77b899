import type { PlanStep } from '@/api/nouns'
import { formatDuration } from '@/ui/duration'

/** What starts a run, as a phrase. */
export function triggerText(trigger: { kind: string; source?: string; when?: string }): string {
  if (trigger.kind === 'manual') return 'By hand'
  if (trigger.kind !== 'alert') return trigger.kind
  return `On an alert${trigger.source ? ` from ${trigger.source}` : ''}`
}

type Part = { text?: string; expr?: string }

/** A plan's value as one reads it in the playbook. */
export function valueText(value: unknown): string {
  const v = value as { lit?: unknown; expr?: string; text?: Part[]; list?: unknown[]; object?: { name: string; value: unknown }[] } | null | undefined
  if (v === null || v === undefined || typeof v !== 'object') return v === undefined ? '' : String(v)
  if (v.expr) return `\${{ ${v.expr} }}`
  if (v.text) return v.text.map((part) => (part.expr ? `\${{ ${part.expr} }}` : (part.text ?? ''))).join('')
  if (v.list) return `[${v.list.map(valueText).join(', ')}]`
  if (v.object) return `{${v.object.map((field) => `${field.name}: ${valueText(field.value)}`).join(', ')}}`
  return typeof v.lit === 'string' ? v.lit : JSON.stringify(v.lit)
}

/** What a step does, in one line under its title. */
export function stepText(step: PlanStep): string {
  switch (step.verb) {
    case 'action': return `${step.action?.operation}${step.action?.connection ? ` on ${step.action.connection}` : ''}`
    case 'set': return `sets ${(step.set as { name: string }[] | undefined)?.map((field) => field.name).join(', ') ?? ''}`
    case 'model': return `model returns ${step.model?.returns}`
    case 'approve': return `asks a ${step.approve?.role}, within ${formatDuration(step.approve?.within ?? 0)}, then ${step.approve?.on_timeout === 'escalate' ? 'escalates' : 'denies'}`
    case 'stop': return `ends the run: ${step.stop?.status}`
    case 'foreach': return `for each ${step.foreach?.as} of ${step.foreach?.items}, ${step.foreach?.at_once} at once`
    case 'parallel': return `${step.parallel?.branches?.length ?? 0} branches at once, waits for ${step.parallel?.wait}`
    case 'choose': return 'the first branch that holds'
    default: return step.verb
  }
}

/** The blocks of steps inside a step, each with its name. */
export function blocksOf(step: PlanStep): { name: string; steps: PlanStep[] }[] {
  if (step.choose) {
    const branches = (step.choose.branches ?? []).map((branch) => ({ name: `when ${branch.when}`, steps: branch.steps ?? [] }))
    return [...branches, { name: 'otherwise', steps: step.choose.else ?? [] }]
  }
  if (step.parallel) return (step.parallel.branches ?? []).map((branch) => ({ name: branch.name, steps: branch.steps ?? [] }))
  if (step.foreach) return [{ name: '', steps: step.foreach.steps ?? [] }]
  if (step.repeat) return [{ name: '', steps: step.repeat.steps ?? [] }]
  if (step.try) {
    const parts = [{ name: 'try', steps: step.try.steps ?? [] }, { name: 'when it fails', steps: step.try.catch ?? [] }, { name: 'in the end', steps: step.try.finally ?? [] }]
    return parts.filter((part, i) => i === 0 || part.steps.length > 0)
  }
  return []
}

/** All steps, in the order of the text. */
export const allSteps = (steps: PlanStep[] | null | undefined): PlanStep[] =>
  (steps ?? []).flatMap((step) => [step, ...blocksOf(step).flatMap((block) => allSteps(block.steps))])
