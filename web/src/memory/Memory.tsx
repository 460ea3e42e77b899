import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Brain, Check, Plus, Undo2, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { call, get, type List, type Schemas } from '@/api/client'
import { sessionQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Field, readValue, type FieldSpec, type FieldValue, Reason } from '@/ui/field'
import { inert } from '@/ui/inert'
import { Card, Page } from '@/ui/page'
import { Segments } from '@/ui/segments'
import { ActionError, Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { useNow, When } from '@/ui/time'
import { Untrusted } from '@/ui/untrusted'

type Fact = Schemas['Fact']
export type FactStatus = Fact['status']

const route = getRouteApi('/app/memory')
const shown = [['proposed', 'To decide'], ['approved', 'Known'], ['all', 'All']] as const

const factsQuery = (status: string) =>
  queryOptions({
    queryKey: ['facts', status],
    queryFn: async ({ signal }) => (await get<List<Fact>>('/v1/facts', { status: status === 'all' ? undefined : status }, signal)).items,
  })

/** What the organisation knows of its hosts, people and addresses: proposed by anybody, believed once it is approved. */
export function Memory() {
  const { show = 'approved' } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(factsQuery(show))
  const [proposing, setProposing] = useState(false)
  useEffect(() => {
    document.title = 'Memory · Picket'
  }, [])
  return (
    <Page
      title="Memory" sub="What the organisation knows of its hosts, people and addresses: evidence for verdicts, never instructions"
      actions={<Button variant="primary" onClick={() => setProposing(true)}><Plus />Propose a fact</Button>}
    >
      <div className="mx-auto max-w-4xl space-y-4">
        <Segments label="Which facts" options={shown} value={show} onChange={(each) => void navigate({ search: { show: each === 'approved' ? undefined : each }, replace: true })} />
        {query.isError ? <ErrorState error={query.error} retry={() => void query.refetch()} what="the facts" />
          : query.isPending ? <SkeletonRows label="Loading the facts" rows={4} />
            : query.data.length === 0 ? (
              <Empty icon={Brain} title={show === 'proposed' ? 'Nothing waits for a decision' : 'Nothing is known yet'}>
                <p>A fact such as “this host scans the network on Mondays” saves the next analyst the question. Playbooks read them with <code className="font-mono text-xs">memory.lookup</code>.</p>
              </Empty>
            ) : <ul aria-label="Facts" className="space-y-3">{query.data.map((fact) => <li key={fact.id}><Item fact={fact} /></li>)}</ul>}
      </div>
      {proposing && <Propose close={() => setProposing(false)} />}
    </Page>
  )
}

const tones = { proposed: 'wait', approved: 'ok', rejected: 'line', revoked: 'line' } as const

function Item({ fact }: { fact: Fact }) {
  const { data: session } = useQuery(sessionQuery)
  const [deciding, setDeciding] = useState<FactStatus>()
  const roles = session?.user?.roles ?? []
  const leads = roles.includes('lead') || roles.includes('admin')
  const own = fact.proposed_by === session?.user?.name
  const may = leads || (roles.includes('responder') && !own)
  const over = Date.parse(fact.expires_at) <= useNow(60_000)
  return (
    <Card className="p-4">
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone="line">{fact.type}</Badge>
        <code className="font-mono text-[13px] font-medium [overflow-wrap:anywhere]">{inert(fact.value)}</code>
        <Badge tone={tones[fact.status]}>{fact.status}</Badge>
        {over && fact.status === 'approved' && <Badge tone="high">expired</Badge>}
        {may && (
          <span className="ml-auto flex gap-1.5">
            {fact.status === 'proposed' && <Button variant="ok" onClick={() => setDeciding('approved')}><Check />Approve…</Button>}
            {fact.status === 'proposed' && <Button onClick={() => setDeciding('rejected')}><X />Reject…</Button>}
            {fact.status === 'approved' && <Button onClick={() => setDeciding('revoked')}><Undo2 />Revoke…</Button>}
          </span>
        )}
      </div>
      <p className="mt-2 [overflow-wrap:anywhere]">{fact.proposed_by === 'playbook' ? <Untrusted>{fact.text}</Untrusted> : inert(fact.text)}</p>
      <p className="mt-1 text-xs text-muted [overflow-wrap:anywhere]">
        From <Source text={fact.source} /> · {inert(fact.owner)} answers for it · proposed by {fact.proposed_by === 'playbook' ? 'a playbook' : fact.proposed_by}, <When at={fact.proposed_at} /> · until <When at={fact.expires_at} exact />
      </p>
      {fact.decided_by && <p className="mt-1 text-xs text-muted [overflow-wrap:anywhere]">{fact.status} by {fact.decided_by}{fact.reason && `: ${inert(fact.reason)}`}</p>}
      {fact.status === 'proposed' && !may && <p className="mt-1 text-xs text-muted">{own ? 'Somebody else decides on it.' : 'A responder, a lead or an admin decides on it.'}</p>}
      {deciding && <Decide fact={fact} status={deciding} close={() => setDeciding(undefined)} />}
    </Card>
  )
}

const Source = ({ text }: { text: string }) =>
  /^run_[0-9A-Z]{26}$/.test(text) ? <Link to="/runs/$id" params={{ id: text }} search={{}} className="font-mono text-accent-text underline underline-offset-2">{text}</Link> : <>{inert(text)}</>

const words: Record<string, { title: string; verb: string }> = {
  approved: { title: 'Shall this be believed?', verb: 'Approve' },
  rejected: { title: 'Reject the proposal?', verb: 'Reject' },
  revoked: { title: 'Shall this not be believed any more?', verb: 'Revoke' },
}

function Decide({ fact, status, close }: { fact: Fact; status: FactStatus; close: () => void }) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const decide = useMutation({
    mutationFn: () => call<Fact>('POST', `/v1/facts/${encodeURIComponent(fact.id)}/decision`, { body: { status, reason: reason.trim() } }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['facts'] })
      close()
    },
  })
  const { title, verb } = words[status]!
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title={title} description={`${fact.value}: ${fact.text}`}>
        <form className="space-y-3 p-4" onSubmit={(event) => {
          event.preventDefault()
          if (reason.trim() && !decide.isPending) decide.mutate()
        }}>
          <Reason rows={2} value={reason} onChange={setReason} />
          <ActionError error={decide.error} />
          <div className="flex justify-end gap-2">
            <Button size="md" onClick={close}>Not now</Button>
            <Button type="submit" size="md" variant="primary" disabled={!reason.trim() || decide.isPending}>{verb}</Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  )
}

