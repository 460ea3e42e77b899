import { useQuery } from '@tanstack/react-query'
import { Plug } from 'lucide-react'
import { useEffect } from 'react'
import type { Connection, Operation } from '@/api/nouns'
import { connectionsQuery, operationsQuery } from '@/api/queries'
import { verbLook } from '@/runs/verbs'
import { Badge } from '@/ui/badge'
import { Card, CardHead, Page } from '@/ui/page'
import { SandboxBadge } from '@/ui/sandbox'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'

/** What playbooks can call: the connectors with their operations, and the configured accounts of each. */
export function Connections() {
  const connections = useQuery(connectionsQuery)
  const operations = useQuery(operationsQuery)
  useEffect(() => {
    document.title = 'Connections · Picket'
  }, [])
  const failed = connections.error ?? operations.error
  const connectors = [...new Set([...(operations.data ?? []), ...(connections.data ?? [])].map((each) => each.connector))].toSorted()
  return (
    <Page title="Connections" sub={operations.data && connections.data ? `${connections.data.length} connections · ${operations.data.length} operations` : 'What playbooks can call'}>
      {failed ? <ErrorState error={failed} retry={() => void Promise.all([connections.refetch(), operations.refetch()])} what="the connections" />
        : connections.isPending || operations.isPending ? <SkeletonRows label="Loading connections" rows={6} />
          : connectors.length === 0 ? <Empty icon={Plug} title="Nothing is configured"><p>Connections are set up in Picket’s configuration file.</p></Empty>
            : (
              <ul className="mx-auto max-w-6xl gap-4 lg:columns-2">
                {connectors.map((connector) => (
                  <li key={connector} className="mb-4 break-inside-avoid">
                    <Connector
                      name={connector}
                      connections={(connections.data ?? []).filter((each) => each.connector === connector)}
                      operations={(operations.data ?? []).filter((each) => each.connector === connector)}
                    />
                  </li>
                ))}
              </ul>
            )}
    </Page>
  )
}

function Connector({ name, connections, operations }: { name: string; connections: Connection[]; operations: Operation[] }) {
  return (
    <Card>
      <CardHead title={<code className="font-mono text-[13px] font-semibold text-fg">{name}</code>} right={connections.length === 0 && <Badge tone="line" title="Set up a connection in Picket’s configuration file before a playbook calls it">not connected</Badge>} />
      {connections.map((connection) => (
        <div key={connection.name} className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line bg-sunken px-4 py-2">
          <Plug aria-hidden className="size-3.5 text-muted" />
          <span className="font-medium">{connection.title || connection.name}</span>
          {connection.title && <code className="font-mono text-2xs text-muted">{connection.name}</code>}
          {connection.sandbox && <SandboxBadge name={connection.name} />}
          <code className="ml-auto font-mono text-2xs text-muted [overflow-wrap:anywhere]">{connection.base_url}</code>
        </div>
      ))}
      <ul>
        {operations.map((operation) => {
          const look = verbLook('action', operation.effect)
          return (
            <li key={operation.name} className="flex flex-wrap items-center gap-x-2.5 gap-y-0.5 border-b border-line px-4 py-2 last:border-0">
              <span title={look.name} className={`grid size-6 place-items-center rounded-md ${look.tint}`}><look.icon aria-hidden className="size-3.5" /></span>
              <span className="min-w-0 flex-1">
                <span className="block text-xs font-medium">{operation.title || operation.name}</span>
                <code className="block font-mono text-2xs text-muted">{operation.name}</code>
              </span>
              <Badge tone={operation.effect === 'consequential' ? 'crit' : 'info'}>{operation.effect}</Badge>
              {operation.confirm && <Badge tone="low" title="After a crash, whether it took effect is read back">can be read back</Badge>}
              {operation.untrusted && <Badge tone="high" title="Its output may hold an attacker’s text">untrusted output</Badge>}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
