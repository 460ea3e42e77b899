import type { ApprovalCall } from '@/api/nouns'

export type Argument = { name: string; text: string; long: boolean; from: string; untrusted: boolean }

/** The arguments of a call as they will be sent, each with its origin. One whose origin is not known counts as untrusted. */
export function argumentsOf(call: Pick<ApprovalCall, 'arguments' | 'origins'>): Argument[] {
  const given = call.arguments
  if (given === null || given === undefined || typeof given !== 'object') return []
  return Object.entries(given as Record<string, unknown>).map(([name, value]) => {
    const origins = call.origins.filter(({ argument }) => argument === name || argument.startsWith(`${name}.`) || argument.startsWith(`${name}[`))
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, value !== null && typeof value === 'object' ? 2 : 0)
    return {
      name,
      text,
      long: text.length > 80 || text.includes('\n'),
      from: origins.map((origin) => (origin.from === 'literal' ? 'the playbook’s own text' : origin.from)).join(', ') || 'unknown',
      untrusted: origins.length === 0 || origins.some((origin) => origin.untrusted),
    }
  })
}

/** What happens when nobody decides, as a sentence. */
export function onTimeout(approval: { on_timeout: string; escalated: boolean }): string {
  return approval.on_timeout === 'escalate'
    ? 'it is passed on to the people above, and nothing is released meanwhile'
    : approval.escalated ? 'it is denied: nothing is released, and there is nobody above to ask' : 'it is denied: nothing is released and the run ends'
}
