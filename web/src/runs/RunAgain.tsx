import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { call, newKey } from '@/api/client'
import type { Run, RunPlan, Step } from '@/api/nouns'
import { ledgerQuery, runPlanQuery } from '@/api/queries'
import { startFields } from '@/playbooks/StartRun'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Field, readValue, shownValue } from '@/ui/field'
import { inert } from '@/ui/inert'
import { ActionError, Skeleton } from '@/ui/states'

const control = 'mt-1 h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-[13px] font-normal'

/** Runs the playbook once more for what a run was about. */
export function RunAgain({ run, steps }: { run: Run; steps: Step[] }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)} title="Another run of this playbook for the same alert: from a step on, with other inputs, or with the version that is used now">
        <RotateCcw />
        Run again…
      </Button>
      {open && <Asking run={run} steps={steps} close={() => setOpen(false)} />}
    </>
  )
}

function Asking({ run, steps, close }: { run: Run; steps: Step[]; close: () => void }) {
  const plan = useQuery(runPlanQuery(run.id))
  // The first entries of a run say what it was started with.
  const ledger = useInfiniteQuery(ledgerQuery(run.id))
  const began = ledger.data?.pages[0]?.items.find((entry) => entry.kind === 'run.started')
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title="Run it again?" description="A new run. Nothing that this one did is taken back, and what changes the world is asked about anew." className="w-[min(520px,94vw)]">
        {plan.data && ledger.data
          ? <Form run={run} steps={steps} plan={plan.data} given={(began?.body as { inputs?: Record<string, unknown> } | undefined)?.inputs ?? {}} close={close} />
          : <div className="p-4"><ActionError error={plan.error ?? ledger.error} /><Skeleton className="h-24" /></div>}
      </DialogContent>
    </Dialog>
  )
}

function Form({ run, steps, plan, given, close }: { run: Run; steps: Step[]; plan: RunPlan; given: Record<string, unknown>; close: () => void }) {
  const navigate = useNavigate()
  const tops = plan.plan.steps ?? []
  // A run that failed is most often run again from where it failed.
  const failed = run.status === 'failed' ? steps.find((step) => step.parent === '' && step.status === 'failed')?.id : undefined
  const [from, setFrom] = useState(failed ?? '')
  const [version, setVersion] = useState<'then' | 'now'>('then')
  const [{ fields, shown: defaults, computed }] = useState(() => startFields(plan.plan))
  const [shown, setShown] = useState(() => ({ ...defaults, ...Object.fromEntries(fields.filter((field) => field.name in given).map((field) => [field.name, shownValue(field, given[field.name])])) }))
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [key] = useState(newKey)
  const read = Object.fromEntries(fields.map((field) => [field.name, readValue(field, shown[field.name] ?? '')]))
  const wrong = fields.some((field) => touched.has(field.name) && read[field.name]?.wrong)
  const again = useMutation({
    mutationFn: () => {
      const inputs = { ...given, ...Object.fromEntries([...touched].flatMap((name) => (read[name]?.value === undefined ? [] : [[name, read[name]!.value]]))) }
      return call<Run>('POST', `/v1/runs/${encodeURIComponent(run.id)}/rerun`, {
        key, body: { version, ...(from && version === 'then' && { from }), ...(touched.size > 0 && { inputs }) },
      })
    },
    onSuccess: (next) => void navigate({ to: '/runs/$id', params: { id: next.id }, search: {} }),
  })
  return (
    <form
      noValidate
      className="space-y-3 overflow-auto p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (!again.isPending && !wrong) again.mutate()
      }}
    >
      <label className="block text-xs font-medium">
        The playbook
        <select className={control} value={version} onChange={(event) => setVersion(event.target.value as typeof version)}>
          <option value="then">as this run had it</option>
          <option value="now">as it is used now</option>
        </select>
      </label>
      {version === 'then' && (
        <label className="block text-xs font-medium">
          It begins with
          <select className={control} value={from} onChange={(event) => setFrom(event.target.value)}>
            <option value="">the first step</option>
            {tops.slice(1).map((step) => <option key={step.id} value={step.id}>{step.title ? `${inert(step.title)} (${step.id})` : step.id}</option>)}
          </select>
          {from && <span className="mt-1 block font-normal text-muted">The results of the steps before it are taken over; decisions are not.</span>}
        </label>
      )}
      {fields.length > 0 && (
        <fieldset className="space-y-3 rounded-md border border-line p-3">
          <legend className="px-1 text-xs font-medium">Inputs</legend>
          {fields.map((field) => (
            <Field
              key={field.name} field={field} value={shown[field.name] ?? ''} wrong={touched.has(field.name) ? read[field.name]?.wrong : undefined}
              onChange={(value) => {
                setShown((before) => ({ ...before, [field.name]: value }))
                setTouched((before) => new Set([...before, field.name]))
              }}
              note={computed.has(field.name) && !(field.name in given) && <p className="mt-0.5 text-2xs text-muted">Left empty, the playbook computes it.</p>}
            />
          ))}
        </fieldset>
      )}
      <ActionError error={again.error} />
      <div className="flex justify-end gap-2">
        <Button size="md" onClick={close}>Not now</Button>
        <Button type="submit" size="md" variant="primary" disabled={again.isPending || wrong}>{again.isPending ? 'Starting…' : 'Run it'}</Button>
      </div>
    </form>
  )
}
