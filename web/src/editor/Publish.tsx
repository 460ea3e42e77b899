import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '@/api/client'
import { sessionQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Reason } from '@/ui/field'
import { ActionError, SkeletonRows } from '@/ui/states'
import { Changes } from './Changes'
import { pathOf, versionQuery, type Subject, type VersionRef } from './queries'

/** Lets runs be started with a version from now on, after one has seen what it does otherwise; 0 is the file. */
export function Publish({ of, version, running, runs, close }: { of: Subject; version: number; running: number | null; runs: VersionRef; close: () => void }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const chosen = useQuery({ ...versionQuery(of, version), enabled: version > 0 })
  const [reason, setReason] = useState('')
  const may = session?.user?.roles.some((role) => role === 'lead' || role === 'admin')
  const publish = useMutation({
    mutationFn: () => call<unknown>('POST', `${pathOf(of)}/publish`, { body: { version, reason: reason.trim() } }),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: [of.kind, of.name] }), client.invalidateQueries({ queryKey: ['playbook'] }), client.invalidateQueries({ queryKey: [`${of.kind}s`] })])
      close()
    },
  })
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent
        title={version === 0 ? 'Go back to the file?' : `Publish version ${version}?`}
        description="From now on, runs are started with it. Runs under way keep the version that they began with."
        className="w-[min(860px,94vw)]"
      >
        <div className="min-h-0 overflow-auto">
          {version > 0 && running !== null && (chosen.data
            ? <Changes old={runs} updated={{ source: chosen.data.source ?? '' }} what="what runs now" textOnly={of.kind === 'agent'} />
            : <SkeletonRows label="Loading the version" rows={3} />)}
          {version > 0 && running === null && <p className="px-4 pt-3 text-muted">No version of it runs yet.</p>}
          {version === 0 && <p className="px-4 pt-3 text-muted">The file that came with Picket, or lies in the directory of playbooks, runs again. All versions stay in the history.</p>}
        </div>
        {may ? (
          <form className="space-y-3 border-t border-line p-4" onSubmit={(event) => {
            event.preventDefault()
            if (reason.trim() && !publish.isPending) publish.mutate()
          }}>
            <Reason rows={2} value={reason} onChange={setReason} />
            <ActionError error={publish.error} />
            <div className="flex justify-end gap-2">
              <Button size="md" onClick={close}>Not now</Button>
              <Button type="submit" size="md" variant="primary" disabled={!reason.trim() || publish.isPending}>{version === 0 ? 'Go back to the file' : 'Publish'}</Button>
            </div>
          </form>
        ) : <p className="border-t border-line p-4 text-muted">Publishing is for a lead or an admin. Tell one of them which version, and why.</p>}
      </DialogContent>
    </Dialog>
  )
}
