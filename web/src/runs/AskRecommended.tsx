import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import { operationsQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Because } from './Stop'

/** Turns a recommendation into a call that waits for its approval. What is no operation can't be asked for. */
export function AskRecommended({ run, step, operation, number }: { run: string; step: string; operation: string; number: number }) {
  const navigate = useNavigate()
  const operations = useQuery(operationsQuery)
  const [open, setOpen] = useState(false)
  const found = operations.data?.find((each) => each.name === operation)
  if (!found) return operations.data ? <p className="mt-1 text-xs text-muted">There is no operation of this name, so it can’t be asked for.</p> : null
  const asks = found.effect === 'consequential'
  return (
    <>
      <Button className="mt-2" onClick={() => setOpen(true)}><ShieldAlert />{asks ? 'Ask for it…' : 'Do it…'}</Button>
      {open && (
        <Because
          title={asks ? `Ask for ${operation}?` : `Run ${operation}?`} verb={asks ? 'Ask for it' : 'Run it'} calm
          description={asks ? 'A run of its own makes the call once a responder has approved exactly it. The approver can change its arguments.' : 'It changes nothing outside, so a run of its own makes the call at once.'}
          path={`/v1/runs/${encodeURIComponent(run)}/recommended`} run={{ id: run }} body={{ step, number }}
          close={() => setOpen(false)} done={(next) => void navigate({ to: '/runs/$id', params: { id: next.id }, search: {} })}
        />
      )}
    </>
  )
}
