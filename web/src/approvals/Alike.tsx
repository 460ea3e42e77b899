import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Approval } from '@/api/nouns'
import { approvalsQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { inert } from '@/ui/inert'
import { shorten } from '@/ui/shorten'
import { argumentsOf } from './arguments'

/** What two approvals must have in common to be decided together: the same operations over the same connections. */
const kindOf = (approval: Approval) => JSON.stringify(approval.calls.map((call) => [call.operation, call.connection ?? '']))
const callsOf = (approval: Approval) => approval.calls.map((call) => call.digest).join()

/** The waiting approvals that ask for the same operations and that this person may decide: those of the very same calls first. */
export function useAlike(approval: Approval, on: boolean): Approval[] {
  const query = useInfiniteQuery({ ...approvalsQuery({ status: 'pending' }), enabled: on })
  return useMemo(() => {
    if (!on) return []
    const kind = kindOf(approval)
    const calls = callsOf(approval)
    return (query.data?.pages.flatMap((page) => page.items) ?? [])
      .filter((each) => each.id !== approval.id && each.status === 'pending' && each.may_decide && each.kind !== 'ask' && (each.quorum ?? 1) <= 1 && kindOf(each) === kind)
      .toSorted((a, b) => Number(callsOf(b) === calls) - Number(callsOf(a) === calls))
  }, [approval, on, query.data])
}

type Props = { approval: Approval; alike: Approval[]; chosen: Set<string>; choose: (ids: Set<string>) => void; outcomes: Map<string, string> }

/** Lets a decision stand for other approvals too: each is listed with its own arguments and is a decision of its own. */
export function Alike({ approval, alike, chosen, choose, outcomes }: Props) {
  const calls = callsOf(approval)
  const same = alike.filter((each) => callsOf(each) === calls)
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    choose(next)
  }
  return (
    <fieldset className="rounded-md border border-line px-3 pb-2">
      <legend className="px-1 text-xs font-medium">Decide {alike.length === 1 ? 'one more' : `${alike.length} more`} that ask for the same operation</legend>
      <div className="mb-1 flex flex-wrap gap-2">
        {same.length > 0 && <Button onClick={() => choose(new Set(same.map((each) => each.id)))}>Choose the {same.length} of the very same call</Button>}
        {chosen.size > 0 && <Button variant="ghost" onClick={() => choose(new Set())}>Choose none</Button>}
      </div>
      <ul className="max-h-48 overflow-auto" tabIndex={0} aria-label="Approvals alike">
        {alike.map((each) => (
          <li key={each.id}>
            <label className="flex items-start gap-2 rounded px-1 py-1 hover:bg-hover">
              <input type="checkbox" className="mt-0.5 size-4 shrink-0 accent-(--color-accent)" checked={chosen.has(each.id)} onChange={() => toggle(each.id)} />
              <span className="min-w-0">
                <span className="block text-xs font-medium [overflow-wrap:anywhere]">{inert(each.title)}{callsOf(each) === calls && <span className="font-normal text-muted"> · the very same call</span>}</span>
                {each.calls.map((call) => (
                  <span key={call.step} className="block font-mono text-2xs text-muted [overflow-wrap:anywhere]">
                    {argumentsOf(call).map((argument) => `${argument.name}: ${inert(shorten(argument.text))}`).join(' · ')}
                  </span>
                ))}
                {outcomes.has(each.id) && <span className="block text-2xs text-crit-text">{outcomes.get(each.id)}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}
