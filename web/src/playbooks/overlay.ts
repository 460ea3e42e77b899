import type { PlanStep } from '@/api/nouns'
import { allSteps } from './text'

/** What can be laid over the graph. */
export type Overlay = 'approvals' | 'taint'

export type Origin = { argument: string; from: string; untrusted?: boolean; labels?: string[] }

/** The approvals of a plan by a letter each, and the letters of what each step is released by. */
export function gateLetters(steps: PlanStep[] | null | undefined): { gates: Map<string, string>; covered: Map<string, string[]> } {
  const gates = new Map<string, string>()
  const covered = new Map<string, string[]>()
  const all = allSteps(steps)
  for (const step of all) if (step.approve) gates.set(step.id, letter(gates.size))
  for (const step of all) {
    const letters = (step.action?.approvals ?? []).map((id) => gates.get(id)).filter((each): each is string => !!each)
    if (letters.length > 0) covered.set(step.id, letters)
  }
  return { gates, covered }
}

// A to Z, then A2 and so on.
const letter = (n: number) => String.fromCharCode(65 + (n % 26)) + (n >= 26 ? String(Math.floor(n / 26) + 1) : '')

/** The arguments of a step that an attacker can have written. */
export const tainted = (step: PlanStep): Origin[] => ((step.action?.origins ?? []) as Origin[]).filter((origin) => origin.untrusted)
