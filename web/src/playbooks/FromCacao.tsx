import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call, Problem, type Schemas } from '@/api/client'
import { handOver } from '@/editor/draft'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { inert } from '@/ui/inert'
import { Input } from '@/ui/page'
import { ActionError } from '@/ui/states'
import { Untrusted } from '@/ui/untrusted'

const most = 8 << 20

/** Makes a playbook of a CACAO 2.0 document: the server reads it, what has no counterpart is said, and a person saves it. */
export function FromCacao({ name, close }: { name: string; close: () => void }) {
  const navigate = useNavigate()
  const [document, setDocument] = useState('')
  const [owner, setOwner] = useState('')
  const [large, setLarge] = useState(false)
  const read = useMutation({
    mutationFn: () => call<Schemas['ImportedPlaybook']>('POST', '/v1/playbooks/import', { body: { document, ...(owner && { owner }) } }),
  })
  const made = read.data
  const mistakes = made?.diagnostics.filter((each) => each.severity === 'error').length ?? 0
  const places = read.error instanceof Problem ? read.error.fields : []
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title={made ? 'What became of the document' : 'A CACAO 2.0 document'} description={made ? 'Nothing is saved yet.' : 'As other tools export it, in JSON. What has no counterpart here is listed, and never dropped in silence.'} className="w-[min(720px,96vw)]">
        {made ? (
          <div className="min-h-0 space-y-3 overflow-auto p-4">
            <p className="flex flex-wrap items-center gap-2 text-[13px]">
              {made.report.length === 0 ? 'Everything of it is in the playbook.' : `${made.report.length} ${made.report.length === 1 ? 'thing has' : 'things have'} no counterpart, or not the same.`}
              {mistakes > 0 && <Badge tone="high">{mistakes} {mistakes === 1 ? 'mistake' : 'mistakes'} to put right in the editor</Badge>}
            </p>
            <ul aria-label="What has no counterpart" className="max-h-[50vh] divide-y divide-line overflow-auto rounded-md border border-line" tabIndex={0}>
              {made.report.map((entry, i) => (
                <li key={i} className="px-3 py-2 text-xs">
                  <code className="font-mono text-2xs text-muted [overflow-wrap:anywhere]">{inert(entry.pointer || '/')}</code>
                  <p className="[overflow-wrap:anywhere]"><Untrusted className="bg-transparent shadow-none">{entry.what}</Untrusted>: {inert(entry.why)}. <span className="text-muted">{inert(entry.do)}.</span></p>
                </li>
              ))}
            </ul>
            <div className="flex justify-end gap-2">
              <Button size="md" onClick={() => read.reset()}>Another document</Button>
              <Button size="md" variant="primary" onClick={() => {
                handOver(name, made.source)
                void navigate({ to: '/playbooks/$name/edit', params: { name }, search: {} })
              }}>Open the editor</Button>
            </div>
          </div>
        ) : (
          <form className="space-y-3 overflow-auto p-4" onSubmit={(event) => {
            event.preventDefault()
            if (document.trim() && !read.isPending) read.mutate()
          }}>
            <label className="block text-xs font-medium">
              The file
              <input type="file" accept=".json,application/json" className="mt-1 block w-full text-[13px] font-normal" onChange={(event) => {
                const file = event.target.files?.[0]
                setLarge(!!file && file.size > most)
                if (file && file.size <= most) void file.text().then(setDocument)
              }} />
            </label>
            {large && <p role="alert" className="text-xs text-crit-text">The file has more than 8 MiB.</p>}
            <label className="block text-xs font-medium">
              Or its text
              <textarea rows={6} spellCheck={false} value={document} onChange={(event) => setDocument(event.target.value)} className="mt-1 w-full rounded-md border border-line-strong bg-surface p-2 font-mono text-xs font-normal" />
            </label>
            <label className="block text-xs font-medium">
              Who answers for it <span className="font-normal text-muted">(the document has an id only)</span>
              <Input className="mt-1" value={owner} maxLength={200} placeholder="soc" onChange={(event) => setOwner(event.target.value)} />
            </label>
            <ActionError error={read.error} />
            {places.length > 0 && <ul className="max-h-32 overflow-auto text-xs" tabIndex={0} aria-label="Mistakes of the document">{places.map((each, i) => <li key={i}><code className="font-mono text-2xs">{inert(each.pointer || '/')}</code> {inert(each.detail)}</li>)}</ul>}
            <div className="flex justify-end gap-2">
              <Button size="md" onClick={close}>Not now</Button>
              <Button type="submit" size="md" variant="primary" disabled={!document.trim() || read.isPending}>{read.isPending ? 'Being read…' : 'Read it'}</Button>
            </div>
          </form>
        )}
      </DialogContent>
    </Dialog>
  )
}
