import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRight, Ban, Check, Clock, ShieldAlert, Users } from 'lucide-react'
import { useState } from 'react'
import { asVerdict, type Approval, type ApprovalCall, type Evidence } from '@/api/nouns'
import { approvalQuery, connectionsQuery, operationsQuery, sessionQuery } from '@/api/queries'
import { VerdictCard } from '@/runs/Verdict'
import { useKeys } from '@/shell/keys'
import { Badge } from '@/ui/badge'
import { Button, buttonClass } from '@/ui/button'
import { cn } from '@/ui/cn'
import { Digest } from '@/ui/digest'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { Card, CardHead, Fact, Kbd } from '@/ui/page'
import { SandboxBadge } from '@/ui/sandbox'
import { Severity, VerdictBadge } from '@/ui/severity'
import { ErrorState, Skeleton } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { Left, useNow, When } from '@/ui/time'
import { Untrusted, UntrustedBadge } from '@/ui/untrusted'
import { Answered, Answers, answersForm } from './Answers'
import { argumentsOf, aRole, changed, changedTo, onTimeout, unfinished, votes, type Edits } from './arguments'
import { ChangeArgument } from './ChangeArgument'
import { Decide, type Intent } from './Decide'

/** One approval in full: exactly what a yes releases, what it rests on, and the two answers. */
export function ReviewCard({ id }: { id: string }) {
  const query = useQuery(approvalQuery(id))
  const { data: session } = useQuery(sessionQuery)
  const [asking, setAsking] = useState<Intent>()
  const [edits, setEdits] = useState<Edits>({})
  const approval = query.data
  const open = approval?.status === 'pending' && approval.may_decide
  const form = approval?.kind === 'ask'
  useKeys({
    a: () => open && !form && !unfinished(edits) && setAsking({ outcome: 'approved' }),
    d: () => open && setAsking({ outcome: 'denied' }),
  })
  if (query.isError && !approval) return <div className="px-4"><ErrorState error={query.error} retry={() => void query.refetch()} what="the approval" /></div>
  if (!approval) {
    return (
      <div role="status" aria-label="Loading the approval" className="mx-auto w-full max-w-3xl space-y-4 p-6">
        <Skeleton className="h-8" /><Skeleton className="h-40" /><Skeleton className="h-40" />
      </div>
    )
  }
  return (
    <>
      <div className="min-h-0 flex-1 overflow-auto p-4 sm:p-6" tabIndex={0} role="region" aria-label="Approval">
        <div className="mx-auto max-w-3xl space-y-4">
          <Head approval={approval} />
          {approval.decision && <Decided approval={approval} />}
          {form ? (
            open ? <Answers approval={approval} send={(answers) => setAsking({ outcome: 'approved', answers })} /> : <Answered approval={approval} />
          ) : (
            <Card>
              <CardHead title={approval.status === 'pending' ? 'What will happen, exactly' : 'What was asked for, exactly'} right={`${approval.calls.length} ${approval.calls.length === 1 ? 'call' : 'calls'}`} />
              <ul>
                {approval.calls.map((call) => (
                  <Call key={call.step} call={call} edits={open ? edits[call.step] ?? {} : undefined} edited={approval.decision?.edited?.[call.step]} change={(mine) => setEdits((before) => ({ ...before, [call.step]: mine }))} />
                ))}
              </ul>
            </Card>
          )}
          {approval.message && (
            <Card>
              <CardHead title="What the playbook says" right={<UntrustedBadge>may hold an attacker’s text</UntrustedBadge>} />
              <p className="whitespace-pre-wrap break-words p-4"><Untrusted>{approval.message}</Untrusted></p>
            </Card>
          )}
          <EvidenceList evidence={approval.evidence} />
          <div className="space-y-1 pb-2">
            <Digest label="Digest of all of the above" value={approval.digest} />
            <p className="text-xs text-muted">
              {approval.status === 'pending' && session?.user && <>You decide as {session.user.name} ({session.user.roles.join(', ')}). </>}
              {form ? 'The answers and this digest go into the audit ledger.' : 'The decision, its reason and this digest go into the audit ledger; only calls with exactly these arguments are released.'}
            </p>
          </div>
        </div>
      </div>
      {approval.status === 'pending' && <Bar approval={approval} ask={setAsking} wait={unfinished(edits)} />}
      {asking && <Decide approval={approval} intent={asking} edits={changed(approval, edits)} close={() => setAsking(undefined)} />}
    </>
  )
}

