import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ban, Check } from 'lucide-react'
import { useRef, useState } from 'react'
import { call, newKey, Problem } from '@/api/client'
import type { Approval } from '@/api/nouns'
import { approvalQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { inert } from '@/ui/inert'
import { ActionError } from '@/ui/states'
import { shorten } from '@/ui/shorten'
import { Alike, useAlike } from './Alike'
import { argumentsOf, said, textOf, type Edits } from './arguments'

/** What somebody is about to say: yes or no to calls, or the answers of a form. */
export type Intent = { outcome: 'approved' | 'denied'; answers?: Record<string, unknown> }

type Props = { approval: Approval; intent: Intent; edits: Edits; close: () => void }

/** Asks once more, with room for a reason, and sends the decision bound to what was shown. */
export function Decide({ approval, intent, edits, close }: Props) {
  const { outcome, answers } = intent
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const [key] = useState(newKey) // one key for one intent: pressing twice is one decision
  const yes = useRef<HTMLButtonElement>(null)
  const approving = outcome === 'approved'
  const form = approval.kind === 'ask'
  const edited = approving && Object.keys(edits).length > 0
  const alike = useAlike(approval, !form && !edited && (approval.quorum ?? 1) <= 1)
  const [chosen, setChosen] = useState<Set<string>>(new Set())
  const [outcomes, setOutcomes] = useState<Map<string, string>>(new Map())
  const send = (of: Approval, body: object) =>
    call<Approval>('POST', `/v1/approvals/${encodeURIComponent(of.id)}/decision`, {
      key: `${key}-${of.id}`,
      body: { outcome, digest: of.digest, ...(reason.trim() && { reason: reason.trim() }), ...body },
    })
  const decide = useMutation({
    mutationFn: async () => {
      // The others first: what could not be decided is said here, while the dialog is open.
      const failed = new Map<string, string>()
      for (const each of alike.filter((other) => chosen.has(other.id))) {
        try {
          client.setQueryData(approvalQuery(each.id).queryKey, await send(each, {}))
        } catch (error) {
          failed.set(each.id, error instanceof Error ? error.message : String(error))
        }
      }
      setOutcomes(failed)
      if (chosen.size > 0) void client.invalidateQueries({ queryKey: ['approvals'] })
      if (failed.size > 0) throw new Error(`${failed.size} of ${chosen.size} could not be decided; this one waits still. Choose them off, or try again.`)
      return send(approval, { ...(approving && answers && { answers }), ...(edited && { edited: edits }) })
    },
    onSuccess: (decided) => {
      client.setQueryData(approvalQuery(approval.id).queryKey, decided)
      for (const name of ['approvals', 'counts', 'runs']) void client.invalidateQueries({ queryKey: [name] })
      void client.invalidateQueries({ queryKey: ['run', approval.run_id] })
      close()
    },
    onError: (error) => {
      if (error instanceof Problem && error.status === 409) void client.invalidateQueries({ queryKey: ['approval', approval.id] })
    },
  })
  const submit = () => {
    if (!decide.isPending) decide.mutate()
  }
  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent
        title={form ? (approving ? 'Send these answers?' : 'Decline to answer?') : approving ? 'Approve and release?' : 'Deny?'}
        description={said(approval, approving)}
        className="w-[min(480px,94vw)]"
        onOpenAutoFocus={(event) => {
          if (!approving) return // the reason has the focus
          event.preventDefault()
          yes.current?.focus()
        }}
      >
        <form
          className="space-y-3 overflow-auto p-4"
          onSubmit={(event) => {
            event.preventDefault()
            submit()
          }}
        >
          <ul className="space-y-1.5 rounded-md bg-sunken px-3 py-2">
            {form && approving && (approval.form ?? []).map((field) => (
              <li key={field.name} className="grid gap-x-3 text-xs sm:grid-cols-[140px_minmax(0,1fr)]">
                <span className="text-muted [overflow-wrap:anywhere]">{inert(field.title || field.name)}</span>
                <span className="font-medium [overflow-wrap:anywhere]">{answers?.[field.name] === undefined ? <span className="font-normal text-muted">no answer</span> : inert(shorten(textOf(answers[field.name])))}</span>
              </li>
            ))}
            {(!form || !approving) && <li className="text-xs font-medium [overflow-wrap:anywhere]">{inert(approval.title)}</li>}
            {approval.calls.map((each) => (
              <li key={each.step}>
                <code className="font-mono text-xs font-medium">{each.operation}</code>
                <span className="block font-mono text-2xs text-muted [overflow-wrap:anywhere]">
                  {argumentsOf(each).map((argument) => `${argument.name}: ${inert(shorten(argument.text))}`).join(' · ')}
                </span>
                {approving && Object.entries(edits[each.step] ?? {}).map(([name, value]) => (
                  <span key={name} className="block text-2xs">You change <code className="font-mono">{name}</code> to <code className="font-mono font-medium [overflow-wrap:anywhere]">{inert(shorten(textOf(value)))}</code></span>
                ))}
              </li>
            ))}
          </ul>
          {alike.length > 0 && <Alike approval={approval} alike={alike} chosen={chosen} choose={setChosen} outcomes={outcomes} />}
          <label className="block text-xs font-medium">
            Reason {approving && <span className="font-normal text-muted">(optional)</span>}
            <textarea
              rows={3}
              maxLength={2000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
              }}
              placeholder="Kept in the audit ledger; Ctrl Enter sends"
              autoFocus={!approving}
              className="mt-1 w-full rounded-md border border-line-strong bg-surface p-2 text-[13px] font-normal placeholder:text-faint"
            />
          </label>
          <ActionError error={decide.error} />
          <div className="flex justify-end gap-2">
            <Button size="md" onClick={close}>Not now</Button>
            <Button ref={yes} type="submit" size="md" variant={approving ? 'ok' : 'danger'} disabled={decide.isPending}>
              {approving ? <Check /> : <Ban />}
              {decide.isPending ? 'Sending…' : form ? (approving ? 'Send' : 'Decline') : approving ? 'Approve and release' : 'Deny'}{chosen.size > 0 && !decide.isPending && ` ${chosen.size + 1}`}
            </Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  )
}
