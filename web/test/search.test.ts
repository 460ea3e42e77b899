import { expect, test } from 'vitest'
import { alertFilter, alertSearch } from '@/alerts/search'
import { backoff, staleKeys } from '@/api/live'
import { runsSearch } from '@/runs/search'
import { safeNext } from '@/signin/next'
import { formatDuration, formatLeft } from '@/ui/duration'
import { inert } from '@/ui/inert'

test('filters come from the address, and what is none is dropped', () => {
  expect(alertSearch({ q: '  mimikatz ', severity: 'high', since: '24h', run: 'waiting', source: 'wazuh' })).toEqual({
    q: 'mimikatz', severity: 'high', since: '24h', run: 'waiting', source: 'wazuh',
  })
  expect(alertSearch({ q: '', severity: 'scary', since: 'ever', run: 1, sort: 'x' })).toEqual({})
  expect(runsSearch({ status: 'failed', playbook: 'phishing' })).toEqual({ status: 'failed', playbook: 'phishing' })
  expect(runsSearch({ status: 'on fire' })).toEqual({})
})

test('the same time span within a minute is the same question', () => {
  const noon = Date.UTC(2026, 10, 24, 12, 0, 5)
  expect(alertFilter({ since: '1h' }, noon)).toEqual(alertFilter({ since: '1h' }, noon + 50_000))
  expect(alertFilter({ since: '1h' }, noon).since).toBe('2026-11-24T11:00:00.000Z')
  expect(alertFilter({ run: 'failed' }, noon)).toEqual({ status: 'open' })
  expect(alertFilter({ status: 'closed' }, noon)).toEqual({ status: 'closed' })
  expect(alertFilter({ status: 'all' }, noon)).toEqual({})
})

test('an event makes stale what it changed and nothing else', () => {
  expect(staleKeys({ kind: 'step.finished', run_id: 'run_1', alert_id: 'alr_1' })).toEqual([['run', 'run_1']])
  expect(staleKeys({ kind: 'approval.requested', run_id: 'run_1', alert_id: '' })).toContainEqual(['approvals'])
  expect(staleKeys({ kind: 'alert.accepted', run_id: '', alert_id: 'alr_1' })).toContainEqual(['alerts'])
})

test('reconnecting waits longer each time, at most half a minute', () => {
  expect(backoff(0, 1)).toBe(500)
  expect(backoff(3, 0)).toBe(2000)
  expect(backoff(20, 1)).toBe(30_000)
})

test('after signing in one stays on our pages', () => {
  expect(safeNext('/runs/run_1?step=geo')).toBe('/runs/run_1?step=geo')
  for (const bad of ['//evil.example', 'https://evil.example', '/\\evil.example', '/login', undefined]) expect(safeNext(bad)).toBe('/')
})

test('invisible and reordering characters are shown', () => {
  expect(inert('gpj.\u202eexe')).toBe('gpj.\\u202eexe')
  expect(inert('pay\u200bpal\u0007')).toBe('pay\\u200bpal\\u0007')
  expect(inert('tab\tand\nline, Grüße 日本')).toBe('tab\tand\nline, Grüße 日本')
})

test('durations read as people say them', () => {
  expect([850, 3200, 61_000, 3_599_900, 7_500_000, 200_000_000].map(formatDuration)).toEqual(['850 ms', '3.20 s', '1m 1s', '1h 0m', '2h 5m', '2d 7h'])
  expect([0, 4200, 65_000, 3_700_000].map(formatLeft)).toEqual(['now', '5s', '1m 05s', '1h 01m'])
})
