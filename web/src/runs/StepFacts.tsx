import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { PlanStep, Step } from '@/api/nouns'
import { aRole } from '@/approvals/arguments'
import { formatDuration } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { Card, Fact } from '@/ui/page'
import { When } from '@/ui/time'
import { blocks } from './rows'
import { spentText } from './spent'

type Props = { step: Step; plan: PlanStep | undefined; select: (path: string) => void }

/** What a step has beside its input and output, by its verb: loops, waits, called runs, what was taken back or only recorded. */
export function StepFacts({ step, plan, select }: Props) {
  const facts: [name: string, value: ReactNode][] = []
  const to = (path: string) => (
    <button type="button" onClick={() => select(path)} className="rounded font-mono text-xs text-accent-text underline underline-offset-2">{path}</button>
  )
  if (step.run_id) {
    facts.push(['The run that it made', <Link key="run" to="/runs/$id" params={{ id: step.run_id }} search={{}} className="rounded font-mono text-xs text-accent-text underline underline-offset-2">{step.run_id}</Link>])
  }
  const wait = step.waited ? undefined : plan?.wait
  if (wait?.for) facts.push(['It waits for', formatDuration(wait.for)])
  if (wait?.event) {
    facts.push(['It waits for an event', <span key="event">{wait.event.sources?.join(', ') || 'of any source'}{wait.event.when && <> for which <code className="font-mono text-xs [overflow-wrap:anywhere]">{wait.event.when}</code></>}</span>])
    if (wait.within) facts.push(['For at most', formatDuration(wait.within)])
  }
  if (step.waited) facts.push([step.status === 'waiting' ? 'It waits until' : 'It waited until at most', <When key="until" at={step.waited} exact />])
  if (step.expired) facts.push(['Time', 'It ran out before an answer or an event came'])
  if (step.items !== undefined) facts.push(['Items', loop(step.items, 'item', step)])
  if (step.rounds !== undefined) facts.push(['Rounds', loop(step.rounds, 'round', step)])
  if (step.reminders) facts.push(['Reminders', `People were reminded ${step.reminders === 1 ? 'once' : `${step.reminders} times`}`])
  if (step.votes && step.votes.length > 0) facts.push(['Said yes so far', step.votes.map((vote) => vote.by).join(', ')])
  if (step.spent) facts.push([blocks.has(step.verb) ? 'Models inside it' : 'Model', spentText(step.spent)])
  if (step.undoes) facts.push(['It takes back', to(step.undoes)])
  if (step.undone_by) facts.push(['Taken back by', to(step.undone_by)])
  if (step.undo && !step.undone_by) {
    facts.push(['Can be taken back by', <span key="undo"><code className="font-mono text-xs">{step.undo.operation}</code>{step.undo.role && <span className="font-normal text-muted">, after a yes of {aRole(step.undo.role)}</span>}</span>])
  }
  if (step.caught) facts.push(['Its catch dealt with', <span key="caught" className="[overflow-wrap:anywhere]">{step.caught.kind.replaceAll('_', ' ')}: {inert(step.caught.message)}</span>])
  const only = step.shadow && step.verb !== 'approve'
  if (facts.length === 0 && !only && !step.shadow) return null
  return (
    <div className="mb-3 space-y-3">
      {step.shadow && (
        <p className="rounded-lg border border-wait/40 bg-wait-soft px-3 py-2 text-wait-text">
          {only ? 'Shadow mode: this call was recorded and not made. It would have been:' : 'Shadow mode: nobody was asked, because what it covers is only recorded.'}
        </p>
      )}
      {only && <JsonView title={`${step.operation ?? 'The call'}, with exactly these arguments`} value={step.input} />}
      {facts.length > 0 && (
        <Card>
          <dl className="grid gap-3 p-4 sm:grid-cols-2">
            {facts.map(([name, value]) => <Fact key={name} name={name}>{value}</Fact>)}
          </dl>
        </Card>
      )}
    </div>
  )
}

/** How many items or rounds, and what of them is not here or went wrong. */
function loop(count: number, noun: string, step: Step): string {
  const parts = [`${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`]
  if (step.failed) parts.push(`${step.failed} failed`)
  if (step.shown !== undefined && step.shown < count) parts.push(`${step.shown} shown here: the first ones, and those that are not well`)
  return parts.join(' · ')
}
