import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { AlertTriangle, BookOpen, CircleX, ListChecks, ShieldAlert } from 'lucide-react'
import { useEffect } from 'react'
import type { Playbook } from '@/api/nouns'
import { playbooksQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Card, Page } from '@/ui/page'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { Agents } from './Agents'
import { NewPlaybook } from './NewPlaybook'
import { triggerText } from './text'

export function Playbooks() {
  const query = useQuery(playbooksQuery)
  useEffect(() => {
    document.title = 'Playbooks · Picket'
  }, [])
  const items = query.data ?? []
  return (
    <Page title="Playbooks" sub={query.data ? `${items.length} loaded, checked by the compiler` : 'What is done about alerts'} actions={<NewPlaybook playbooks={items} />}>
      {query.isPending ? <SkeletonRows label="Loading playbooks" rows={5} />
        : query.isError && items.length === 0 ? <ErrorState error={query.error} retry={() => void query.refetch()} what="the playbooks" />
          : items.length === 0 ? (
            <Empty icon={BookOpen} title="No playbooks are loaded">
              <p>Write one here, or start Picket with <code className="font-mono text-xs">--playbooks DIR</code> to load those of a directory.</p>
            </Empty>
          ) : (
            <div className="mx-auto max-w-6xl space-y-6">
              <ul className="grid gap-3 md:grid-cols-2">
                {items.map((playbook) => <li key={playbook.name}><Item playbook={playbook} /></li>)}
              </ul>
              <Agents />
            </div>
          )}
    </Page>
  )
}

function Item({ playbook }: { playbook: Playbook }) {
  return (
    <Card className="relative h-full p-4 hover:border-accent/60">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 text-sm font-semibold">
          <Link to="/playbooks/$name" params={{ name: playbook.name }} className="rounded after:absolute after:inset-0">{playbook.title || playbook.name}</Link>
        </h2>
        {playbook.title && <code className="font-mono text-2xs text-muted">{playbook.name}</code>}
        <span className="ml-auto flex gap-1">
          {playbook.draft && <Badge tone="wait">draft</Badge>}
          {!playbook.draft && playbook.newest > playbook.version && <Badge tone="wait">version {playbook.newest} not published</Badge>}
          {playbook.version > 0 && <Badge tone="line">version {playbook.version}</Badge>}
          {playbook.errors > 0 && <Badge tone="crit"><CircleX aria-hidden />{playbook.errors} {playbook.errors === 1 ? 'error' : 'errors'}{!playbook.draft && ': does not run'}</Badge>}
          {playbook.warnings > 0 && <Badge tone="med"><AlertTriangle aria-hidden />{playbook.warnings} {playbook.warnings === 1 ? 'warning' : 'warnings'}</Badge>}
        </span>
      </div>
      <p className="mt-1 text-muted">
        {playbook.triggers.length > 0 ? playbook.triggers.map(triggerText).join(' · ') : 'No trigger'}
      </p>
      <p className="mt-2 flex flex-wrap items-center gap-1.5">
        <Badge><ListChecks aria-hidden />{playbook.steps} steps</Badge>
        {playbook.consequential > 0
          ? <Badge tone="crit"><ShieldAlert aria-hidden />{playbook.consequential} consequential, behind approval</Badge>
          : <Badge tone="ok">changes nothing outside</Badge>}
        {playbook.attack.map((id) => <Badge key={id} tone="accent" className="font-mono">{id}</Badge>)}
        {playbook.labels.map((label) => <Badge key={label} tone="line">{label}</Badge>)}
        <span className="ml-auto text-xs text-muted">{playbook.owner}</span>
      </p>
    </Card>
  )
}
