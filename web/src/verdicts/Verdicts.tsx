import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Download, Scale } from 'lucide-react'
import { useEffect } from 'react'
import type { Accuracy } from '@/api/nouns'
import { accuracyQuery, modelsQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { buttonClass } from '@/ui/button'
import { cn } from '@/ui/cn'
import { formatCost } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { Card, CardHead, Fact, Page } from '@/ui/page'
import { Segments } from '@/ui/segments'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { When } from '@/ui/time'
import { Measure } from './Measure'

const route = getRouteApi('/app/verdicts')
const groups = [['model', 'By model'], ['rule', 'By rule'], ['playbook', 'By playbook']] as const

/** How often verdicts are right, by what people say of them; and how the providers of models do. */
export function Verdicts() {
  const { by = 'model' } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery(accuracyQuery(by))
  useEffect(() => {
    document.title = 'Verdicts · Picket'
  }, [])
  return (
    <Page
      title="Verdicts" sub="How often they are right, by what people say of them"
      actions={<a href="/v1/verdicts/dataset" download className={buttonClass({})}><Download />Judged alerts as a data set</a>}
    >
      <div className="mx-auto max-w-5xl space-y-4">
        <Providers />
        <Segments label="Group" options={groups} value={by} onChange={(each) => void navigate({ search: { by: each === 'model' ? undefined : each }, replace: true })} />
        {query.isError ? <ErrorState error={query.error} retry={() => void query.refetch()} what="the figures" />
          : query.isPending ? <SkeletonRows label="Loading the figures" rows={4} />
            : query.data.length === 0 ? <Empty icon={Scale} title="Nobody has judged a verdict yet"><p>Open a run that gave one, and agree with it or correct it: the figures begin there.</p></Empty>
              : query.data.map((line) => <Line key={line.key} line={line} />)}
        <Measure />
        <p className="text-xs text-muted">
          The figures know the verdicts that somebody judged and no others: where people look at the doubtful ones first, they are worse than the truth. Intervals hold 95 % (Wilson).
          Larger sets are measured on the command line, with <code className="font-mono">picket eval</code>.
        </p>
      </div>
    </Page>
  )
}

function Line({ line }: { line: Accuracy }) {
  return (
    <Card>
      <CardHead title={<><code className="font-mono text-[13px] font-semibold text-fg">{inert(line.key)}</code>{line.name && <span className="ml-2">{inert(line.name)}</span>}</>} right={<span>{line.judged.toLocaleString('en')} judged</span>} />
      <div className="grid gap-x-6 gap-y-4 p-4 sm:grid-cols-2 lg:grid-cols-4">
        <Interval name="On the wrong side" rate={line.wrong} />
        <Interval name="Called benign, but malicious" rate={line.missed} grave />
        <Interval name="False alarms" rate={line.false_alarms} />
        <Interval name="No verdict" rate={line.abstained} />
      </div>
      {line.calibration && (
        <div className="overflow-auto border-t border-line px-4 py-3" tabIndex={0} role="region" aria-label={`Calibration of ${line.key}`}>
          <table className="w-full min-w-96 text-left text-xs tabular-nums">
            <caption className="pb-1 text-left text-muted">What its stated confidence comes to ({line.calibration.verdicts} verdicts)</caption>
            <thead className="text-muted"><tr><th className="py-1 font-medium">it states</th><th className="font-medium">judged</th><th className="font-medium">right</th><th className="font-medium">calibrated</th></tr></thead>
            <tbody>
              {line.calibration.bins.map((bin) => (
                <tr key={bin.from} className="border-t border-line">
                  <td className="py-1">{Math.round(bin.from * 100)} to {Math.round(bin.to * 100)} %</td><td>{bin.verdicts}</td><td>{bin.right}</td><td>{Math.round(bin.calibrated * 100)} %</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  )
}

const percent = (share: number) => `${Math.round(share * 100)} %`

/** A rate with its interval, drawn and in words. */
function Interval({ name, rate, grave = false }: { name: string; rate: Accuracy['wrong']; grave?: boolean }) {
  const known = rate.value !== null && rate.interval
  return (
    <div>
      <p className="text-xs text-muted">{name}</p>
      <p className="font-medium tabular-nums">
        {known ? percent(rate.value!) : 'not known'} <span className="text-xs font-normal text-muted">{known ? `${percent(rate.interval!.low)} to ${percent(rate.interval!.high)} · ` : ''}{rate.count} of {rate.of}</span>
      </p>
      <div aria-hidden className="relative mt-1.5 h-2 rounded-full bg-sunken">
        {known && (
          <>
            <i className={cn('absolute inset-y-0 rounded-full opacity-35', grave ? 'bg-crit' : 'bg-accent')} style={{ left: `${rate.interval!.low * 100}%`, width: `${Math.max(1, (rate.interval!.high - rate.interval!.low) * 100)}%` }} />
            <i className={cn('absolute -inset-y-0.5 w-0.5', grave ? 'bg-crit' : 'bg-accent')} style={{ left: `${rate.value! * 100}%` }} />
          </>
        )}
      </div>
    </div>
  )
}

/** The providers over the network, and how far the budgets are spent. */
function Providers() {
  const { data } = useQuery(modelsQuery)
  if (!data) return null
  return (
    <Card>
      <CardHead title="Models" right={<span>asked in this order: {data.default.join(', ')}</span>} />
      {data.providers.length === 0 && data.budgets.length === 0 ? (
        <p className="p-4 text-muted">No model is configured: the built-in scorer weighs evidence by declared rules. Models are set up in Picket’s configuration file.</p>
      ) : (
        <div className="divide-y divide-line">
          {data.providers.map((provider) => (
            <div key={provider.name} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
              <code className="font-mono text-xs font-medium">{provider.name}</code>
              <Badge tone={provider.state === 'closed' ? 'ok' : provider.state === 'open' ? 'crit' : 'high'}>{{ closed: 'well', open: 'left alone', 'half-open': 'being tried' }[provider.state]}</Badge>
              {provider.until && <span className="text-xs text-muted">until <When at={provider.until} exact /></span>}
              {provider.last_error && <span className="min-w-0 flex-1 truncate text-xs text-muted">{inert(provider.last_error)}</span>}
            </div>
          ))}
          {data.budgets.map((budget) => (
            <dl key={budget.playbook ?? ''} className="flex flex-wrap gap-x-8 gap-y-2 px-4 py-2">
              <Fact name="Budget of a day">{budget.playbook ?? 'all playbooks'}</Fact>
              {budget.day_usd > 0 && <Fact name="Cost">{formatCost(budget.usd)} of {formatCost(budget.day_usd)}</Fact>}
              {budget.day_tokens > 0 && <Fact name="Tokens">{budget.tokens.toLocaleString('en')} of {budget.day_tokens.toLocaleString('en')}</Fact>}
              <Fact name="Begins anew"><When at={budget.frees} exact /></Fact>
            </dl>
          ))}
        </div>
      )}
    </Card>
  )
}
