import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRight, ShieldCheck, TriangleAlert } from 'lucide-react'
import { asVerdict, type Run, type Verdict } from '@/api/nouns'
import { stepsQuery } from '@/api/queries'
import { Judge } from '@/runs/Judge'
import { VerdictCard } from '@/runs/Verdict'
import { Badge } from '@/ui/badge'
import { buttonClass } from '@/ui/button'
import { Card, CardHead } from '@/ui/page'
import { Severity, VerdictBadge } from '@/ui/severity'
import { Untrusted } from '@/ui/untrusted'

const lookAt = 3 // runs, the newest

/** What was concluded about an alert: the verdict of the newest run that gave one, also while that run waits for a person. */
export function Conclusion({ runs }: { runs: Run[] }) {
  const newest = runs.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at)).slice(0, lookAt)
  const steps = useQueries({ queries: newest.map((run) => stepsQuery(run.id)) })
  for (const [i, run] of newest.entries()) {
    const step = steps[i]?.data?.findLast((each) => asVerdict(each.output))
    const verdict = step && asVerdict(step.output)
    if (step && verdict) return <Shown run={run} step={step.path} verdict={verdict} />
  }
  return null
}

function Shown({ run, step, verdict }: { run: Run; step: string; verdict: Verdict }) {
  const risky = (verdict.indicators ?? []).filter((each) => each.direction === 'risky').toSorted((a, b) => b.weight - a.weight).slice(0, 3)
  const calm = (verdict.indicators ?? []).filter((each) => each.direction === 'benign').toSorted((a, b) => b.weight - a.weight).slice(0, 3)
  const open = (verdict.questions ?? []).filter((each) => each.open)
  const { before, after } = verdict.severity
  return (
    <section aria-label="Verdict" className="space-y-3">
      <Card>
        <CardHead title={<>Verdict of <code className="font-mono">{run.playbook}</code></>} right={<Link to="/runs/$id" params={{ id: run.id }} search={{ step }} className={buttonClass({ variant: 'ghost' })}>The run<ArrowRight /></Link>} />
        <div className="space-y-3 p-4">
          <div className="flex flex-wrap items-center gap-2">
            <span className="[&>span]:px-2.5 [&>span]:py-1 [&>span]:text-sm"><VerdictBadge value={verdict.verdict} /></span>
            <Badge tone="line">{verdict.classification.replaceAll('_', ' ')}</Badge>
            <Severity value={before} />
            {after !== before && <><ArrowRight aria-label="becomes" className="size-3.5 text-muted" /><Severity value={after} /></>}
            {verdict.provenance.no_model && <span className="text-xs text-muted">no model was used</span>}
          </div>
          {verdict.summary && <p><Untrusted>{verdict.summary}</Untrusted></p>}
          <div className="grid gap-3 sm:grid-cols-2">
            <Reasons title="Speaks for an attack" icon={TriangleAlert} list={risky.map((each) => each.text)} />
            <Reasons title="Speaks against it" icon={ShieldCheck} list={[...calm.map((each) => each.text), ...(verdict.against ?? [])].slice(0, 4)} />
          </div>
          {open.length > 0 && <Reasons title="Open questions" icon={TriangleAlert} list={open.map((each) => each.text)} />}
          {(verdict.missing ?? []).length > 0 && <p className="text-xs text-muted">Missing evidence: {(verdict.missing ?? []).map((each) => <Untrusted key={each} className="mr-1">{each}</Untrusted>)}</p>}
          <details>
            <summary className="rounded text-xs text-accent-text">The whole verdict, with its citations</summary>
            <div className="mt-2"><VerdictCard verdict={verdict} of={{ run: run.id, step }} /></div>
          </details>
        </div>
      </Card>
      <Judge run={run.id} step={step} verdict={verdict} />
    </section>
  )
}

function Reasons({ title, icon: Icon, list }: { title: string; icon: typeof TriangleAlert; list: string[] }) {
  if (list.length === 0) return null
  return (
    <div>
      <h3 className="flex items-center gap-1.5 text-xs font-medium text-muted"><Icon aria-hidden className="size-3.5" />{title}</h3>
      <ul className="mt-1 space-y-1">{list.map((each) => <li key={each}><Untrusted>{each}</Untrusted></li>)}</ul>
    </div>
  )
}
