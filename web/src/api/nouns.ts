import type { Schemas } from './client'

// The nouns by their short names. They are generated from api/openapi.yaml.
export type Accuracy = Schemas['Accuracy']
export type Account = Schemas['Account']
export type Alert = Schemas['Alert']
export type AlertWithRuns = Schemas['AlertWithRuns']
export type Approval = Schemas['Approval']
export type ApprovalCall = Schemas['ApprovalCall']
export type Attempt = Schemas['Attempt']
export type AuditReport = Schemas['AuditReport']
export type Connection = Schemas['Connection']
export type Counts = Schemas['Counts']
export type Diagnostic = Schemas['Diagnostic']
export type Evidence = Schemas['Evidence']
export type Judgement = Schemas['Judgement']
export type LedgerEntry = Schemas['LedgerEntry']
export type LedgerEvent = Schemas['Event']
export type Models = Schemas['Models']
export type ModelCall = Schemas['ModelCall']
export type Operation = Schemas['Operation']
export type Plan = Schemas['Plan']
export type PlanStep = Schemas['PlanStep']
export type Playbook = Schemas['Playbook']
export type PlaybookDetail = Omit<Schemas['PlaybookDetail'], 'plan'> & { plan: Plan | null }
export type Run = Schemas['Run']
export type RunPlan = Schemas['RunPlan']
export type RunEvent = Schemas['RunEvent']
export type Session = Schemas['Session']
export type Step = Schemas['Step']

/** A citation of a verdict (soc.Citation): evidence, an RFC 6901 pointer into its data, and the exact quote. */
export type Citation = { evidence: string; pointer: string; quote: string; resolved: boolean }

/** A verdict (soc.Verdict) as a model step returns it. A list that is empty may be null. */
export type Verdict = {
  verdict: string
  classification: string
  summary: string
  severity: { before: string; after: string; floor?: string }
  indicators: { text: string; direction: string; weight: number; citations: Citation[] | null }[] | null
  risk_score: number
  confidence: { stated: number; calibrated?: number }
  questions: { text: string; asked_by: string; answer?: string; open: boolean; citations: Citation[] | null }[] | null
  findings: { claim: string; entities: string[] | null; citations: Citation[] | null }[] | null
  against: string[] | null
  missing: string[] | null
  attack: { id: string; citations: Citation[] | null }[] | null
  recommended: { operation: string; arguments?: unknown; why: string }[] | null
  provenance: {
    provider: string; model: string; prompt_digest: string; agent?: string; agent_digest?: string; tools_digest?: string; tokens_in: number; tokens_out: number
    cost_usd: number; latency_ms: number; no_model: boolean
  }
  notes: string[] | null
}

/** Tells whether a step's output is a verdict. */
export function asVerdict(output: unknown): Verdict | undefined {
  const v = output as Verdict | null
  return v && typeof v === 'object' && typeof v.verdict === 'string' && typeof v.risk_score === 'number' && v.provenance ? v : undefined
}
