import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { useEffect, useState } from 'react'
import { call } from '@/api/client'
import type { Alert, Run } from '@/api/nouns'
import { alertQuery, playbooksQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button, CopyButton } from '@/ui/button'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { Menu, MenuContent, MenuItem, MenuTrigger } from '@/ui/menu'
import { Card, CardHead, Fact, Page } from '@/ui/page'
import { Severity, VerdictBadge } from '@/ui/severity'
import { ActionError, ErrorState, Skeleton } from '@/ui/states'
import { StatusBadge } from '@/ui/status'
import { When } from '@/ui/time'
import { Untrusted, UntrustedBadge } from '@/ui/untrusted'
import { ChangeAlert, Changes, StateBadge } from './Change'
import { Conclusion } from './Conclusion'
import { facts } from './facts'

const route = getRouteApi('/app/alerts/$id')

export function AlertPage() {
  const { id } = route.useParams()
  const { at } = route.useSearch()
  const query = useQuery(alertQuery(id))
  const alert = query.data?.alert
  useEffect(() => {
    document.title = `${alert?.title ?? 'Alert'} · Picket`
  }, [alert?.title])
  if (query.isError) return <Page title="Alert"><ErrorState error={query.error} retry={() => void query.refetch()} what="the alert" /></Page>
  if (!query.data || !alert) return <Loading />
  return (
    <Page
      longTitle
      title={<><Severity value={alert.state?.severity ?? alert.severity} />{alert.state?.status === 'closed' && <StateBadge status="closed" />}<Untrusted className="min-w-0">{alert.title}</Untrusted></>}
      sub={<>
        From <b className="font-medium">{alert.source}</b>
        {(alert.vendor || alert.product) && ` (${madeBy(alert)})`}
        {alert.state && alert.state.severity !== alert.severity && <> at {alert.severity}</>}
        {' · '}happened <When at={alert.time} exact />{' · '}received <When at={alert.received_at} />
      </>}
      actions={<><ChangeAlert alert={alert} /><StartRun alert={alert} /></>}
    >
      <div className="mx-auto grid max-w-6xl gap-4 xl:grid-cols-[minmax(0,1fr)_340px]">
        <div className="min-w-0 space-y-4">
          <Conclusion runs={query.data.runs} />
          {alert.description && (
            <Card>
              <CardHead title="What the source says" right={<UntrustedBadge />} />
              <p className="whitespace-pre-wrap break-words p-4"><Untrusted>{alert.description}</Untrusted></p>
            </Card>
          )}
          <Changes changes={query.data.changes} />
          <Runs runs={query.data.runs} />
          <Facts alert={alert} />
          <Observables alert={alert} />
          {alert.mail.body && (
            <Card>
              <CardHead title="The mail’s body, as text" right={<UntrustedBadge />} />
              <pre className="max-h-96 overflow-auto whitespace-pre-wrap break-words border-l-2 border-high p-4 font-mono text-xs" tabIndex={0}>
                <Untrusted className="bg-transparent shadow-none">{alert.mail.body}</Untrusted>
              </pre>
            </Card>
          )}
          <Documents alert={alert} at={at} />
        </div>
        <aside aria-label="About this alert" className="min-w-0 space-y-4">
          <About alert={alert} />
        </aside>
      </div>
    </Page>
  )
}

/** The product with its maker, unless the product's name has it already. */
function madeBy({ vendor = '', product = '' }: Alert): string {
  return inert(product.startsWith(vendor) ? product || vendor : `${vendor} ${product}`.trim())
}

function Loading() {
  return (
    <Page title="Alert">
      <div role="status" aria-label="Loading the alert" className="mx-auto max-w-6xl space-y-4">
        <Skeleton className="h-24" />
        <Skeleton className="h-48" />
        <Skeleton className="h-48" />
      </div>
    </Page>
  )
}

function StartRun({ alert }: { alert: Alert }) {
  const navigate = route.useNavigate()
  const { data: playbooks = [] } = useQuery(playbooksQuery)
  const usable = playbooks.filter((playbook) => playbook.digest)
  const start = useMutation({
    mutationFn: (playbook: string) => call<Run>('POST', `/v1/alerts/${encodeURIComponent(alert.id)}/runs`, { body: { playbook } }),
    onSuccess: (run) => void navigate({ to: '/runs/$id', params: { id: run.id } }),
  })
  if (usable.length === 0) return null
  return (
    <>
      <ActionError error={start.error} />
      <Menu>
        <MenuTrigger asChild>
          <Button variant="primary" disabled={start.isPending}>
            <Play />
            {start.isPending ? 'Starting…' : 'Run a playbook'}
          </Button>
        </MenuTrigger>
        <MenuContent align="end">
          {usable.map((playbook) => (
            <MenuItem key={playbook.name} onSelect={() => start.mutate(playbook.name)}>
              <span>
                <span className="block">{playbook.title || playbook.name}</span>
                <span className="block text-2xs text-muted">
                  {playbook.steps} steps{playbook.consequential > 0 ? `, ${playbook.consequential} behind an approval` : ', changes nothing'}
                </span>
              </span>
            </MenuItem>
          ))}
        </MenuContent>
      </Menu>
    </>
  )
}

