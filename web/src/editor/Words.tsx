import { useMutation, useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleX } from 'lucide-react'
import { useState } from 'react'
import { call, type Schemas } from '@/api/client'
import { modelsQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { inert } from '@/ui/inert'
import { Segments } from '@/ui/segments'
import { ActionError } from '@/ui/states'
import { Changes, DiffText } from './Changes'

type Proposal = Schemas['Proposal']

type Props = {
  name: string
  fresh: boolean
  source: string
  tests: string
  range: Schemas['Range'] | undefined // what is selected in the text
  take: (proposal: Proposal) => void
  close: () => void
}

/** A model writes what a person describes; the compiler and the tests have judged it before it is shown. Nothing is saved here. */
export function Words({ name, fresh, source, tests, range, take, close }: Props) {
  const models = useQuery(modelsQuery)
  const [words, setWords] = useState('')
  const [of, setOf] = useState<'text' | 'value'>(range ? 'value' : 'text')
  const kind = of === 'value' && range ? 'expression' : fresh ? 'playbook' : 'change'
  const ask = useMutation({
    mutationFn: () => call<Proposal>('POST', '/v1/playbooks/propose', {
      body: { kind, words: words.trim(), ...(kind === 'playbook' ? { name } : { source, tests }), ...(kind === 'expression' && range ? { range } : {}) },
    }),
  })
  const none = models.data?.default.length === 1 && models.data.default[0] === 'builtin'
  const proposal = ask.data
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent
        title={proposal ? 'A proposal' : fresh ? 'Describe the playbook' : 'Describe the change'}
        description="A model writes it, the compiler checks it and its tests are run. It is put into the editor when you say so, and saved by you alone."
        className="w-[min(900px,94vw)]"
      >
        {none ? (
          <div className="p-4">
            <p>No model is configured, so nobody can write. An operator names one under <code className="font-mono text-xs">models</code> in <code className="font-mono text-xs">picket.yaml</code>; a model on this machine does, without an account.</p>
            <div className="mt-3 flex justify-end"><Button size="md" onClick={close}>Close</Button></div>
          </div>
        ) : proposal ? <Shown proposal={proposal} source={source} fresh={fresh} again={() => ask.reset()} take={take} />
          : (
            <form className="space-y-3 p-4" onSubmit={(event) => {
              event.preventDefault()
              if (words.trim() && !ask.isPending) ask.mutate()
            }}>
              {range && !fresh && <Segments label="What is written" options={[['value', 'The selected value'], ['text', 'The playbook']]} value={of} onChange={setOf} />}
              <label className="block text-xs font-medium">
                In your words
                <textarea
                  rows={6} maxLength={8000} required value={words} onChange={(event) => setWords(event.target.value)} autoFocus
                  placeholder={kind === 'expression' ? 'The host’s name in small letters, without its domain' : 'When a user reports a phishing mail: look up the sender and the links, let a model conclude, and if it is malicious ask a responder before all copies are removed.'}
                  className="mt-1 w-full rounded-md border border-line-strong bg-surface p-2 text-[13px] font-normal placeholder:text-faint"
                />
              </label>
              <p className="text-xs text-muted">The words{kind !== 'playbook' && ' and the text'} are sent to {models.data?.default.join(', then ') ?? 'the model'}. Consequential calls always stand behind an approval, whatever the words say.</p>
              <ActionError error={ask.error} />
              <div className="flex items-center justify-end gap-2">
                {ask.isPending && <span role="status" className="mr-auto text-xs text-muted">It is being written and checked; that takes up to some minutes.</span>}
                <Button size="md" onClick={close}>Not now</Button>
                <Button type="submit" size="md" variant="primary" disabled={!words.trim() || ask.isPending}>{ask.isPending ? 'Being written…' : 'Propose'}</Button>
              </div>
            </form>
          )}
      </DialogContent>
    </Dialog>
  )
}

function Shown({ proposal, source, fresh, again, take }: { proposal: Proposal; source: string; fresh: boolean; again: () => void; take: (proposal: Proposal) => void }) {
  const last = proposal.rounds.at(-1)
  const wrong = [last?.problem ?? '', ...(last?.diagnostics ?? []).filter((each) => each.severity === 'error').map((each) => `${each.line}:${each.column} ${each.message}`), ...(last?.failures ?? [])].filter(Boolean)
  const cost = proposal.no_price ? 'cost not known' : `${proposal.cost_usd.toFixed(4)} $`
  return (
    <>
      <div className="min-h-0 space-y-3 overflow-auto p-4">
        <p className={`flex items-center gap-2 font-medium ${proposal.ok ? 'text-ok-text' : 'text-crit-text'}`}>
          {proposal.ok ? <CircleCheck aria-hidden className="size-4" /> : <CircleX aria-hidden className="size-4" />}
          {proposal.ok ? 'It compiles' + (proposal.expression ? '' : ' and its tests pass') : 'It does not hold, after all rounds'}
          <span className="font-normal text-muted">· {proposal.rounds.length} {proposal.rounds.length === 1 ? 'round' : 'rounds'} · {proposal.model} · {proposal.tokens_in + proposal.tokens_out} tokens · {cost}</span>
        </p>
        {proposal.summary && <p className="rounded-md bg-llm-soft px-3 py-2 text-llm-text [overflow-wrap:anywhere]">{inert(proposal.summary)}</p>}
        {wrong.length > 0 && !proposal.ok && (
          <ul aria-label="What is wrong" className="list-disc space-y-1 pl-5 text-xs">{wrong.map((each) => <li key={each} className="[overflow-wrap:anywhere]">{inert(each)}</li>)}</ul>
        )}
        {proposal.source !== '' && (fresh
          ? <DiffText text={proposal.source.replace(/\n$/, '').split('\n').map((line) => `+${line}`).join('\n')} />
          : <div className="-mx-4"><Changes old={{ source }} updated={{ source: proposal.source }} what="the text in the editor" /></div>)}
        {proposal.tests !== '' && (
          <details>
            <summary className="text-xs font-medium">Its tests</summary>
            <pre className="mt-1 overflow-x-auto rounded-md border border-line bg-surface p-3 font-mono text-2xs" tabIndex={0} aria-label="Proposed tests">{inert(proposal.tests)}</pre>
          </details>
        )}
      </div>
      <div className="flex justify-end gap-2 border-t border-line p-4">
        <Button size="md" onClick={again}>Other words</Button>
        <Button size="md" variant="primary" disabled={proposal.source === ''} onClick={() => take(proposal)}>Put it into the editor</Button>
      </div>
    </>
  )
}
