import { useMutation, useQuery } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useState } from 'react'
import { call, type Schemas } from '@/api/client'
import { modelsQuery, sessionQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { formatCost, formatDuration } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { Card, CardHead } from '@/ui/page'
import { ActionError } from '@/ui/states'
import { Untrusted } from '@/ui/untrusted'

type Measured = Schemas['Measured']
type Report = Schemas['MeasuredReport']
type Rate = Schemas['Rate']
type Figure = Schemas['Measure']

const sets = [['judged', 'the alerts that people have judged here'], ['sample', 'the labelled alerts that come with Picket'], ['upload', 'a file of mine (JSON Lines)']] as const
const control = 'mt-1 h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-[13px] font-normal'

/** Measures a provider on labelled alerts, or compares two: figures with intervals, beside what asks nothing at all. */
export function Measure() {
  const models = useQuery(modelsQuery)
  const { data: session } = useQuery(sessionQuery)
  const [set, setSet] = useState<'judged' | 'sample' | 'upload'>('sample')
  const [file, setFile] = useState<{ name: string; text: string }>()
  const [provider, setProvider] = useState('builtin')
  const [against, setAgainst] = useState('')
  const [limit, setLimit] = useState('200')
  const [split, setSplit] = useState('0')
  const [repeats, setRepeats] = useState('1')
  const [inject, setInject] = useState(false)
  const may = session?.user?.roles.some((role) => role === 'lead' || role === 'admin')
  const run = useMutation({
    mutationFn: () => call<Measured>('POST', '/v1/verdicts/measure', {
      body: { set, provider, ...(against && { against }), limit: Number(limit), split: Number(split), repeats: Number(repeats), inject, ...(set === 'upload' && { alerts: file?.text ?? '' }) },
    }),
  })
  const names = models.data?.names ?? []
  const bounded = /^\d+$/.test(limit) && Number(limit) >= 1 && Number(limit) <= 500
  return (
    <Card>
      <CardHead title="Measure a provider" right={<span>on labelled alerts, within the budgets</span>} />
      {!may ? <p className="p-4 text-muted">Measuring a model may cost money: a lead or an admin does it.</p> : (
        <form className="grid gap-3 p-4 sm:grid-cols-2 lg:grid-cols-4" onSubmit={(event) => {
          event.preventDefault()
          if (!run.isPending && bounded) run.mutate()
        }}>
          <label className="text-xs font-medium">
            On
            <select className={control} value={set} onChange={(event) => setSet(event.target.value as typeof set)}>
              {sets.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
            </select>
          </label>
          <label className="text-xs font-medium">
            Provider
            <select className={control} value={provider} onChange={(event) => setProvider(event.target.value)}>{names.map((name) => <option key={name}>{name}</option>)}</select>
          </label>
          <label className="text-xs font-medium">
            Compared with
            <select className={control} value={against} onChange={(event) => setAgainst(event.target.value)}>
              <option value="">nothing</option>
              {names.filter((name) => name !== provider).map((name) => <option key={name}>{name}</option>)}
            </select>
          </label>
          <label className="text-xs font-medium">
            At most so many alerts
            <input className={control} inputMode="numeric" value={limit} onChange={(event) => setLimit(event.target.value)} aria-invalid={!bounded} />
          </label>
          <label className="text-xs font-medium">
            Left out, by group
            <select className={control} value={split} onChange={(event) => setSplit(event.target.value)}>
              <option value="0">nothing</option>
              {[0.25, 0.5, 0.75].map((share) => <option key={share} value={share}>{share * 100} %, which a prompt was written with</option>)}
            </select>
          </label>
          <label className="text-xs font-medium">
            Asked about each alert
            <select className={control} value={repeats} onChange={(event) => setRepeats(event.target.value)}>
              <option value="1">once</option>
              {[2, 3, 5].map((times) => <option key={times} value={times}>{times} times, to see verdicts flip</option>)}
            </select>
          </label>
          {set === 'upload' && (
            <label className="text-xs font-medium sm:col-span-2">
              The file
              <input type="file" accept=".jsonl,.ndjson,application/x-ndjson" className={`${control} py-1.5`} onChange={(event) => {
                const chosen = event.target.files?.[0]
                void chosen?.text().then((text) => setFile({ name: chosen.name, text }))
              }} />
            </label>
          )}
          <label className="flex items-center gap-2 text-[13px] sm:col-span-2">
            <input type="checkbox" className="size-4 accent-[var(--color-accent)]" checked={inject} onChange={(event) => setInject(event.target.checked)} />
            Ask again with text in the alert that asks for a benign verdict
          </label>
          <div className="flex items-center justify-end gap-3 sm:col-span-2">
            {run.isPending && <span role="status" className="text-xs text-muted">Every alert is asked about; that may take minutes.</span>}
            <Button type="submit" size="md" variant="primary" disabled={run.isPending || !bounded || (set === 'upload' && !file)}><FlaskConical />{run.isPending ? 'Being measured…' : 'Measure'}</Button>
          </div>
          {run.error && <div className="sm:col-span-2 lg:col-span-4"><ActionError error={run.error} /></div>}
        </form>
      )}
      {run.data && <Shown measured={run.data} />}
    </Card>
  )
}

function Shown({ measured }: { measured: Measured }) {
  const { set, reports, comparison } = measured
  return (
    <section aria-label="What was measured" className="space-y-5 border-t border-line p-4">
      <p className="text-xs text-muted">{set.held} of {set.all} alerts of {set.name}. Intervals hold 95 %.</p>
      {comparison && (
        <p>
          {comparison.names[1]} has a balanced accuracy {signed(comparison.balanced_accuracy_overall_difference)} against {comparison.names[0]}, with abstentions counted as wrong.
          Only {comparison.names[0]} is right on {comparison.only_first_right} alerts, only {comparison.names[1]} on {comparison.only_second_right} (p = {comparison.p_value.toFixed(3)}).
        </p>
      )}
      {reports.map((report) => <One key={report.name} report={report} />)}
    </section>
  )
}

function One({ report }: { report: Report }) {
  const { classification: c, baselines } = report
  const verdicts = ['malicious', 'suspicious', 'benign', 'inconclusive', 'failed'] as const
  return (
    <article aria-label={report.name} className="space-y-3">
      <h3 className="font-semibold">{report.name} <span className="font-normal text-muted">· {report.malicious} malicious, {report.benign} benign, {report.groups} groups</span></h3>
      <Table caption={`Figures of ${report.name} beside those that ask nothing`} head={['Who', 'Balanced accuracy', 'Recall on malicious', 'False positives', 'Abstained', 'MCC']}
        rows={[
          [report.name, measure(c.balanced_accuracy_overall), rate(c.recall), rate(c.false_positive_rate), rate(c.abstained), measure(c.mcc_decided, true)],
          ...baselines.map((each) => [inert(each.name), measure(each.balanced_accuracy), rate(each.recall), rate(each.false_positive_rate), '', measure(each.mcc, true)]),
        ]} />
      <Table caption={`Verdicts of ${report.name} by label`} head={['Label', ...verdicts]} rows={Object.entries(report.confusion).map(([label, counts]) => [label, ...verdicts.map((verdict) => String(counts[verdict]))])} />
      <dl className="grid grid-cols-2 gap-x-6 gap-y-2 text-xs sm:grid-cols-4">
        <Small name="Of those decided, balanced">{measure(c.balanced_accuracy_decided)}</Small>
        <Small name="Malicious, called benign">{rate(c.missed)}</Small>
        <Small name="Calibration error (ECE)">{report.calibration.ece === null ? 'not known' : report.calibration.ece.toFixed(3)}</Small>
        <Small name="Area under risk and coverage">{report.selective.aurc === null ? 'not known' : report.selective.aurc.toFixed(3)}</Small>
        <Small name="Citations that resolve">{rate(report.citations)}</Small>
        <Small name="Turned benign by injected text">{rate(report.stability.injected_benign)}</Small>
        <Small name="Cost per alert">{report.cost.usd_per_alert === null ? 'not known' : formatCost(report.cost.usd_per_alert)}</Small>
        <Small name="Half of them took at most">{formatDuration(report.cost.latency_p50_ms)}</Small>
      </dl>
      <details>
        <summary className="text-xs font-medium">By rule ({report.rules.length})</summary>
        <Table caption={`Rules of ${report.name}`} head={['Rule', 'Alerts', 'Right', 'Missed', 'False alarms', 'Abstained']} rows={report.rules.map((rule) => [inert(rule.rule), String(rule.cases), String(rule.right), String(rule.missed), String(rule.false_alarms), String(rule.abstained)])} />
      </details>
      {report.mistakes.length > 0 && (
        <details>
          <summary className="text-xs font-medium">Mistakes ({report.mistakes.length})</summary>
          <ul className="mt-1 space-y-1 text-xs">
            {report.mistakes.map((each) => <li key={`${each.line} ${each.verdict}`} className="[overflow-wrap:anywhere]">line {each.line}: {each.label}, called {each.verdict}. <Untrusted>{each.title}</Untrusted></li>)}
          </ul>
        </details>
      )}
    </article>
  )
}

const Small = ({ name, children }: { name: string; children: string }) => <div><dt className="text-muted">{name}</dt><dd className="font-medium tabular-nums">{children}</dd></div>

function Table({ caption, head, rows }: { caption: string; head: string[]; rows: string[][] }) {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={caption}>
      <table className="w-full min-w-[560px] text-left text-xs tabular-nums">
        <caption className="sr-only">{caption}</caption>
        <thead><tr>{head.map((each, i) => <th key={i} scope="col" className="border-b border-line px-2 py-1 font-medium text-muted">{each}</th>)}</tr></thead>
        <tbody>{rows.map((row) => <tr key={row[0]} className="border-b border-line last:border-0">{row.map((cell, i) => (i === 0 ? <th key={i} scope="row" className="px-2 py-1 font-medium">{cell}</th> : <td key={i} className="px-2 py-1">{cell}</td>))}</tr>)}</tbody>
      </table>
    </div>
  )
}

const percent = (value: number) => `${Math.round(value * 1000) / 10} %`
const span = (interval: { low: number; high: number } | undefined, show: (value: number) => string) => (interval ? ` (${show(interval.low)} to ${show(interval.high)})` : '')

const rate = (of: Rate) => (of.value === null ? 'none' : `${percent(of.value)}${span(of.interval, percent)}`)

function measure(of: Figure, plain = false): string {
  const show = plain ? (value: number) => value.toFixed(2) : percent
  return of.value === null ? 'not defined' : `${show(of.value)}${span(of.interval, show)}`
}

const plus = (value: number) => `${value > 0 ? '+' : ''}${percent(value)}`

function signed(of: Figure): string {
  if (of.value === null) return 'that can’t be compared'
  return `of ${plus(of.value)}${span(of.interval, plus)}`
}
