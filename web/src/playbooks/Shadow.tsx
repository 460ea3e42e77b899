import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ghost } from 'lucide-react'
import { useState } from 'react'
import { call, get, type Schemas } from '@/api/client'
import { sessionQuery } from '@/api/queries'
import { textOf } from '@/approvals/arguments'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Reason } from '@/ui/field'
import { inert } from '@/ui/inert'
import { ActionError, ErrorState, SkeletonRows } from '@/ui/states'
import { When } from '@/ui/time'

const path = (name: string) => `/v1/playbooks/${encodeURIComponent(name)}`

const reportQuery = (name: string) =>
  queryOptions({
    queryKey: ['playbook', name, 'shadow', 'report'],
    queryFn: ({ signal }) => get<Schemas['ShadowReport']>(`${path(name)}/shadow/report`, undefined, signal),
  })

/** Whether a playbook acts or only records what it would do; a lead says which. */
export function Shadow({ name, shadow }: { name: string; shadow: Schemas['Shadow'] | undefined }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}><Ghost />{shadow ? <Badge tone="wait">shadow mode</Badge> : 'Shadow mode…'}</Button>
      {open && <Details name={name} shadow={shadow} close={() => setOpen(false)} />}
    </>
  )
}

function Details({ name, shadow, close }: { name: string; shadow: Schemas['Shadow'] | undefined; close: () => void }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const [reason, setReason] = useState('')
  const may = session?.user?.roles.some((role) => role === 'lead' || role === 'admin')
  const change = useMutation({
    mutationFn: () => (shadow
      ? call<undefined>('POST', `${path(name)}/promote`, { body: { reason: reason.trim() } })
      : call<unknown>('PUT', `${path(name)}/shadow`, { body: { reason: reason.trim() } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['playbook', name] })
      close()
    },
  })
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent
        title={shadow ? 'Shadow mode' : 'Put it into shadow mode?'}
        description={shadow ? 'Its consequential calls are recorded and not made.' : 'From its next run on, its consequential calls are recorded with their exact arguments and not made. Nobody is asked about them.'}
      >
        <div className="space-y-4 overflow-auto p-4">
          {shadow && (
            <>
              <p className="text-xs text-muted">
                Since <When at={shadow.at} exact />, by {shadow.by}: {inert(shadow.reason)}.
                {' '}{shadow.operations.length > 0 ? <>Only <code className="font-mono">{shadow.operations.join(', ')}</code>.</> : 'All consequential calls.'}
                {shadow.plan_digest && ' Only while the playbook is the version that it was then.'}
              </p>
              <Report name={name} />
            </>
          )}
          {may ? (
            <form
              className="space-y-3"
              onSubmit={(event) => {
                event.preventDefault()
                if (reason.trim() && !change.isPending) change.mutate()
              }}
            >
              <Reason label={shadow ? 'Let it act from now on, because' : 'Reason'} rows={2} value={reason} onChange={setReason} />
              <ActionError error={change.error} />
              <div className="flex justify-end gap-2">
                <Button size="md" onClick={close}>Not now</Button>
                <Button type="submit" size="md" variant={shadow ? 'danger' : 'primary'} disabled={!reason.trim() || change.isPending}>{shadow ? 'Let it act' : 'Only record'}</Button>
              </div>
            </form>
          ) : <p className="text-muted">Whether a playbook acts is for a lead or an admin to say.</p>}
        </div>
      </DialogContent>
    </Dialog>
  )
}

const fates = { done: 'was done', denied: 'was denied', not_done: 'nobody did it', no_alert: 'there was no alert to compare by' }

function Report({ name }: { name: string }) {
  const query = useQuery(reportQuery(name))
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} what="the report" />
  if (!query.data) return <SkeletonRows label="Loading the report" rows={3} />
  const { calls, runs, done, denied, not_done: left, no_alert: alone, agreement, items, truncated } = query.data
  if (calls === 0) return <p className="rounded-md bg-sunken px-3 py-2">No call was recorded in the last 30 days, in {runs} {runs === 1 ? 'run' : 'runs'}.</p>
  return (
    <section aria-label="What it would have done" className="space-y-2">
      <p>
        In {runs} {runs === 1 ? 'run' : 'runs'} it would have made {calls} {calls === 1 ? 'call' : 'calls'}: {done} were really done, {denied} were denied, {left} nobody did{alone > 0 && `, ${alone} had no alert`}.
        {agreement !== null && agreement !== undefined && <b className="font-medium"> It agrees with people in {Math.round(agreement * 100)}%.</b>}
        {truncated && ' There are more runs than a report looks at.'}
      </p>
      <ul className="max-h-60 overflow-auto rounded-md border border-line" tabIndex={0} aria-label="Recorded calls">
        {items.map((each, i) => {
          return (
            <li key={i} className="border-b border-line px-3 py-1.5 text-xs last:border-0">
              <code className="font-mono font-medium">{each.operation}</code> <span className="text-muted">{fates[each.outcome]}{each.by && `, by ${each.by}`}</span>
              <span className="block font-mono text-2xs text-muted [overflow-wrap:anywhere]">{inert(textOf(each.arguments).slice(0, 200))}</span>
              <Link to="/runs/$id" params={{ id: each.run_id }} search={{ step: each.step }} className="font-mono text-2xs text-accent-text underline underline-offset-2">{each.run_id}</Link>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
