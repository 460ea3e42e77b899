import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { call } from '@/api/client'
import { runsQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { VerdictBadge } from '@/ui/severity'
import { ActionError, SkeletonRows } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'

const final = new Set(['completed', 'failed', 'cancelled', 'timed_out'])

/** Puts a case behind those of a test's text; undefined where `cases` is not the last of its keys. */
export function withCase(tests: string, made: string): string | undefined {
  if (tests.trim() === '') return `cases:\n${made}`
  const last = tests.match(/^[a-z_]+:/gm)?.at(-1)
  if (last !== 'cases:' || !/^cases:\s*(#.*)?$/m.test(tests)) return undefined
  return `${tests.trimEnd()}\n\n${made}`
}

/** Makes a case of a run of the playbook: what started it, what was answered and decided, and what came of it. */
export function CaseOfRun({ playbook, tests, take, close }: { playbook: string; tests: string; take: (tests: string) => void; close: () => void }) {
  const query = useInfiniteQuery(runsQuery({ playbook }))
  const runs = (query.data?.pages[0]?.items ?? []).filter((run) => final.has(run.status))
  const make = useMutation({
    mutationFn: (id: string) => call<{ case: string }>('GET', `/v1/runs/${encodeURIComponent(id)}/case`),
    onSuccess: (made) => {
      const next = withCase(tests, made.case)
      if (next !== undefined) take(next)
    },
  })
  const nowhere = make.data && withCase(tests, make.data.case) === undefined
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title="A case of which run?" description="It holds the alert, the answers and the decisions of then, and expects what came of them. Read it before you keep it." className="w-[min(620px,96vw)]">
        <div className="min-h-0 space-y-3 overflow-auto p-4">
          {query.isPending ? <SkeletonRows label="Loading the runs" rows={4} /> : runs.length === 0 ? <p className="text-muted">No run of this playbook is over yet.</p> : (
            <ul aria-label="Runs" className="divide-y divide-line rounded-md border border-line">
              {runs.slice(0, 30).map((run) => (
                <li key={run.id}>
                  <Button variant="ghost" className="h-auto w-full justify-start gap-2 py-2 text-left" disabled={make.isPending} onClick={() => make.mutate(run.id)}>
                    <StatusBadge status={run.status} />{run.verdict && <VerdictBadge value={run.verdict} />}
                    <span className="min-w-0 flex-1 truncate"><Untrusted className="bg-transparent shadow-none">{run.alert_title || run.requested_by || run.id}</Untrusted></span>
                    <When at={run.created_at} className="text-xs text-muted" />
                  </Button>
                </li>
              ))}
            </ul>
          )}
          <ActionError error={make.error} />
          {nowhere && <p role="alert" className="text-xs text-crit-text">In the tests, `cases` must be a list and the last key. Put it there, and try again.</p>}
          <div className="flex justify-end"><Button size="md" onClick={close}>Not now</Button></div>
        </div>
      </DialogContent>
    </Dialog>
  )
}