function Head({ approval }: { approval: Approval }) {
  return (
    <header>
      <div className="mb-1.5 flex flex-wrap items-center gap-2">
        {approval.severity && <Severity value={approval.severity} />}
        <StatusBadge status={approval.status} />
        {approval.escalated && <Badge tone="high">escalated</Badge>}
      </div>
      <h2 className="text-lg font-semibold [overflow-wrap:anywhere]">{inert(approval.title)}</h2>
      <p className="text-muted">
        Asked by <code className="font-mono text-xs">{approval.playbook} · {approval.step}</code>, <When at={approval.created_at} />, of {aRole(approval.role)}
        {approval.not_user && ` who is not ${approval.not_user}`}.
        {approval.reminders ? ` Reminded ${approval.reminders === 1 ? 'once' : `${approval.reminders} times`}.` : ''}
      </p>
      {(approval.quorum ?? 1) > 1 && (
        <p className="mt-1 flex items-start gap-1.5">
          <Users aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
          <span>{votes(approval)}</span>
        </p>
      )}
      {approval.status === 'pending' && (
        <p className="mt-1 flex items-start gap-1.5">
          <Clock aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
          <span><Left until={approval.deadline} className="font-medium" /> left. If nobody decides, {onTimeout(approval)}.</span>
        </p>
      )}
      <p className="mt-2 flex flex-wrap gap-2">
        <Link to="/runs/$id" params={{ id: approval.run_id }} search={{ step: approval.step }} className={buttonClass({})}>The run<ArrowRight /></Link>
        {approval.alert_id && <Link to="/alerts/$id" params={{ id: approval.alert_id }} className={buttonClass({})}>The alert<ArrowRight /></Link>}
      </p>
    </header>
  )
}

function Decided({ approval }: { approval: Approval }) {
  const { decision } = approval
  if (!decision) return null
  const approved = decision.outcome === 'approved'
  return (
    <Card className={cn(approved ? 'border-ok/40' : 'border-crit/40')}>
      <CardHead title="Decision" right={<StatusBadge status={decision.outcome} />} />
      <dl className="grid gap-3 p-4 sm:grid-cols-2">
        <Fact name="By">{decision.by === 'picket' ? 'Picket, at the deadline' : decision.by}</Fact>
        <Fact name="At"><When at={decision.at} exact /></Fact>
        <Fact name="Reason" className="sm:col-span-2"><span className="whitespace-pre-wrap font-normal">{decision.reason ? inert(decision.reason) : 'none given'}</span></Fact>
        {approval.kind === 'approval' && (
          <Fact name="Released" className="sm:col-span-2">{approved ? `${decision.calls.length} of ${approval.calls.length} calls; the run goes on` : 'nothing'}</Fact>
        )}
        {decision.votes && decision.votes.length > 0 && <Fact name="Said yes" className="sm:col-span-2">{decision.votes.map((vote) => vote.by).join(', ')}</Fact>}
      </dl>
    </Card>
  )
}

type CallProps = { call: ApprovalCall; edits: Record<string, unknown> | undefined; edited?: unknown; change: (edits: Record<string, unknown>) => void }

