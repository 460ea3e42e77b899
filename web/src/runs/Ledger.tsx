import { useInfiniteQuery } from '@tanstack/react-query'
import { ScrollText } from 'lucide-react'
import { useState } from 'react'
import type { LedgerEntry } from '@/api/nouns'
import { ledgerQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Digest } from '@/ui/digest'
import { JsonView } from '@/ui/json'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { When } from '@/ui/time'

/** The run's entries in the audit ledger, as they are. */
export function Ledger({ runID }: { runID: string }) {
  const query = useInfiniteQuery(ledgerQuery(runID))
  const entries = query.data?.pages.flatMap((page) => page.items) ?? []
  if (query.isPending) return <SkeletonRows label="Loading the ledger" rows={10} />
  if (query.isError && entries.length === 0) return <ErrorState error={query.error} retry={() => void query.refetch()} what="the ledger" />
  if (entries.length === 0) {
    return <Empty icon={ScrollText} title="Nothing has been written yet">The run is queued; its first entry comes when it starts.</Empty>
  }
  return (
    <div className="min-h-0 flex-1 overflow-auto bg-surface" tabIndex={0} role="region" aria-label="Ledger entries">
      <ol>{entries.map((entry) => <Entry key={entry.seq} entry={entry} />)}</ol>
      {query.hasNextPage && (
        <div className="p-3"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Later entries</Button></div>
      )}
    </div>
  )
}

function Entry({ entry }: { entry: LedgerEntry }) {
  const [open, setOpen] = useState(false)
  return (
    <li className="border-b border-line">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-1.5 text-left -outline-offset-2 hover:bg-hover"
      >
        <span className="w-12 shrink-0 text-right font-mono text-2xs tabular-nums text-muted">{entry.seq}</span>
        <Badge className="font-mono">{entry.kind}</Badge>
        <code className="min-w-0 flex-1 truncate font-mono text-xs max-sm:order-last max-sm:basis-full max-sm:pl-15">{entry.step}{entry.attempt ? ` · attempt ${entry.attempt}` : ''}</code>
        {entry.actor && <span className="text-xs text-muted">{entry.actor}</span>}
        <When at={entry.at} exact className="text-xs text-muted max-sm:ml-auto" />
      </button>
      {open && (
        <div className="space-y-2 px-4 pb-3">
          <JsonView level="h2" title="Body" value={entry.body} untrusted />
          <Digest label="Entry" value={entry.digest} />
          <Digest label="Entry before" value={entry.prev} />
        </div>
      )}
    </li>
  )
}
