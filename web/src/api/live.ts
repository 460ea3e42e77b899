import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { suspectSignedOut } from './client'
import type { LedgerEvent } from './nouns'

/** The queries that an entry of the ledger makes stale. */
export function staleKeys(event: Pick<LedgerEvent, 'kind' | 'run_id' | 'alert_id'>): QueryKey[] {
  const keys: QueryKey[] = []
  if (event.kind === 'alert.accepted') keys.push(['alerts'], ['counts'], ['runs'])
  if (event.run_id) keys.push(['run', event.run_id])
  if (/^(run|approval)\./.test(event.kind)) {
    keys.push(['runs'], ['counts'])
    if (event.alert_id) keys.push(['alert', event.alert_id])
  }
  if (event.kind === 'alert.changed' && event.alert_id) keys.push(['alerts'], ['alert', event.alert_id])
  if (event.kind === 'verdict.judged') keys.push(['accuracy'])
  if (event.kind.startsWith('approval.')) keys.push(['approvals'], ['approval'])
  return keys
}

/** How long to wait before the next try: doubling to half a minute, with some chance so that clients do not come together. */
export const backoff = (failures: number, chance = Math.random()) => Math.min(30_000, 500 * 2 ** failures) * (0.5 + chance / 2)

export type LiveState = 'connecting' | 'live' | 'offline'

let state: LiveState = 'connecting'
const watchers = new Set<() => void>()

function setState(next: LiveState) {
  if (state === next) return
  state = next
  for (const each of watchers) each()
}

/** Whether the page is fed by the server now. */
export function useLive(): LiveState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => state,
  )
}

/** Events come in bursts: what they make stale is gathered this long and asked for once. */
const gatherMS = 250
const busyMS = 1000

/** Follows the ledger's tail and makes queries stale as it grows. Returns how to end it. */
export function follow(client: QueryClient): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let flush: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let last = 0
  let broken = false
  let ended = false
  const stale = new Map<string, QueryKey>()

  const invalidate = () => {
    flush = undefined
    for (const [name, queryKey] of stale) {
      // An answer on its way may be older than the event: ask again after it, but never cancel it, or a steady
      // stream of events would let none arrive.
      if (client.isFetching({ queryKey }) > 0) continue
      stale.delete(name)
      void client.invalidateQueries({ queryKey })
    }
    if (stale.size > 0) flush = setTimeout(invalidate, busyMS)
  }

  const open = () => {
    if (ended) return
    source = new EventSource(last ? `/v1/events?after=${last}` : '/v1/events')
    source.addEventListener('open', () => {
      // What happened while the stream was away, with no place to resume from, was missed.
      if (broken && last === 0) void client.invalidateQueries()
      broken = false
      failures = 0
      setState('live')
    })
    source.addEventListener('ledger', (message) => {
      const event = JSON.parse((message as MessageEvent<string>).data) as LedgerEvent
      last = event.seq
      for (const key of staleKeys(event)) stale.set(JSON.stringify(key), key)
      flush ??= setTimeout(invalidate, gatherMS)
    })
    source.addEventListener('reset', (message) => {
      // Too far behind to be told everything: all that is known is stale.
      last = (JSON.parse((message as MessageEvent<string>).data) as Pick<LedgerEvent, 'seq'>).seq
      void client.invalidateQueries()
    })
    source.addEventListener('error', () => {
      source?.close()
      broken = true
      setState('offline')
      suspectSignedOut()
      timer = setTimeout(open, backoff(failures++))
    })
  }

  const wake = () => {
    if (state !== 'offline') return
    clearTimeout(timer)
    failures = 0
    open()
  }

  open()
  window.addEventListener('online', wake)
  return () => {
    ended = true
    window.removeEventListener('online', wake)
    clearTimeout(timer)
    clearTimeout(flush)
    source?.close()
    setState('connecting')
  }
}
