import type { QueryClient } from '@tanstack/react-query'
import { alertQuery, runsQuery, stepsQuery } from '@/api/queries'
import { shorten } from '@/ui/shorten'

const longest = 300

/** The path of members that a place in an expression is in, such as steps.look.output.scope; undefined for none. Optional chaining counts as a dot. */
export function pathAt(line: string, column: number): string | undefined {
  for (const found of line.matchAll(/\b(?:steps|alert)(?:(?:\?\.|\.)[A-Za-z_]\w*|\[\d+\])+/g)) {
    if (found.index <= column && column <= found.index + found[0].length) {
      // Up to the member under the pointer.
      const rest = found[0].slice(column - found.index)
      const upTo = /^\w*/.exec(rest)?.[0].length ?? 0
      return found[0].slice(0, column - found.index + upTo).replaceAll('?.', '.').replace(/\.$/, '')
    }
  }
  return undefined
}

/** What stands at a path of a value; undefined where there is nothing. */
export function valueAt(value: unknown, path: string[]): unknown {
  let at = value
  for (const part of path) {
    if (at === null || typeof at !== 'object') return undefined
    at = (at as Record<string, unknown>)[part]
  }
  return at
}

/** What an expression's member was in the playbook's last run that is over, in a line; undefined where that can't be told. */
export async function lastValue(client: QueryClient, playbook: string, path: string): Promise<string | undefined> {
  const runs = await client.fetchInfiniteQuery({ ...runsQuery({ playbook }), staleTime: 30_000 })
  const run = runs.pages[0]?.items.find((each) => ['completed', 'failed'].includes(each.status))
  if (!run) return undefined
  const [root, ...rest] = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.')
  let value: unknown
  if (root === 'alert' && run.alert_id) {
    value = valueAt((await client.fetchQuery({ ...alertQuery(run.alert_id), staleTime: 30_000 })).alert, rest)
  } else if (root === 'steps' && rest[0]) {
    const step = (await client.fetchQuery({ ...stepsQuery(run.id), staleTime: 30_000 })).find((each) => each.path === rest[0])
    value = step && valueAt({ status: step.status, output: step.output, error: step.error }, rest.slice(1))
  }
  if (value === undefined) return undefined
  return shorten(JSON.stringify(value), longest)
}
