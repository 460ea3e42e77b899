import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { Playbook } from '@/api/nouns'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Input } from '@/ui/page'
import { FromCacao } from './FromCacao'

const inWords = '/words' // no playbook can have these names
const anAgent = '/agent'
const cacao = '/cacao'

/** Begins a playbook: an empty one, or a copy of one that there is. */
export function NewPlaybook({ playbooks }: { playbooks: Playbook[] }) {
  const navigate = useNavigate()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const [from, setFrom] = useState('')
  const [importing, setImporting] = useState(false)
  const taken = playbooks.some((each) => each.name === name)
  const wrong = name === '' ? '' : !/^[a-z][a-z0-9-]{0,63}$/.test(name) ? 'Small letters, digits and dashes, beginning with a letter; at most 64.' : taken ? 'There is a playbook of this name. Open it to change it.' : ''
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}><Plus />New playbook</Button>
      <Dialog open={open} onOpenChange={setOpen}>
        <DialogContent title="New playbook" description="Nothing runs before it is saved and published.">
          <form className="space-y-3 p-4" onSubmit={(event) => {
            event.preventDefault()
            if (name && !wrong && from === cacao) { setOpen(false); setImporting(true) }
            else if (name && !wrong && from === anAgent) void navigate({ to: '/agents/$name', params: { name } })
            else if (name && !wrong) void navigate({ to: '/playbooks/$name/edit', params: { name }, search: from === inWords ? { words: true } : { from: from || undefined } })
          }}>
            <label className="block text-xs font-medium">
              Name
              <Input className="mt-1 font-mono" value={name} autoFocus placeholder="lock-account" onChange={(event) => setName(event.target.value.trim())} aria-invalid={wrong !== ''} aria-describedby="new-name-wrong" />
            </label>
            <p id="new-name-wrong" role="alert" className="text-2xs text-crit-text">{wrong}</p>
            <label className="block text-xs font-medium">
              Begin with
              <select className="mt-1 h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-[13px] font-normal" value={from} onChange={(event) => setFrom(event.target.value)}>
                <option value="">an empty playbook</option>
                <option value={anAgent}>an agent that playbooks can share</option>
                <option value={inWords}>my words: a model writes a proposal</option>
                <option value={cacao}>a CACAO 2.0 document of another tool</option>
                {playbooks.map((each) => <option key={each.name} value={each.name}>a copy of: {each.title || each.name}</option>)}
              </select>
            </label>
            <div className="flex justify-end gap-2">
              <Button size="md" onClick={() => setOpen(false)}>Not now</Button>
              <Button type="submit" size="md" variant="primary" disabled={!name || wrong !== ''}>Open the editor</Button>
            </div>
          </form>
        </DialogContent>
      </Dialog>
      {importing && <FromCacao name={name} close={() => setImporting(false)} />}
    </>
  )
}
