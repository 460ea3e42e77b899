import { useMutation } from '@tanstack/react-query'
import { CircleCheck, CircleX, Footprints, FlaskConical, ListVideo, Play } from 'lucide-react'
import { useState } from 'react'
import { call, type Schemas } from '@/api/client'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { inert } from '@/ui/inert'
import { ActionError } from '@/ui/states'
import { CaseOfRun } from './CaseOfRun'
import { CodeEditor } from './CodeEditor'
import type { TestCase } from './walk'

type Props = {
  playbook: string
  source: string
  tests: string
  from: number
  onChange: (tests: string) => void
  begin: (tests: string) => void
  /** What the last time has said, and of which text. */
  tested: Tested | undefined
  onTested: (tested: Tested) => void
  /** Steps through a case of the last time. */
  walk: (each: TestCase) => void
}

export type Tested = Schemas['Tested'] & { source: string }

const starter = `cases:
  - name: it ends well
    alert: {title: Something was seen, severity: high}
    expect:
      status: completed
`

/** The tests of a playbook, and what they say of the text beside them. */
export function Tests({ playbook, source, tests, from, onChange, begin, tested, onTested, walk }: Props) {
  const run = useMutation({
    mutationFn: (of: string) => call<Schemas['Tested']>('POST', '/v1/playbooks/test', { body: { source: of, tests } }),
    onSuccess: (answer, of) => onTested({ ...answer, source: of }),
  })
  const [picking, setPicking] = useState(false)
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-wrap items-center gap-2 border-b border-line bg-surface px-3 py-1.5">
        <Button variant="primary" disabled={run.isPending || tests.trim() === ''} onClick={() => run.mutate(source)}><Play />{run.isPending ? 'Running…' : 'Run the tests'}</Button>
        {tests.trim() === '' && <Button onClick={() => begin(starter)}><FlaskConical />Begin with a case</Button>}
        <Button onClick={() => setPicking(true)}><ListVideo />A case of a run…</Button>
        <p className="text-xs text-muted">They run in the interpreter, with mocked answers and skipped time; nothing is called.</p>
      </div>
      {picking && <CaseOfRun playbook={playbook} tests={tests} take={(next) => { begin(next); setPicking(false) }} close={() => setPicking(false)} />}
      <div className="min-h-32 flex-1"><CodeEditor key={from} label="Tests of the playbook" text={tests} onChange={onChange} /></div>
      <div className="max-h-[55%] shrink-0 overflow-auto border-t border-line bg-surface" aria-live="polite">
        {run.error && <div className="p-3"><ActionError error={run.error} /></div>}
        {tested && !run.error && <Report tested={tested} walk={tested.source === source ? walk : undefined} />}
      </div>
    </div>
  )
}

function Report({ tested, walk }: { tested: Tested; walk: ((each: TestCase) => void) | undefined }) {
  const { suites, passed, failed, total } = tested.report
  const diagnostics = suites.flatMap((suite) => suite.diagnostics)
  return (
    <section aria-label="What the tests say" className="p-3 text-xs">
      <h2 className={cn('flex items-center gap-2 text-[13px] font-semibold', tested.ok ? 'text-ok-text' : 'text-crit-text')}>
        {tested.ok ? <CircleCheck aria-hidden className="size-4" /> : <CircleX aria-hidden className="size-4" />}
        {passed} passed, {failed} failed
        {!walk && <span className="font-normal text-med-text">· the text has changed since</span>}
        {total.steps > 0 && <span className="font-normal text-muted">· {total.steps_reached} of {total.steps} steps and {total.branches_reached} of {total.branches} branches were reached</span>}
      </h2>
      {diagnostics.length > 0 && (
        <ul className="mt-2 space-y-1">
          {diagnostics.map((each, i) => <li key={i} className="text-crit-text"><code className="font-mono">{each.file}:{each.line}:{each.column}</code> {inert(each.message)}</li>)}
        </ul>
      )}
      <ul className="mt-2 space-y-2">
        {suites.flatMap((suite) => suite.cases).map((each) => (
          <li key={each.line}>
            <p className="flex items-start gap-2">
              {each.result === 'passed' ? <CircleCheck aria-label="passed" className="mt-0.5 size-3.5 shrink-0 text-ok-text" /> : <CircleX aria-label="failed" className="mt-0.5 size-3.5 shrink-0 text-crit-text" />}
              <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">{inert(each.name)} <span className="text-muted">line {each.line}</span></span>
              {walk && each.run.steps.length > 0 && <Button variant="ghost" size="sm" aria-label={`Step through: ${inert(each.name)}`} onClick={() => walk(each)}><Footprints />Step through</Button>}
            </p>
            {each.failures.map((failure, i) => <Failure key={i} failure={failure} />)}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Failure({ failure }: { failure: Schemas['TestFailure'] }) {
  return (
    <div className="ml-6 mt-1 rounded border border-crit/30 bg-crit-soft px-2 py-1 text-crit-text">
      <p className="[overflow-wrap:anywhere]">{inert(failure.message)}</p>
      {(failure.differences ?? []).map((each) => (
        <p key={each.path} className="font-mono text-2xs [overflow-wrap:anywhere]">{inert(each.path)}: wanted {inert(each.want)}, got {inert(each.got)}</p>
      ))}
    </div>
  )
}