function Runs({ runs }: { runs: Run[] }) {
  return (
    <Card>
      <CardHead title={`Runs (${runs.length})`} />
      {runs.length === 0 ? (
        <p className="p-4 text-muted">No playbook’s trigger matched this alert. Run one by hand with the button above.</p>
      ) : (
        <ul>
          {runs.map((run) => (
            <li key={run.id} className="relative flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5 last:border-0 hover:bg-hover">
              <StatusBadge status={run.status} />
              <Link to="/runs/$id" params={{ id: run.id }} className="font-medium after:absolute after:inset-0">{run.playbook}</Link>
              {run.verdict && <VerdictBadge value={run.verdict} />}
              <span className="min-w-0 flex-1 truncate text-xs text-muted"><Untrusted className="bg-transparent shadow-none">{run.reason ?? ''}</Untrusted></span>
              <When at={run.created_at} className="text-xs text-muted" />
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Facts({ alert }: { alert: Alert }) {
  const found = facts(alert)
  if (found.length === 0) return null
  return (
    <Card>
      <CardHead title="Facts" right={<UntrustedBadge />} />
      <dl className="grid gap-x-6 gap-y-3 p-4 sm:grid-cols-2 lg:grid-cols-3">
        {found.map((fact) => (
          <div key={fact.pointer} className={fact.value.length > 60 ? 'min-w-0 sm:col-span-2 lg:col-span-3' : 'min-w-0'}>
            <dt className="text-xs text-muted">{fact.name}</dt>
            <dd className="flex min-w-0 items-start gap-1">
              <Untrusted className="min-w-0 font-mono text-xs leading-5 [overflow-wrap:anywhere]">{fact.value}</Untrusted>
              <CopyButton text={fact.value} label={`Copy ${fact.name}`} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function Observables({ alert }: { alert: Alert }) {
  const [all, setAll] = useState(false)
  const shown = all ? alert.observables : alert.observables.slice(0, 12)
  if (alert.observables.length === 0) return null
  return (
    <Card>
      <CardHead title={`Observables (${alert.observables.length})`} right={<UntrustedBadge />} />
      <ul>
        {shown.map((observable, i) => (
          <li key={i} className="flex items-start gap-3 border-b border-line px-4 py-1.5 last:border-0">
            <Badge tone="line" className="mt-0.5 w-20 justify-center">{observable.type}</Badge>
            <Untrusted className="min-w-0 flex-1 font-mono text-xs leading-5 [overflow-wrap:anywhere]">{observable.value}</Untrusted>
            <span className="shrink-0 text-xs text-muted">{observable.role}</span>
            <CopyButton text={observable.value} label={`Copy ${observable.type}`} />
          </li>
        ))}
      </ul>
      {alert.observables.length > shown.length && (
        <div className="px-4 py-2"><Button variant="ghost" onClick={() => setAll(true)}>Show all {alert.observables.length}</Button></div>
      )}
    </Card>
  )
}

/** The alert as JSON: normalised, and as the source sent it. Opened by hand, or by a citation that points into it. */
function Documents({ alert, at }: { alert: Alert; at: string | undefined }) {
  const { raw, state: _, ...normalised } = alert
  const inRaw = at !== undefined && /^\/raw(\/|$)/.test(at)
  const [byHand, setOpen] = useState<'normalised' | 'raw' | 'none'>()
  const open = byHand ?? (at === undefined ? 'none' : inRaw ? 'raw' : 'normalised')
  return (
    <div className="space-y-3">
      <div role="group" aria-label="Documents" className="flex flex-wrap gap-2">
        <Button aria-expanded={open === 'normalised'} onClick={() => setOpen(open === 'normalised' ? 'none' : 'normalised')}>The alert as Picket reads it</Button>
        <Button aria-expanded={open === 'raw'} onClick={() => setOpen(open === 'raw' ? 'none' : 'raw')}>The source’s own document</Button>
      </div>
      {open === 'normalised' && <JsonView level="h2" title="The alert as Picket reads it" value={normalised} untrusted mark={inRaw ? undefined : at} />}
      {open === 'raw' && <JsonView level="h2" title="The source’s own document" value={raw} untrusted mark={inRaw ? at.replace(/^\/raw/, '') : undefined} />}
    </div>
  )
}

function About({ alert }: { alert: Alert }) {
  const rule = [alert.rule.name, alert.rule.id && `(${alert.rule.id})`].filter(Boolean).join(' ')
  return (
    <Card>
      <CardHead title="About" />
      <dl className="space-y-3 p-4">
        {rule && <Fact name="Rule"><Untrusted>{rule}</Untrusted></Fact>}
        {!!alert.rule.level && <Fact name="Level, on the source’s own scale">{alert.rule.level}</Fact>}
        {alert.rule.groups.length > 0 && (
          <Fact name="Groups"><span className="flex flex-wrap gap-1">{alert.rule.groups.map((group) => <Badge key={group}>{group}</Badge>)}</span></Fact>
        )}
        {alert.attack.length > 0 && (
          <Fact name="ATT&CK"><span className="flex flex-wrap gap-1">{alert.attack.map((id) => <Badge key={id} tone="accent" className="font-mono">{id}</Badge>)}</span></Fact>
        )}
        {alert.labels.length > 0 && (
          <Fact name="Labels"><span className="flex flex-wrap gap-1">{alert.labels.map((label) => <Badge key={label} tone="line">{label}</Badge>)}</span></Fact>
        )}
        <Fact name="Alert id">
          <span className="flex items-center gap-1 font-mono text-xs">{alert.id}<CopyButton text={alert.id} label="Copy the alert’s id" /></span>
        </Fact>
        {alert.source_id && <Fact name="Id at the source"><Untrusted className="font-mono text-xs [overflow-wrap:anywhere]">{alert.source_id}</Untrusted></Fact>}
        <Fact name="OCSF class">{alert.class_uid}</Fact>
      </dl>
    </Card>
  )
}
