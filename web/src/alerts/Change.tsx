import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CheckCheck, RotateCcw, SlidersHorizontal } from 'lucide-react'
import { useState } from 'react'
import { call } from '@/api/client'
import type { Alert, AlertWithRuns } from '@/api/nouns'
import { alertQuery, sessionQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Reason } from '@/ui/field'
import { inert } from '@/ui/inert'
import { Card, CardHead } from '@/ui/page'
import { severities, Severity } from '@/ui/severity'
import { ActionError } from '@/ui/states'
import { When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'

/** What an alert can be closed as; the words are OCSF's. */
const closings = [
  { value: 'true_positive', text: 'True positive', means: 'An attack, and it is dealt with' },
  { value: 'benign_true_positive', text: 'Benign true positive', means: 'It happened, and nobody has to act: a test, an administrator' },
  { value: 'false_positive', text: 'False positive', means: 'What the rule says did not happen' },
] as const

type Change = 'close' | 'reopen' | 'severity'

/** The buttons that close an alert, open it again or set its severity, for those who may. */
export function ChangeAlert({ alert }: { alert: Alert }) {
  const { data: session } = useQuery(sessionQuery)
  const [asking, setAsking] = useState<Change>()
  const roles = session?.user?.roles ?? []
  if (roles.length === 0 || !alert.state) return null
  const decides = roles.some((role) => ['responder', 'lead', 'admin'].includes(role))
  const open = alert.state.status === 'open'
  return (
    <>
      <Button onClick={() => setAsking('severity')}><SlidersHorizontal />Severity…</Button>
      {open && decides && <Button onClick={() => setAsking('close')}><CheckCheck />Close…</Button>}
      {!open && <Button onClick={() => setAsking('reopen')}><RotateCcw />Open again…</Button>}
      {asking && <Ask alert={alert} change={asking} decides={decides} close={() => setAsking(undefined)} />}
    </>
  )
}

const titles: Record<Change, { title: string; description: string; verb: string }> = {
  close: { title: 'Close the alert', description: 'It leaves the queue; its runs go on. It can be opened again.', verb: 'Close it' },
  reopen: { title: 'Open the alert again', description: 'It comes back into the queue.', verb: 'Open it' },
  severity: { title: 'Set the severity', description: 'What the source sent stays beside it.', verb: 'Set it' },
}

function Ask({ alert, change, decides, close }: { alert: Alert; change: Change; decides: boolean; close: () => void }) {
  const client = useQueryClient()
  const now = alert.state!.severity
  const [value, setValue] = useState('')
  const [reason, setReason] = useState('')
  const send = useMutation({
    mutationFn: () => {
      const what = change === 'close' ? { status: 'closed', classification: value } : change === 'reopen' ? { status: 'open' } : { severity: value }
      return call<AlertWithRuns>('POST', `/v1/alerts/${encodeURIComponent(alert.id)}/changes`, { body: { ...what, reason: reason.trim() } })
    },
    onSuccess: (body) => {
      client.setQueryData(alertQuery(alert.id).queryKey, body)
      void client.invalidateQueries({ queryKey: ['alerts'] })
      close()
    },
  })
  const { title, description, verb } = titles[change]
  const ready = (change === 'reopen' || value !== '') && reason.trim() !== '' && !send.isPending
  // Severities are listed gravest first: those after the present one are lower.
  const options = severities.filter((each) => each !== 'unknown' && each !== now && (decides || severities.indexOf(each) < severities.indexOf(now)))
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title={title} description={description} className="w-[min(480px,94vw)]">
        <form
          className="space-y-3 overflow-auto p-4"
          onSubmit={(event) => {
            event.preventDefault()
            if (ready) send.mutate()
          }}
        >
          {change === 'close' && (
            <fieldset className="space-y-1">
              <legend className="mb-1 text-xs font-medium">What it was</legend>
              {closings.map((each) => (
                <label key={each.value} className="flex items-start gap-2 rounded-md px-2 py-1.5 hover:bg-hover">
                  <input type="radio" name="classification" className="mt-1 accent-(--color-accent)" checked={value === each.value} onChange={() => setValue(each.value)} />
                  <span className="font-medium">{each.text}<small className="block text-xs font-normal text-muted">{each.means}</small></span>
                </label>
              ))}
            </fieldset>
          )}
          {change === 'severity' && (
            <fieldset>
              <legend className="mb-1 text-xs font-medium">It is <b>{now}</b> now. It shall be</legend>
              <div className="flex flex-wrap gap-2">
                {options.map((each) => (
                  <label key={each} className="flex items-center gap-1.5 rounded-md px-2 py-1.5 hover:bg-hover">
                    <input type="radio" name="severity" aria-label={each} className="accent-(--color-accent)" checked={value === each} onChange={() => setValue(each)} />
                    <Severity value={each} />
                  </label>
                ))}
              </div>
              {!decides && <p className="mt-1 text-xs text-muted">Lowering it is for a responder, a lead or an admin.</p>}
            </fieldset>
          )}
          <Reason rows={2} value={reason} onChange={setReason} />
          <ActionError error={send.error} />
          <div className="flex justify-end gap-2">
            <Button size="md" onClick={close}>Not now</Button>
            <Button type="submit" size="md" variant="primary" disabled={!ready}>{send.isPending ? 'Sending…' : verb}</Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  )
}

/** What has been made of an alert since it came, the newest first. */
export function Changes({ changes }: { changes: AlertWithRuns['changes'] }) {
  if (changes.length === 0) return null
  return (
    <Card>
      <CardHead title={`Changes (${changes.length})`} />
      <ol>
        {changes.toReversed().map((change) => (
          <li key={change.at} className="border-b border-line px-4 py-2.5 last:border-0">
            <p className="flex flex-wrap items-center gap-2">
              <StateBadge status={change.status} />
              {change.classification && <Badge tone="line">{change.classification.replaceAll('_', ' ')}</Badge>}
              {change.severity && <>severity <Severity value={change.severity} /></>}
              <span className="text-xs text-muted">
                by {change.by === 'playbook' && change.run_id
                  ? <Link to="/runs/$id" params={{ id: change.run_id }} search={{}} className="text-accent-text underline underline-offset-2">a playbook’s run</Link>
                  : inert(change.by)}
              </span>
              <When at={change.at} className="ml-auto text-xs text-muted" />
            </p>
            <p className="mt-1 [overflow-wrap:anywhere]">{change.by === 'playbook' ? <Untrusted>{change.reason}</Untrusted> : inert(change.reason)}</p>
          </li>
        ))}
      </ol>
    </Card>
  )
}

export function StateBadge({ status }: { status: string | undefined }) {
  if (!status) return null
  return <Badge tone={status === 'closed' ? 'line' : 'accent'}>{status}</Badge>
}
