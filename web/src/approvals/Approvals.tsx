import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft, Clock, Inbox } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Approval } from '@/api/nouns'
import { approvalsQuery } from '@/api/queries'
import { useKeys } from '@/shell/keys'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { inert } from '@/ui/inert'
import { useMedia } from '@/ui/media'
import { Kbd, Page } from '@/ui/page'
import { Severity, VerdictBadge } from '@/ui/severity'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { Left, useNow, When } from '@/ui/time'
import { aRole } from './arguments'
import { ReviewCard } from './ReviewCard'

const route = getRouteApi('/app/approvals')
const mostWaiting = 1000 // beyond it they are loaded by hand

/** The inbox of approvals: what waits, soonest deadline first, and one of them in full. */
export function Approvals() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const wide = useMedia('(min-width: 1024px)')
  const decided = search.show === 'decided'
  const query = useInfiniteQuery(approvalsQuery(decided ? {} : { status: 'pending' }))
  const items = useMemo(() => {
    const all = query.data?.pages.flatMap((page) => page.items) ?? []
    return decided ? all.filter((each) => each.status !== 'pending') : all.toSorted((a, b) => a.deadline.localeCompare(b.deadline))
  }, [query.data, decided])
  // Nothing chosen: the first one is shown, and stays. What is under a person's hand must not become another approval
  // because one came, was decided or expired.
  const [first, setFirst] = useState<{ id: string; show: string | undefined }>()
  if (wide && !search.id && items[0] && (!first || first.show !== search.show)) setFirst({ id: items[0].id, show: search.show })
  const id = search.id ?? (wide && first?.show === search.show ? first?.id : undefined)
  const list = useRef<HTMLUListElement>(null)
  // The list comes newest first, and the soonest deadline may be on its last page.
  const { hasNextPage, isFetching, isError, fetchNextPage } = query
  useEffect(() => {
    if (!decided && hasNextPage && !isFetching && !isError && items.length < mostWaiting) void fetchNextPage()
  }, [decided, hasNextPage, isFetching, isError, items.length, fetchNextPage])

  useEffect(() => {
    document.title = 'Approvals · Picket'
  }, [])
  const open = (next: string | undefined) => void navigate({ search: (now) => ({ ...now, id: next }), replace: wide })
  const move = (by: number) => {
    const at = items.findIndex((each) => each.id === id)
    const next = items[Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (!next) return
    open(next.id)
    list.current?.querySelector(`[data-id="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({ j: () => move(1), k: () => move(-1) })

  const showList = wide || !id
  return (
    <Page
      fill
      title="Approvals"
      sub={query.isSuccess ? <Sub items={items} decided={decided} more={query.hasNextPage} /> : 'What waits for a person'}
      actions={
        <div role="group" aria-label="Which approvals" className="flex rounded-md border border-line-strong/70 p-0.5 text-xs">
          {([undefined, 'decided'] as const).map((show) => (
            <Link
              key={show ?? 'pending'}
              to="/approvals"
              search={{ show }}
              aria-current={search.show === show ? 'true' : undefined}
              className={cn('rounded px-2.5 py-1 font-medium', search.show === show ? 'bg-accent-soft text-accent-text' : 'text-muted hover:bg-hover')}
            >
              {show ? 'Decided' : 'Waiting'}
            </Link>
          ))}
        </div>
      }
    >
      <div className="flex min-h-0 flex-1">
        {showList && (
          <div className="flex min-h-0 w-full flex-col border-line bg-surface lg:w-[360px] lg:shrink-0 lg:border-r">
            {query.isPending ? <SkeletonRows label="Loading approvals" rows={5} />
              : query.isError && items.length === 0 ? <div className="px-4"><ErrorState error={query.error} retry={() => void query.refetch()} what="the approvals" /></div>
                : items.length === 0 ? (
                  <Empty icon={Inbox} title={decided ? 'Nothing was decided yet' : 'Nothing waits for a decision'}>
                    <p>{decided ? 'Decisions are kept here, and for ever in the ledger.' : 'When a playbook wants to do something that changes the world, it asks here first.'}</p>
                  </Empty>
                ) : (
                  <ul ref={list} aria-label="Approvals" className="min-h-0 flex-1 overflow-auto">
                    {items.map((each) => <Item key={each.id} approval={each} current={each.id === id} open={() => open(each.id)} />)}
                    {query.hasNextPage && (
                      <li className="p-3"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Older ones</Button></li>
                    )}
                  </ul>
                )}
            {wide && items.length > 0 && (
              <p className="flex shrink-0 items-center gap-1 border-t border-line px-4 py-2 text-2xs text-muted">
                <Kbd>J</Kbd><Kbd>K</Kbd> next, previous {!decided && <><Kbd>A</Kbd> approve <Kbd>D</Kbd> deny</>}
              </p>
            )}
          </div>
        )}
        {id && (
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            {!wide && (
              <div className="shrink-0 border-b border-line bg-surface px-2 py-1">
                <Button variant="ghost" onClick={() => open(undefined)}><ArrowLeft />All approvals</Button>
              </div>
            )}
            <ReviewCard key={id} id={id} />
          </div>
        )}
      </div>
    </Page>
  )
}

function Sub({ items, decided, more }: { items: Approval[]; decided: boolean; more: boolean }) {
  const now = useNow()
  if (decided) return <>{items.length}{more ? '+' : ''} decided or expired</>
  const mine = items.filter((each) => each.may_decide).length
  const soon = items.filter((each) => Date.parse(each.deadline) - now < 30 * 60_000).length
  return <>{mine}{more ? '+' : ''} {mine === 1 ? 'waits' : 'wait'} for you{items.length > mine && ` · ${items.length - mine} for others`}{soon > 0 && ` · ${soon} within 30 minutes`}</>
}

function Item({ approval, current, open }: { approval: Approval; current: boolean; open: () => void }) {
  return (
    <li data-id={approval.id}>
      <button
        type="button"
        aria-current={current}
        onClick={open}
        className={cn('flex w-full flex-col gap-1.5 border-b border-line px-4 py-3 text-left -outline-offset-2', current ? 'bg-accent-soft' : 'hover:bg-hover')}
      >
        <span className="flex items-center gap-2">
          {approval.severity && <Severity value={approval.severity} />}
          {approval.verdict && <VerdictBadge value={approval.verdict} />}
          {approval.escalated && <span className="text-2xs font-medium text-high-text">escalated</span>}
          <span className="ml-auto flex items-center gap-1 text-xs text-muted">
            {approval.status === 'pending'
              ? <><Clock aria-hidden className="size-3.5" /><span className="sr-only">time left </span><Left until={approval.deadline} /></>
              : <><StatusBadge status={approval.status} /><When at={approval.decision?.at} /></>}
          </span>
        </span>
        <span className="text-[13px] font-medium [overflow-wrap:anywhere]">{inert(approval.title)}</span>
        <span className="font-mono text-2xs text-muted">{approval.playbook} · {approval.step}{!approval.may_decide && approval.status === 'pending' && ` · for ${aRole(approval.role)}`}</span>
      </button>
    </li>
  )
}
