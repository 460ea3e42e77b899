import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Download, FileSearch, History as Clock, ShieldCheck, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { call, type Schemas } from '@/api/client'
import type { Run, RunEvent } from '@/api/nouns'
import { eventQuery, eventsQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button, buttonClass } from '@/ui/button'
import { formatDuration } from '@/ui/duration'
import { SearchField } from '@/ui/filter'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { ActionError, Empty, ErrorState, Skeleton, SkeletonRows } from '@/ui/states'
import { When } from '@/ui/time'

const route = getRouteApi('/app/runs/$id')
const rowHeight = 33

/** The events of the run's Temporal histories: searched, those of one step, each with its data; and the replay check. */
export function History({ run }: { run: Run }) {
  const { q, of } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useInfiniteQuery(eventsQuery(run.id, { q, step: of }))
  const events = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-surface px-3 py-2">
        <SearchField label="Search the events and their data" value={q} onChange={(text) => void navigate({ search: (old) => ({ ...old, q: text }), replace: true })} />
        {of && (
          <Button onClick={() => void navigate({ search: (old) => ({ ...old, of: undefined }), replace: true })} title="Show the events of all steps">
            of <code className="max-w-40 truncate font-mono text-2xs">{of}</code><X />
          </Button>
        )}
        <span role="status" className="text-xs text-muted">{query.isSuccess && `${events.length}${query.hasNextPage ? '+' : ''} events`}</span>
        <span className="ml-auto flex flex-wrap gap-2">
          {run.archive && <Replay run={run} />}
          {run.archive && (
            <a href={`/v1/runs/${encodeURIComponent(run.id)}/history`} download={`${run.id}.history.json`} className={buttonClass({})} title="The archived history, its payloads sealed"><Download />Download</a>
          )}
        </span>
      </div>
      {query.isPending ? <SkeletonRows label="Loading the history" rows={10} />
        : query.isError && events.length === 0 ? <ErrorState error={query.error} retry={() => void query.refetch()} what="the history" />
          : events.length === 0 ? (
            q || of ? <Empty icon={FileSearch} title="No event matches">Search for another text, or look at all steps.</Empty>
              : <Empty icon={Clock} title="Nothing has happened yet">The run is queued; its first event comes when it starts.</Empty>
          ) : <Events run={run} events={events} more={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined} />}
    </>
  )
}

function Events({ run, events, more }: { run: Run; events: RunEvent[]; more: (() => void) | undefined }) {
  const host = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<number>()
  const rows = useVirtualizer({
    count: events.length, getScrollElement: () => host.current, estimateSize: () => rowHeight, getItemKey: (i) => events[i]!.number, overscan: 10,
  })
  const last = rows.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= events.length - 15) more?.()
  }, [last, events.length, more])
  const several = events.some((event) => event.history > 1)
  return (
    <div ref={host} className="min-h-0 flex-1 overflow-auto bg-surface max-[1199px]:max-h-[70vh]" tabIndex={0} role="region" aria-label="Events">
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const event = events[row.index]!
          const shown = open === event.number
          return (
            <li key={row.key} ref={rows.measureElement} data-index={row.index} className="absolute inset-x-0 top-0 border-b border-line" style={{ transform: `translateY(${row.start}px)` }}>
              <button type="button" aria-expanded={shown} onClick={() => setOpen(shown ? undefined : event.number)} className="flex w-full items-center gap-x-3 px-4 py-1.5 text-left -outline-offset-2 hover:bg-hover">
                <span className="w-12 shrink-0 text-right font-mono text-2xs tabular-nums text-muted">{several && `${event.history}·`}{event.id}</span>
                <Badge className="shrink-0 font-mono">{event.type}</Badge>
                <span className="min-w-0 flex-1 truncate text-xs">{event.name && <b className="font-medium">{inert(event.name)}</b>} {event.step && <code className="font-mono text-muted">{inert(event.step)}</code>}</span>
                <When at={event.at} exact className="shrink-0 text-xs text-muted max-sm:hidden" />
              </button>
              {shown && <div className="px-4 pb-3"><Shown run={run} number={event.number} /></div>}
            </li>
          )
        })}
      </ol>
    </div>
  )
}

function Shown({ run, number }: { run: Run; number: number }) {
  const query = useQuery(eventQuery(run.id, number))
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} what="the event" />
  if (!query.data) return <Skeleton className="h-24" />
  return (
    <>
      {query.data.cut && <p className="mb-1 text-xs text-muted">Only its beginning; the download has the whole.</p>}
      <JsonView level="h2" title={query.data.type} value={query.data.data} untrusted />
    </>
  )
}

/** Replays the run's archive against the server's code, and says what came of it. */
function Replay({ run }: { run: Run }) {
  const replay = useMutation({ mutationFn: () => call<Schemas['Replayed']>('POST', `/v1/runs/${encodeURIComponent(run.id)}/replay`, { body: {} }) })
  const found = replay.data
  return (
    <>
      <ActionError error={replay.error} />
      {found && (
        <span role="status" className={`self-center text-xs ${found.same ? 'text-ok-text' : 'text-crit-text'}`}>
          {found.same
            ? `${found.events} events replayed as they were, in ${formatDuration(found.took_ms)}`
            : `Today’s code does something else: ${inert(found.problem ?? '')}`}
        </span>
      )}
      <Button disabled={replay.isPending} onClick={() => replay.mutate()} title="Runs the recorded history through the code of this server and compares every call, wait and result. Nothing is called.">
        <ShieldCheck />{replay.isPending ? 'Replaying…' : 'Check the replay'}
      </Button>
    </>
  )
}
