import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BrainCircuit, CircleX } from 'lucide-react'
import { get, type List, type Schemas } from '@/api/client'
import { Badge } from '@/ui/badge'
import { Card } from '@/ui/page'

const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: async ({ signal }) => (await get<List<Schemas['Agent']>>('/v1/agents', undefined, signal)).items,
})

/** The agents that playbooks share: each a text with its goal, its instructions and its tools. */
export function Agents() {
  const query = useQuery(agentsQuery)
  if (!query.data || query.data.length === 0) return null
  return (
    <section aria-label="Agents">
      <h2 className="mb-2 text-sm font-semibold">Agents that playbooks share</h2>
      <ul className="grid gap-3 md:grid-cols-2">
        {query.data.map((agent) => (
          <li key={agent.name}>
            <Card className="relative h-full p-4 hover:border-accent/60">
              <div className="flex flex-wrap items-center gap-2">
                <BrainCircuit aria-hidden className="size-4 text-llm-text" />
                <h3 className="min-w-0 text-sm font-semibold"><Link to="/agents/$name" params={{ name: agent.name }} className="rounded after:absolute after:inset-0">{agent.title}</Link></h3>
                <code className="font-mono text-2xs text-muted">{agent.name}</code>
                <span className="ml-auto flex gap-1">
                  {agent.errors > 0 && <Badge tone="crit"><CircleX aria-hidden />{agent.errors} {agent.errors === 1 ? 'error' : 'errors'}</Badge>}
                  {agent.draft ? <Badge tone="wait">draft</Badge> : agent.newest > agent.version && <Badge tone="wait">version {agent.newest} not published</Badge>}
                  {agent.version > 0 && <Badge tone="line">version {agent.version}</Badge>}
                </span>
              </div>
              <p className="mt-1 text-muted">{agent.used_by.length > 0 ? `Used by ${agent.used_by.join(', ')}` : 'No playbook uses it'}</p>
              <p className="mt-2 flex flex-wrap items-center gap-1.5">
                {agent.tools.map((tool) => <Badge key={tool} tone="line" className="font-mono">{tool}</Badge>)}
                <span className="ml-auto text-xs text-muted">{agent.owner}</span>
              </p>
            </Card>
          </li>
        ))}
      </ul>
    </section>
  )
}