const fields: FieldSpec[] = [
  { name: 'type', type: 'choice', title: 'What it is about', options: ['user', 'email', 'host', 'ip', 'domain', 'url', 'hash', 'file', 'other'], required: true },
  { name: 'value', type: 'string', title: 'Its name or address', required: true, maxLength: 500 },
  { name: 'text', type: 'text', title: 'What is to be known', required: true, maxLength: 500 },
  { name: 'source', type: 'string', title: 'Where it is known from', required: true, maxLength: 500 },
  { name: 'owner', type: 'string', title: 'Who answers for it (you, unless named)', maxLength: 100 },
  { name: 'days', type: 'integer', title: 'Days until it expires', required: true, min: 1, max: 365 },
]

function Propose({ close }: { close: () => void }) {
  const client = useQueryClient()
  const navigate = route.useNavigate()
  const [values, setValues] = useState<Record<string, FieldValue>>({ days: '90' })
  const [tried, setTried] = useState(false)
  const read = Object.fromEntries(fields.map((field) => [field.name, readValue(field, values[field.name] ?? '')]))
  const propose = useMutation({
    mutationFn: () => call<Fact>('POST', '/v1/facts', { body: Object.fromEntries(Object.entries(read).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]]))) }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['facts'] })
      void navigate({ search: { show: 'proposed' }, replace: true })
      close()
    },
  })
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title="Propose a fact" description="It counts once somebody has approved it, and until it expires.">
        <form className="space-y-3 overflow-auto p-4" noValidate onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (!propose.isPending && Object.values(read).every((each) => !each.wrong)) propose.mutate()
        }}>
          {fields.map((field, i) => (
            <Field key={field.name} field={field} value={values[field.name] ?? ''} wrong={tried ? read[field.name]!.wrong : undefined} autoFocus={i === 0} onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))} />
          ))}
          <ActionError error={propose.error} />
          <div className="flex justify-end gap-2">
            <Button size="md" onClick={close}>Not now</Button>
            <Button type="submit" size="md" variant="primary" disabled={propose.isPending}>Propose</Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  )
}
