import type { Approval, ApprovalCall } from '@/api/nouns'

export type Argument = { name: string; text: string; long: boolean; from: string; untrusted: boolean }

/** The arguments of a call as they will be sent, each with its origin. One whose origin is not known counts as untrusted. */
export function argumentsOf(call: Pick<ApprovalCall, 'arguments' | 'origins'>): Argument[] {
  const given = call.arguments
  if (given === null || given === undefined || typeof given !== 'object') return []
  return Object.entries(given as Record<string, unknown>).map(([name, value]) => {
    const origins = call.origins.filter(({ argument }) => argument === name || argument.startsWith(`${name}.`) || argument.startsWith(`${name}[`))
    const text = textOf(value)
    return {
      name,
      text,
      long: text.length > 80 || text.includes('\n'),
      from: origins.map((origin) => (origin.from === 'literal' ? 'the playbook’s own text' : origin.from)).join(', ') || 'unknown',
      untrusted: origins.length === 0 || origins.some((origin) => origin.untrusted),
    }
  })
}

/** A value as people read it. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, value !== null && typeof value === 'object' ? 2 : 0) ?? ''

/** A role with its article. */
export const aRole = (role: string): string => `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`

/** What the approver changes: new values, by a call's step and argument; undefined is one that is not valid yet. */
export type Edits = Record<string, Record<string, unknown>>

/** Tells whether something is being changed to what can't be sent. */
export const unfinished = (edits: Edits): boolean => Object.values(edits).some((each) => Object.values(each).some((value) => value === undefined))

/** The edits that change something. */
export function changed(approval: Pick<Approval, 'calls'>, edits: Edits): Edits {
  const out: Edits = {}
  for (const call of approval.calls) {
    const given = (call.arguments ?? {}) as Record<string, unknown>
    const mine = Object.entries(edits[call.step] ?? {}).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(given[name]))
    if (mine.length > 0) out[call.step] = Object.fromEntries(mine)
  }
  return out
}

/** What an argument was changed to by the decision, as text; undefined when it was not. */
export function changedTo(edited: unknown, call: Pick<ApprovalCall, 'arguments'>, name: string): string | undefined {
  if (edited === null || typeof edited !== 'object') return undefined
  const now = (edited as Record<string, unknown>)[name]
  const before = ((call.arguments ?? {}) as Record<string, unknown>)[name]
  return now === undefined || JSON.stringify(now) === JSON.stringify(before) ? undefined : textOf(now)
}

/** How far a quorum has come, as a sentence. */
export function votes(approval: Pick<Approval, 'quorum' | 'votes'>): string {
  const yes = approval.votes ?? []
  const left = (approval.quorum ?? 1) - yes.length
  const who = yes.length > 0 ? ` ${yes.map((vote) => vote.by).join(' and ')} said yes;` : ''
  return `${approval.quorum ?? 1} different people must say yes:${who} ${left} more ${left === 1 ? 'is' : 'are'} needed. One no is a no.`
}

/** What a decision does, as a sentence. */
export function said(approval: Pick<Approval, 'kind' | 'quorum' | 'votes' | 'on_timeout'>, approving: boolean): string {
  if (approval.kind === 'ask') return approving ? 'The run goes on with them.' : 'The step fails, and the run ends unless the playbook says otherwise.'
  if (!approving) return 'Nothing is released.'
  const left = (approval.quorum ?? 1) - (approval.votes ?? []).length
  return left > 1 ? `Yours is one yes: ${left - 1} more ${left === 2 ? 'is' : 'are'} needed before anything is done.` : 'This is done at once when you approve.'
}

/** What happens when nobody decides, as a sentence. */
export function onTimeout(approval: { on_timeout: string; escalated: boolean }): string {
  switch (approval.on_timeout) {
    case 'escalate': return 'it is passed on to the people above, and nothing is released meanwhile'
    case 'continue': return 'the run goes on without an answer'
    case 'fail': return approval.escalated ? 'the step fails, and there is nobody above to ask' : 'the step fails'
  }
  return approval.escalated ? 'it is denied: nothing is released, and there is nobody above to ask' : 'it is denied: nothing is released'
}
