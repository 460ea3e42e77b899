import { Bot, Cog, Quote } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Citation, Verdict } from '@/api/nouns'
import { Badge } from '@/ui/badge'
import { cn } from '@/ui/cn'
import { formatCost, formatDuration } from '@/ui/duration'
import { Card, CardHead, Fact } from '@/ui/page'
import { Severity, VerdictBadge } from '@/ui/severity'
import { Untrusted, UntrustedBadge } from '@/ui/untrusted'
import { shorten } from '@/ui/shorten'
import { AskRecommended } from './AskRecommended'

type Props = { verdict: Verdict; onCite?: (citation: Citation) => void; of?: { run: string; step: string } } // of: what it recommends can be asked for

/** A verdict with everything it rests on. What a model wrote is untrusted; what the engine computed is named as such. */
export function VerdictCard({ verdict, onCite, of }: Props) {
  const { provenance, confidence, severity } = verdict
  const cites = (list: Citation[] | null) => <Citations list={list ?? []} onCite={onCite} />
  return (
    <div className="space-y-3">
      <Card>
        <CardHead
          level="h3"
          title={provenance.no_model
            ? <span className="flex items-center gap-1.5"><Cog aria-hidden className="size-3.5" />No model was used: evidence scored by declared weights</span>
            : <span className="flex items-center gap-1.5"><Bot aria-hidden className="size-3.5" />{provenance.provider} · {provenance.model}</span>}
          right={!provenance.no_model && <UntrustedBadge>written by a model</UntrustedBadge>}
        />
        <div className="space-y-3 p-4">
          <div className="flex flex-wrap items-center gap-2">
            <span className="[&>span]:px-2.5 [&>span]:py-1 [&>span]:text-sm"><VerdictBadge value={verdict.verdict} /></span>
            <Badge tone="line">{verdict.classification.replaceAll('_', ' ')}</Badge>
            <Severities {...severity} />
          </div>
          {verdict.summary && <p><Untrusted>{verdict.summary}</Untrusted></p>}
          <RiskScale score={verdict.risk_score} />
          <dl className="flex flex-wrap gap-x-8 gap-y-2">
            <Fact name="Confidence, as stated">{Math.round(confidence.stated * 100)} %</Fact>
            <Fact name="Calibrated">{confidence.calibrated === undefined ? 'not enough judgements yet' : `${Math.round(confidence.calibrated * 100)} %`}</Fact>
            {!provenance.no_model && <Fact name="Tokens">{provenance.tokens_in.toLocaleString('en')} in · {provenance.tokens_out.toLocaleString('en')} out</Fact>}
            {!provenance.no_model && <Fact name="Cost">{formatCost(provenance.cost_usd)}</Fact>}
            {provenance.agent && <Fact name="Agent">{provenance.agent} <code className="font-mono text-2xs font-normal text-muted">{provenance.agent_digest?.slice(0, 12)}</code></Fact>}
            <Fact name="Took">{formatDuration(provenance.latency_ms)}</Fact>
          </dl>
        </div>
      </Card>
      <Part title="What the engine changed" list={verdict.notes} tone="bg-wait-soft text-wait-text">{(note) => note}</Part>
      <Part title="Evidence that was not there" list={verdict.missing} tone="bg-high-soft text-high-text">{(name) => <code className="font-mono text-xs">{name}</code>}</Part>
      <Part title="Indicators" list={verdict.indicators}>
        {(one) => (
          <div className="flex items-start gap-2">
            <Badge tone={one.direction === 'risky' ? 'crit' : 'ok'} className="mt-0.5 w-20 justify-between tabular-nums">
              {one.direction}<span>{one.direction === 'risky' ? '+' : '−'}{one.weight}</span>
            </Badge>
            <div className="min-w-0 flex-1"><Untrusted>{one.text}</Untrusted>{cites(one.citations)}</div>
          </div>
        )}
      </Part>
      <Part title="Findings" list={verdict.findings}>
        {(finding) => (
          <>
            <Untrusted>{finding.claim}</Untrusted>
            {!!finding.entities?.length && <p className="mt-1 flex flex-wrap gap-1">{finding.entities.map((entity) => <Untrusted key={entity} className="font-mono text-xs">{entity}</Untrusted>)}</p>}
            {cites(finding.citations)}
          </>
        )}
      </Part>
      <Part title="What speaks against it" list={verdict.against}>{(text) => <Untrusted>{text}</Untrusted>}</Part>
      <Part title="Questions" list={verdict.questions}>
        {(question) => (
          <>
            <p className="flex items-start gap-2">
              <span className="min-w-0 flex-1 font-medium"><Untrusted>{question.text}</Untrusted></span>
              <Badge tone={question.open ? 'wait' : 'ok'}>{question.open ? 'open' : 'answered'}</Badge>
            </p>
            <p className="text-2xs text-muted">asked by the {question.asked_by}</p>
            {question.answer && <p className="mt-1"><Untrusted>{question.answer}</Untrusted></p>}
            {cites(question.citations)}
          </>
        )}
      </Part>
      <Part title="ATT&CK" list={verdict.attack}>
        {(technique) => <><Badge tone="accent" className="font-mono">{technique.id}</Badge>{cites(technique.citations)}</>}
      </Part>
      <Part title="Recommended (proposals, never calls)" list={verdict.recommended}>
        {(proposal, i) => (
          <>
            <code className="font-mono text-xs font-medium">{proposal.operation}</code>
            {proposal.arguments !== undefined && proposal.arguments !== null && (
              <p><Untrusted className="font-mono text-xs [overflow-wrap:anywhere]">{JSON.stringify(proposal.arguments)}</Untrusted></p>
            )}
            <p className="mt-1"><Untrusted>{proposal.why}</Untrusted></p>
            {of && <AskRecommended {...of} operation={proposal.operation} number={i} />}
          </>
        )}
      </Part>
    </div>
  )
}

