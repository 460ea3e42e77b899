import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Ban, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { call, newKey } from '@/api/client'
import type { Run, Step } from '@/api/nouns'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Reason } from '@/ui/field'
import { inert } from '@/ui/inert'
import { ActionError } from '@/ui/states'
import { textOf } from '@/approvals/arguments'
import { shorten } from '@/ui/shorten'

/** The steps that can still be taken back, the newest first. */
export const reversible = (steps: Step[]): Step[] => steps.filter((step) => step.status === 'ok' && step.undo && !step.undone_by && !step.shadow).toReversed()

/** Cancels a run that is open, with a reason. */
export function CancelRun({ run }: { run: Run }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}><Ban />Cancel…</Button>
      {open && (
        <Because
          title="Cancel this run?" verb="Cancel the run" path={`/v1/runs/${encodeURIComponent(run.id)}/cancel`} run={run} close={() => setOpen(false)}
          description="Its calls and the runs it waits for end, its finally blocks run, and what waits for people is withdrawn."
        />
      )}
    </>
  )
}

/** Takes back what a finished run did, after showing what that is. */
export function UndoRun({ run, steps }: { run: Run; steps: Step[] }) {
  const [open, setOpen] = useState(false)
  const navigate = useNavigate()
  const left = reversible(steps)
  if (left.length === 0) return null
  return (
    <>
      <Button onClick={() => setOpen(true)} title="Starts a run that takes back what this one did"><Undo2 />Undo…</Button>
      {open && (
        <Because
          title="Take back what this run did?" verb="Start the undo" path={`/v1/runs/${encodeURIComponent(run.id)}/undo`} run={run} close={() => setOpen(false)}
          description="A run of its own makes these calls, in this order. What changes the world is asked about first."
          done={(next) => void navigate({ to: '/runs/$id', params: { id: next.id }, search: {} })}
        >
          <ol className="space-y-1.5 rounded-md bg-sunken px-3 py-2">
            {left.map((step) => (
              <li key={step.path}>
                <code className="font-mono text-xs font-medium">{step.undo!.operation}</code>
                <span className="block font-mono text-2xs text-muted [overflow-wrap:anywhere]">takes back {step.title ? inert(step.title) : step.path} · {inert(shorten(textOf(step.undo!.arguments), 160))}</span>
              </li>
            ))}
          </ol>
        </Because>
      )}
    </>
  )
}


type Props = { title: string; description: string; verb: string; path: string; run: Pick<Run, 'id'>; body?: object; calm?: boolean; close: () => void; done?: (next: Run) => void; children?: React.ReactNode }

/** Asks once more, and why: the reason stands in the ledger. */
export function Because({ title, description, verb, path, run, body, calm, close, done, children }: Props) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const [key] = useState(newKey)
  const send = useMutation({
    mutationFn: () => call<Run>('POST', path, { key, body: { ...body, reason: reason.trim() } }),
    onSuccess: (next) => {
      for (const name of ['run', 'steps']) void client.invalidateQueries({ queryKey: [name, run.id] })
      for (const name of ['runs', 'approvals', 'counts']) void client.invalidateQueries({ queryKey: [name] })
      close()
      done?.(next)
    },
  })
  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent title={title} description={description} className="w-[min(480px,94vw)]">
        <form
          className="space-y-3 overflow-auto p-4"
          onSubmit={(event) => {
            event.preventDefault()
            if (!send.isPending && reason.trim()) send.mutate()
          }}
        >
          {children}
          <Reason value={reason} onChange={setReason} />
          <ActionError error={send.error} />
          <div className="flex justify-end gap-2">
            <Button size="md" onClick={close}>Not now</Button>
            <Button type="submit" size="md" variant={calm ? 'primary' : 'danger'} disabled={send.isPending || !reason.trim()}>{send.isPending ? 'Sending…' : verb}</Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  )
}