function Call({ call, edits, edited, change }: CallProps) {
  const { data: operations } = useQuery(operationsQuery)
  const { data: connections } = useQuery(connectionsQuery)
  const operation = operations?.find((each) => each.name === call.operation)
  const connection = connections?.find((each) => each.name === call.connection)
    ?? (call.connection ? undefined : connections?.find((each) => each.connector === call.operation.split('.')[0]))
  const list = argumentsOf(call)
  return (
    <li className="border-b border-line last:border-0">
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1 px-4 pt-3">
        <ShieldAlert aria-hidden className="size-4 shrink-0 text-crit-text" />
        <span className="font-medium">{call.title || operation?.title || call.step}</span>
        <code className="font-mono text-xs text-muted">{call.operation}</code>
        <span className="flex items-center gap-1.5 text-xs text-muted">
          on {call.connection || connection?.name || 'the default connection'}
          {connection?.sandbox && <SandboxBadge name={connection.name} />}
        </span>
      </div>
      <dl className="px-4 py-2">
        {list.map((argument) => (
          <div key={argument.name} className="grid gap-x-3 border-t border-line/70 py-1.5 first:border-0 sm:grid-cols-[130px_minmax(0,1fr)]">
            <dt className="font-mono text-xs text-muted sm:leading-5">{argument.name}</dt>
            <dd className="min-w-0">
              <div className={cn('font-mono text-xs font-medium leading-5 [overflow-wrap:anywhere]', argument.long && 'max-h-40 overflow-auto whitespace-pre-wrap')} {...(argument.long && { tabIndex: 0, role: 'group', 'aria-label': argument.name })}>
                {argument.untrusted ? <Untrusted>{argument.text}</Untrusted> : inert(argument.text)}
              </div>
              <div className="mt-0.5 flex flex-wrap items-center gap-x-2 gap-y-0.5 text-2xs text-muted">
                <span className="[overflow-wrap:anywhere]">from {argument.from}</span>
                {argument.untrusted && <UntrustedBadge>an attacker may have written it</UntrustedBadge>}
              </div>
              {edits && call.edit?.some((each) => each.argument === argument.name) && (
                <ChangeArgument call={call} name={argument.name} edits={edits} change={change} />
              )}
              {changedTo(edited, call, argument.name) !== undefined && (
                <p className="mt-0.5 text-2xs">Changed by the approver to <code className="font-mono font-medium [overflow-wrap:anywhere]">{inert(changedTo(edited, call, argument.name)!)}</code></p>
              )}
            </dd>
          </div>
        ))}
        {list.length === 0 && <p className="text-xs text-muted">No arguments.</p>}
      </dl>
      <div className="px-4 pb-2.5"><Digest label="Digest of this call" value={call.digest} /></div>
    </li>
  )
}

function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  if (evidence.length === 0) {
    return <p className="rounded-lg border border-line bg-surface px-4 py-3 text-muted">The playbook shows no evidence here. The run and the alert have what is known.</p>
  }
  return (
    <section aria-label="Evidence" className="space-y-3">
      <h3 className="text-xs font-medium text-muted">What it rests on</h3>
      {evidence.map((each) => {
        const verdict = asVerdict(each.data)
        return verdict ? (
          <Card key={each.id}>
            <CardHead level="h3" title={each.title || each.id} right={<VerdictBadge value={verdict.verdict} />} />
            <div className="p-4">
              {verdict.summary && <p><Untrusted>{verdict.summary}</Untrusted></p>}
              <details className="mt-2">
                <summary className="rounded text-xs text-accent-text">The whole verdict, with its citations</summary>
                <div className="mt-2"><VerdictCard verdict={verdict} /></div>
              </details>
            </div>
          </Card>
        ) : <JsonView key={each.id} title={each.title || each.id} value={each.data} untrusted={each.untrusted} />
      })}
    </section>
  )
}

/** The two answers, always in reach. */
function Bar({ approval, ask, wait }: { approval: Approval; ask: (intent: Intent) => void; wait: boolean }) {
  const late = Date.parse(approval.deadline) <= useNow()
  return (
    <div className="shrink-0 border-t border-line bg-surface px-4 py-3 sm:px-6">
      <div className="mx-auto flex max-w-3xl flex-wrap items-center gap-3">
        {!approval.may_decide ? (
          <p className="text-muted">You can’t decide this one: {approval.why_not || `it is for ${aRole(approval.role)}`}.</p>
        ) : late ? (
          <p className="text-muted">The deadline has passed; what happens now is written down in a moment.</p>
        ) : approval.kind === 'ask' ? (
          <>
            <Button variant="ok" size="md" className="max-sm:h-11 max-sm:flex-1" type="submit" form={answersForm}><Check />Answer…</Button>
            <Button size="md" className="max-sm:h-11 max-sm:flex-1" onClick={() => ask({ outcome: 'denied' })}><Ban />Decline…</Button>
            <span className="ml-auto hidden items-center gap-1 text-xs text-muted sm:flex"><Kbd>D</Kbd> decline</span>
          </>
        ) : (
          <>
            <Button variant="ok" size="md" className="max-sm:h-11 max-sm:flex-1" disabled={wait} title={wait ? 'A changed argument is not valid yet' : undefined} onClick={() => ask({ outcome: 'approved' })}><Check />Approve…</Button>
            <Button variant="danger" size="md" className="max-sm:h-11 max-sm:flex-1" onClick={() => ask({ outcome: 'denied' })}><Ban />Deny…</Button>
            <span className="ml-auto hidden items-center gap-1 text-xs text-muted sm:flex"><Kbd>A</Kbd> approve <Kbd>D</Kbd> deny</span>
          </>
        )}
      </div>
    </div>
  )
}
