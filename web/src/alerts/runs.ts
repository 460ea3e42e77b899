import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import type { Alert, Run } from '@/api/nouns'
import { runsQuery } from '@/api/queries'

export type RunsOf = { byAlert: Map<string, Run[]>; complete: boolean; error: unknown }

/**
 * The runs of the alerts that are loaded. The API lists runs newest first, and a run is never older than its alert:
 * so pages of runs are asked for until they reach back past the oldest alert.
 */
export function useRunsOf(alerts: Alert[]): RunsOf {
  const query = useInfiniteQuery(runsQuery({}))
  const { hasNextPage, isFetching, isError, fetchNextPage } = query
  const runs = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const oldestAlert = alerts.reduce((oldest, alert) => Math.min(oldest, Date.parse(alert.received_at)), Infinity)
  const oldestRun = runs.at(-1)
  const complete = query.isSuccess && (!hasNextPage || (!!oldestRun && Date.parse(oldestRun.created_at) < oldestAlert))
  useEffect(() => {
    if (!complete && hasNextPage && !isFetching && !isError) void fetchNextPage()
  }, [complete, hasNextPage, isFetching, isError, fetchNextPage])
  const byAlert = useMemo(() => {
    const map = new Map<string, Run[]>()
    for (const run of runs) {
      if (!run.alert_id) continue
      const known = map.get(run.alert_id)
      if (known) known.push(run)
      else map.set(run.alert_id, [run])
    }
    return map
  }, [runs])
  return { byAlert, complete, error: query.error }
}
