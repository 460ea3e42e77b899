import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ThumbsDown, ThumbsUp } from 'lucide-react'
import { useState } from 'react'
import { call } from '@/api/client'
import type { Judgement, Verdict } from '@/api/nouns'
import { judgementsQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Reason } from '@/ui/field'
import { Card } from '@/ui/page'
import { VerdictBadge } from '@/ui/severity'
import { ActionError } from '@/ui/states'
import { When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'

type Said = { step: string; agrees?: boolean; verdict?: string; classification?: string; reason?: string }

/** Sends what a person says of a verdict. */
function useJudge(run: string, done?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Said) => call<Judgement>('PUT', `/v1/runs/${encodeURIComponent(run)}/feedback`, { body }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['run', run] })
      void client.invalidateQueries({ queryKey: ['accuracy'] })
      done?.()
    },
  })
}

/** Whether people agree with a verdict: the last word on it, and the buttons to have it. */
export function Judge({ run, step, verdict }: { run: string; step: string; verdict: Verdict }) {
  const judged = useQuery(judgementsQuery(run))
  const [correcting, setCorrecting] = useState(false)
  const agree = useJudge(run)
  const said = judged.data?.find((each) => each.step === step)
  return (
    <Card className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <div className="min-w-0 flex-1 basis-56">
          <h3 className="text-xs font-medium text-muted">{said ? 'What people say of it' : 'Is this verdict right?'}</h3>
          {said ? (
            <p className="mt-0.5 flex flex-wrap items-center gap-1.5">
              <b className="font-medium">{said.by}</b>
              {said.agrees ? <Badge tone="ok">agrees</Badge> : <>says <VerdictBadge value={said.right} /><Badge tone="line">{said.right_classification.replaceAll('_', ' ')}</Badge></>}
              <When at={said.at} className="text-xs text-muted" />
            </p>
          ) : <p className="mt-0.5 text-xs text-muted">Your word labels the alert, and measures the rule and the model.</p>}
          {said?.reason && <p className="mt-1"><Untrusted className="bg-transparent shadow-none">{said.reason}</Untrusted></p>}
        </div>
        <Button aria-pressed={said?.agrees === true} disabled={agree.isPending} onClick={() => agree.mutate({ step, agrees: true })}><ThumbsUp />Agree</Button>
        <Button onClick={() => setCorrecting(true)}><ThumbsDown />Correct…</Button>
      </div>
      <ActionError error={agree.error ?? judged.error} />
      {correcting && <Correct run={run} step={step} verdict={verdict} close={() => setCorrecting(false)} />}
    </Card>
  )
}

/** What can be right, with its classification; the words are OCSF's. */
const choices = [
  { verdict: 'malicious', classification: 'true_positive', text: 'Malicious', means: 'An attack' },
  { verdict: 'suspicious', classification: 'undetermined', text: 'Suspicious', means: 'It needs a closer look' },
  { verdict: 'benign', classification: 'benign_true_positive', text: 'Benign: the rule is right', means: 'It happened, and nobody has to act: a test, an administrator' },
  { verdict: 'benign', classification: 'false_positive', text: 'Benign: the rule is wrong', means: 'What the rule says did not happen' },
  { verdict: 'inconclusive', classification: 'undetermined', text: 'Inconclusive', means: 'The evidence can’t tell' },
]

function Correct({ run, step, verdict, close }: { run: string; step: string; verdict: Verdict; close: () => void }) {
  const [chosen, setChosen] = useState<number>()
  const [reason, setReason] = useState('')
  const send = useJudge(run, close)
  const ready = chosen !== undefined && reason.trim() !== '' && !send.isPending
  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent title="What is right?" description={`The verdict is ${verdict.verdict}. What you say stands beside it, in the ledger too; it does not start or stop anything.`} className="w-[min(480px,94vw)]">
        <form
          className="space-y-3 overflow-auto p-4"
          onSubmit={(event) => {
            event.preventDefault()
            const choice = chosen === undefined ? undefined : choices[chosen]
            if (ready && choice) send.mutate({ step, verdict: choice.verdict, classification: choice.classification, reason: reason.trim() })
          }}
        >
          <fieldset className="space-y-1">
            <legend className="mb-1 text-xs font-medium">The right verdict</legend>
            {choices.map((choice, i) => (
              <label key={choice.text} className="flex items-start gap-2 rounded-md px-2 py-1.5 hover:bg-hover">
                <input type="radio" name="verdict" className="mt-1 accent-(--color-accent)" checked={chosen === i} onChange={() => setChosen(i)} />
                <span className="font-medium">{choice.text}<small className="block text-xs font-normal text-muted">{choice.means}</small></span>
              </label>
            ))}
          </fieldset>
          <Reason placeholder="What did it miss? Kept in the audit ledger" value={reason} onChange={setReason} />
          <ActionError error={send.error} />
          <div className="flex justify-end gap-2">
            <Button size="md" onClick={close}>Not now</Button>
            <Button type="submit" size="md" variant="primary" disabled={!ready}>{send.isPending ? 'Sending…' : 'Say so'}</Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  )
}
