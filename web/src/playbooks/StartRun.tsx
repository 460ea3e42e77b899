import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { call, newKey } from '@/api/client'
import type { Plan, Run } from '@/api/nouns'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Field, readValue, shownValue, type FieldSpec, type FieldValue } from '@/ui/field'
import { ActionError } from '@/ui/states'

type Input = { name: string; type: string; required?: boolean; default?: { lit?: unknown; expr?: string; text?: unknown } }

/** The fields of a start by hand, from what the playbook declares. One whose default is computed is not needed. */
export function startFields(plan: Pick<Plan, 'inputs'>): { fields: FieldSpec[]; shown: Record<string, FieldValue>; computed: ReadonlySet<string> } {
  const inputs = (plan.inputs ?? []) as Input[]
  const computed = new Set(inputs.filter((each) => each.default && !('lit' in each.default)).map((each) => each.name))
  const fields = inputs.map((each): FieldSpec => ({
    name: each.name, type: each.type === 'any' ? 'json' : each.type, title: each.name, required: !!each.required && !each.default,
  }))
  const shown = Object.fromEntries(inputs.map((each, i) => [each.name, shownValue(fields[i]!, each.default && 'lit' in each.default ? each.default.lit : undefined)]))
  return { fields, shown, computed }
}

/** Whether people may start a playbook at all. */
export const byHand = (plan: Pick<Plan, 'triggers'>): boolean => ((plan.triggers ?? []) as { kind: string }[]).some((trigger) => trigger.kind === 'manual')

/** Starts a playbook with its inputs, and leads to the run. */
export function StartRun({ name, plan }: { name: string; plan: Plan }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}><Play />Start…</Button>
      {open && <StartForm name={name} plan={plan} close={() => setOpen(false)} />}
    </>
  )
}

function StartForm({ name, plan, close }: { name: string; plan: Plan; close: () => void }) {
  const navigate = useNavigate()
  const [{ fields, shown: first, computed }] = useState(() => startFields(plan))
  const [shown, setShown] = useState(first)
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [tried, setTried] = useState(false)
  const [key] = useState(newKey)
  const read = Object.fromEntries(fields.map((field) => [field.name, readValue(field, shown[field.name] ?? '')]))
  const start = useMutation({
    mutationFn: () => {
      // What nobody has touched keeps its own default.
      const inputs = Object.fromEntries(fields.flatMap((field) => {
        const value = read[field.name]?.value
        return value === undefined || !touched.has(field.name) ? [] : [[field.name, value]]
      }))
      return call<Run>('POST', `/v1/playbooks/${encodeURIComponent(name)}/runs`, { key, body: { inputs } })
    },
    onSuccess: (run) => void navigate({ to: '/runs/$id', params: { id: run.id }, search: {} }),
  })
  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent title={`Start ${plan.title || name}`} description={fields.length > 0 ? 'Without an alert, with these inputs.' : 'Without an alert. It has no inputs.'} className="w-[min(520px,94vw)]">
        <form
          noValidate
          className="space-y-4 overflow-auto p-4"
          onSubmit={(event) => {
            event.preventDefault()
            setTried(true)
            const wrong = fields.find((field) => read[field.name]?.wrong)
            if (wrong) document.getElementById(`field-${wrong.name}`)?.focus()
            else if (!start.isPending) start.mutate()
          }}
        >
          {fields.map((field, i) => (
            <Field
              key={field.name} field={field} value={shown[field.name] ?? ''} autoFocus={i === 0} wrong={tried ? read[field.name]?.wrong : undefined}
              onChange={(value) => {
                setShown((before) => ({ ...before, [field.name]: value }))
                setTouched((before) => new Set([...before, field.name]))
              }}
              note={computed.has(field.name) && <p className="mt-0.5 text-2xs text-muted">Left empty, the playbook computes it.</p>}
            />
          ))}
          <ActionError error={start.error} />
          <div className="flex justify-end gap-2">
            <Button size="md" onClick={close}>Not now</Button>
            <Button type="submit" size="md" variant="primary" disabled={start.isPending}>{start.isPending ? 'Starting…' : 'Start'}</Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  )
}