function Part<T>({ title, list, tone, children }: { title: string; list: T[] | null; tone?: string; children: (item: T, i: number) => ReactNode }) {
  if (!list?.length) return null
  return (
    <Card className={cn('overflow-hidden', tone)}>
      <CardHead level="h3" title={title} />
      <ul>{list.map((item, i) => <li key={i} className="border-b border-line px-4 py-2.5 last:border-0">{children(item, i)}</li>)}</ul>
    </Card>
  )
}

function Severities({ before, after, floor }: Verdict['severity']) {
  if (!before && !after) return null
  return (
    <span className="flex flex-wrap items-center gap-1.5 text-xs text-muted">
      <Severity value={before} />
      {after !== before && <>→ <Severity value={after} /></>}
      {floor && <span>held up by {floor}</span>}
    </span>
  )
}

/** The risk score from -1 (benign) to 1 (risky), which the engine computes from the weights. */
function RiskScale({ score }: { score: number }) {
  const share = (Math.max(-1, Math.min(1, score)) + 1) * 50
  return (
    <div>
      <div className="flex justify-between text-2xs text-muted">
        <span>benign</span>
        <span>risk score <b className="font-semibold tabular-nums text-fg">{score.toFixed(2)}</b>, computed by the engine</span>
        <span>risky</span>
      </div>
      <div aria-hidden className="relative mt-1 h-2 rounded-full bg-sunken">
        <i className="absolute inset-y-0 left-1/2 w-px bg-line-strong" />
        <i
          className={cn('absolute inset-y-0 rounded-full', score > 0 ? 'bg-crit' : 'bg-ok')}
          style={score > 0 ? { left: '50%', width: `${share - 50}%` } : { left: `${share}%`, width: `${50 - share}%` }}
        />
      </div>
    </div>
  )
}

function Citations({ list, onCite }: { list: Citation[]; onCite?: (citation: Citation) => void }) {
  if (list.length === 0) return null
  return (
    <ul className="mt-1.5 space-y-1">
      {list.map((citation, i) => {
        const where = <code className="font-mono text-2xs">{citation.evidence}{citation.pointer}</code>
        return (
          <li key={i} className="flex items-start gap-1.5 text-xs text-muted">
            <Quote aria-hidden className="mt-1 size-3 shrink-0" />
            <span className="flex min-w-0 flex-wrap items-center gap-x-1.5 gap-y-0.5">
              <Untrusted className="max-w-full font-mono text-2xs text-fg [overflow-wrap:anywhere]">{shorten(citation.quote, 160)}</Untrusted>
              {citation.resolved && onCite ? (
                <button type="button" onClick={() => onCite(citation)} className="rounded text-accent-text underline underline-offset-2">
                  <span className="sr-only">Show the evidence </span>{where}
                </button>
              ) : where}
              {!citation.resolved && <Badge tone="crit" title="The quote is not in the evidence that it names">not found</Badge>}
            </span>
          </li>
        )
      })}
    </ul>
  )
}
