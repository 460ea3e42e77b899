import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Link2, Link2Off, ShieldCheck } from 'lucide-react'
import { useEffect } from 'react'
import { call } from '@/api/client'
import type { AuditReport } from '@/api/nouns'
import { Digest } from '@/ui/digest'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { inert } from '@/ui/inert'
import { Card, CardHead, Fact, Page } from '@/ui/page'
import { ActionError } from '@/ui/states'
import { When } from '@/ui/time'

/** Proof that nobody changed what was written. */
export function Audit() {
  const verify = useMutation({ mutationFn: () => call<AuditReport>('POST', '/v1/audit/verify') })
  useEffect(() => {
    document.title = 'Audit · Picket'
  }, [])
  const report = verify.data
  return (
    <Page title="Audit" sub="What was done, by whom, and proof that nobody changed it">
      <div className="mx-auto max-w-3xl space-y-4">
        <Card>
          <CardHead title="The ledger’s chain" />
          <div className="space-y-3 p-4">
            <p>
              Every alert, step, call, model answer and decision is an entry in one append-only ledger. Each entry holds the digest of the one
              before, so a change of a single byte anywhere breaks the chain from there on.
            </p>
            <Button variant="primary" size="md" disabled={verify.isPending} onClick={() => verify.mutate()}>
              <ShieldCheck />
              {verify.isPending ? 'Reading every entry…' : report ? 'Verify again' : 'Verify the chain'}
            </Button>
            <ActionError error={verify.error} />
            <div aria-live="polite">{report && !verify.isPending && <Report report={report} />}</div>
          </div>
        </Card>
        <p className="text-xs text-muted">
          The same check without this page: <code className="font-mono">picket audit verify</code>. A run’s own entries, with their digests, are under the ledger tab of its page.
        </p>
      </div>
    </Page>
  )
}

function Report({ report }: { report: AuditReport }) {
  const Icon = report.ok ? Link2 : Link2Off
  return (
    <div className={cn('rounded-lg border p-4', report.ok ? 'border-ok/30 bg-ok-soft text-ok-text' : 'border-crit/30 bg-crit-soft text-crit-text')}>
      <h3 className="flex items-center gap-2 text-sm font-semibold">
        <Icon aria-hidden className="size-4" />
        {report.ok ? 'The chain is whole' : `The chain is broken at entry ${report.first_bad}`}
      </h3>
      <dl className="mt-2 flex flex-wrap gap-x-8 gap-y-2 [&_dt]:text-inherit">
        <Fact name="Entries read">{report.entries.toLocaleString('en')}</Fact>
        <Fact name="Checked"><When at={report.checked_at} exact /></Fact>
        <Fact name="Archived histories">{report.archived.toLocaleString('en')}</Fact>
        <Fact name="End of the chain">{report.signed ? 'signed, so nothing is cut off' : 'not signed: a cut-off end would not show'}</Fact>
        {report.why && <Fact name="Why">{inert(report.why)}</Fact>}
        {report.kind && <Fact name="Bad entry"><span className="font-mono text-xs">{report.kind} {inert(report.key ?? '')}</span></Fact>}
        {report.run_id && <Fact name="Its run"><Link to="/runs/$id" params={{ id: report.run_id }} search={{ view: 'ledger' }} className="rounded font-mono text-xs underline underline-offset-2">{report.run_id}</Link></Fact>}
      </dl>
      {report.ok && report.head && (
        <div className="mt-2 text-fg"><Digest label="Last entry; note it down to compare later" value={report.head} /></div>
      )}
      {!report.ok && (
        <p className="mt-2">
          Keep this machine’s data as it is, compare it with a backup from before, and find out who could write to the database. Entries before {report.first_bad} are as they were written.
        </p>
      )}
    </div>
  )
}
