import { useMutation, useQuery } from '@tanstack/react-query'
import { GitCompare } from 'lucide-react'
import { useState } from 'react'
import { call } from '@/api/client'
import type { Verdict } from '@/api/nouns'
import { modelsQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { VerdictBadge } from '@/ui/severity'
import { ActionError } from '@/ui/states'
import { VerdictCard } from './Verdict'

/** Asks another model what a step asked, on the evidence of then, and shows both verdicts. The run stays as it is. */
export function AskAgain({ run, step }: { run: string; step: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}><GitCompare />Ask another model…</Button>
      {open && <Asking run={run} step={step} close={() => setOpen(false)} />}
    </>
  )
}

function Asking({ run, step, close }: { run: string; step: string; close: () => void }) {
  const models = useQuery(modelsQuery)
  const names = models.data?.names ?? []
  const [provider, setProvider] = useState('')
  const [words, setWords] = useState('')
  const chosen = provider || names[0] || ''
  const ask = useMutation({
    mutationFn: () => call<{ then: Verdict; now: Verdict }>('POST', `/v1/runs/${encodeURIComponent(run)}/ask-again`, {
      body: { step, provider: chosen, ...(words.trim() && { prompt: words.trim() }) },
    }),
  })
  const both = ask.data
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent
        title={both ? 'Two verdicts on the same evidence' : 'Ask another model?'}
        description="It is asked what the step asked, with the evidence of then. Nothing is called, and the run stays as it is."
        className={both ? 'w-[min(1100px,96vw)]' : undefined}
      >
        {both ? (
          <div className="min-h-0 space-y-3 overflow-auto p-4">
            <p className="font-medium">{both.then.verdict === both.now.verdict ? 'Both come to the same verdict.' : 'They come to different verdicts.'}</p>
            <div className="grid gap-4 lg:grid-cols-2">
              {([['Then', both.then], ['Now', both.now]] as const).map(([when, verdict]) => (
                <section key={when} aria-label={when} className="min-w-0 space-y-2">
                  <h3 className="flex items-center gap-2 text-sm font-semibold">{when} <VerdictBadge value={verdict.verdict} /></h3>
                  <VerdictCard verdict={verdict} />
                </section>
              ))}
            </div>
            <div className="flex justify-end"><Button size="md" onClick={() => ask.reset()}>Ask once more</Button></div>
          </div>
        ) : (
          <form className="space-y-3 p-4" onSubmit={(event) => {
            event.preventDefault()
            if (chosen && !ask.isPending) ask.mutate()
          }}>
            <label className="block text-xs font-medium">
              Provider
              <select className="mt-1 h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-[13px] font-normal" value={chosen} onChange={(event) => setProvider(event.target.value)}>
                {names.map((name) => <option key={name}>{name}</option>)}
              </select>
            </label>
            <label className="block text-xs font-medium">
              Another question (that of the step, unless you write one)
              <textarea
                rows={4} maxLength={20_000} value={words} onChange={(event) => setWords(event.target.value)}
                className="mt-1 w-full rounded-md border border-line-strong bg-surface p-2 text-[13px] font-normal placeholder:text-faint"
              />
            </label>
            <ActionError error={ask.error} />
            <div className="flex justify-end gap-2">
              <Button size="md" onClick={close}>Not now</Button>
              <Button type="submit" size="md" variant="primary" disabled={!chosen || ask.isPending}>{ask.isPending ? 'Being asked…' : 'Ask'}</Button>
            </div>
          </form>
        )}
      </DialogContent>
    </Dialog>
  )
}
