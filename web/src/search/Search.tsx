import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, type LinkProps } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import { useEffect } from 'react'
import { get, type List, type Schemas } from '@/api/client'
import { SearchField } from '@/ui/filter'
import { Card, CardHead, Page } from '@/ui/page'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'

type Hit = Schemas['Hit']

const route = getRouteApi('/app/search')
const most = 50

const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ['search', q],
    queryFn: async ({ signal }) => (await get<List<Hit>>('/v1/search', { q, limit: most }, signal)).items,
    enabled: q.length >= 2,
    placeholderData: keepPreviousData,
  })

const kinds: { kind: Hit['kind']; title: string }[] = [
  { kind: 'alert', title: 'Alerts' }, { kind: 'run', title: 'Runs' }, { kind: 'approval', title: 'Approvals' },
  { kind: 'playbook', title: 'Playbooks' }, { kind: 'fact', title: 'What is known' },
]

function leadsTo({ kind, id }: Hit): Pick<LinkProps, 'to' | 'params' | 'search'> {
  switch (kind) {
    case 'alert': return { to: '/alerts/$id', params: { id } }
    case 'run': return { to: '/runs/$id', params: { id }, search: {} }
    case 'approval': return { to: '/approvals', search: { id } }
    case 'playbook': return { to: '/playbooks/$name', params: { name: id }, search: {} }
    default: return { to: '/memory', search: { show: 'all' } }
  }
}

/** What holds a text, of every kind that there is. */
export function Search() {
  const { q = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(searchQuery(q))
  useEffect(() => {
    document.title = `${q ? `${q} · ` : ''}Search · Picket`
  }, [q])
  const found = q.length < 2 ? [] : (query.data ?? [])
  return (
    <Page title="Search" sub="Alerts, runs, approvals, playbooks and what the organisation knows: the newest of each">
      <div className="mx-auto max-w-4xl space-y-4">
        <SearchField label="Search everywhere" value={q || undefined} onChange={(next) => void navigate({ search: { q: next }, replace: true })} />
        {query.isError ? <ErrorState error={query.error} retry={() => void query.refetch()} what="what was found" />
          : q.length < 2 ? <p className="text-muted">Write two characters at least: a host, an address, a user, a word of a title, an id.</p>
            : query.isPending ? <SkeletonRows label="Searching" rows={6} />
              : found.length === 0 ? <Empty icon={SearchX} title="Nothing holds this text"><p>Alerts are searched by title, user, host, address, rule and id; playbooks by their whole text.</p></Empty>
                : kinds.map(({ kind, title }) => {
                  const hits = found.filter((each) => each.kind === kind)
                  return hits.length > 0 && (
                    <Card key={kind}>
                      <CardHead title={`${title} (${hits.length}${hits.length === most ? '+' : ''})`} />
                      <ul aria-label={title}>
                        {hits.map((each) => (
                          <li key={each.id} className="relative border-b border-line px-4 py-2 last:border-0 hover:bg-hover">
                            <p className="flex items-center gap-3">
                              <Link {...leadsTo(each)} className="min-w-0 flex-1 truncate font-medium after:absolute after:inset-0"><Untrusted className="bg-transparent shadow-none">{each.title}</Untrusted></Link>
                              {each.at && <When at={each.at} className="shrink-0 text-xs text-muted" />}
                            </p>
                            {each.detail && <p className="truncate text-xs text-muted"><Untrusted className="bg-transparent shadow-none">{each.detail}</Untrusted></p>}
                          </li>
                        ))}
                      </ul>
                    </Card>
                  )
                })}
      </div>
    </Page>
  )
}
