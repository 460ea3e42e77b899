import { expect, test } from 'vitest'
import type { Step } from '@/api/nouns'
import { buildRows, flatten, merge, summarise, visibleRows, withWaits } from '@/runs/rows'
import { spentOf, spentText } from '@/runs/spent'

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 24, 12, 0, 0) + seconds * 1000).toISOString()
const ms = (seconds: number) => Date.parse(at(seconds))

const step = (path: string, rest: Partial<Step> = {}): Step => ({
  path, id: path.split('/').at(-1)!, parent: '', verb: 'action', line: 1, status: 'ok', attempts: [], started: at(0), ended: at(1), ...rest,
})

test('items of a loop become groups that span their steps, under the loop', () => {
  const rows = buildRows([
    step('lookup', { verb: 'foreach', started: at(1), ended: at(9) }),
    step('lookup[0]/geo', { parent: 'lookup', item: 0, started: at(1), ended: at(3) }),
    step('lookup[0]/list', { parent: 'lookup', item: 0, started: at(3), ended: at(4), status: 'failed' }),
    step('lookup[1]/geo', { parent: 'lookup', item: 1, started: at(4), ended: at(9) }),
  ], { status: 'completed' }, ms(100))
  expect(rows).toHaveLength(1)
  const [first, second] = rows[0]!.children
  expect([first!.label, first!.status, first!.start, first!.end]).toEqual(['Item 1', 'failed', ms(1), ms(4)])
  expect([second!.key, second!.label, second!.depth, second!.children]).toEqual(['lookup[1]/geo', 'Item 2 · geo', 1, []])
})

test('a branch that was not taken is closed until it is opened by hand', () => {
  const rows = buildRows([
    step('route', { verb: 'choose' }),
    step('isolate', { parent: 'route', branch: 'steps.a.output.bad' }),
    step('note', { parent: 'route', branch: 'else', status: 'queued', started: undefined, ended: undefined }),
  ], { status: 'completed' }, ms(100))
  const labels = (byHand: Map<string, boolean>) => visibleRows(rows, byHand).map((row) => row.label)
  expect(labels(new Map())).toEqual(['route', 'when steps.a.output.bad', 'isolate', 'otherwise'])
  expect(labels(new Map([['route#branch:else', true]]))).toContain('note')
})

test('an open step ends now, but a run that is over has nothing that goes on', () => {
  const open = step('gate', { verb: 'approve', status: 'waiting', started: at(5), ended: undefined })
  expect(buildRows([open], { status: 'waiting' }, ms(60))[0]!.end).toBe(ms(60))
  expect(buildRows([open], { status: 'cancelled' }, ms(60))[0]!.end).toBe(ms(5))
})

test('waiting for people is counted once where two approvals overlap, and blocks are no steps', () => {
  const sum = summarise([
    step('all', { verb: 'parallel' }),
    step('one', { verb: 'approve', parent: 'all', branch: 'a', started: at(0), ended: at(60) }),
    step('two', { verb: 'approve', parent: 'all', branch: 'b', started: at(30), status: 'waiting', ended: undefined }),
    step('skip', { status: 'skipped' }),
    step('ask', { verb: 'model' }),
  ], { status: 'waiting' }, ms(90))
  expect(sum).toEqual({ done: 2, failed: 0, skipped: 1, unreached: 0, running: 1, waitedMS: 90_000 })
})

test('what models cost is counted once, at the top, and a price that is not known is said', () => {
  const spent = { calls: 2, tokens_in: 30, tokens_out: 10, cost_usd: 0.75 }
  const steps = [step('all', { verb: 'parallel', spent }), step('ask', { verb: 'model', parent: 'all', branch: 'a', spent }), step('last', { verb: 'model', spent: { ...spent, calls: 1, no_price: true } })]
  expect(spentText(spentOf(steps.slice(0, 2)))).toBe('$0.75 · 40 tokens · 2 calls')
  expect(spentText(spentOf(steps))).toBe('$1.50 and what has no price set · 80 tokens · 3 calls')
  expect(spentText(spentOf([]))).toBe('not asked')
})

test('flatten lists parents before children and merge joins what overlaps', () => {
  const rows = buildRows([step('a', { verb: 'parallel' }), step('b', { parent: 'a', branch: 'x' })], { status: 'completed' }, 0)
  expect(flatten(rows).map((row) => row.key)).toEqual(['a', 'a#branch:x', 'b'])
  expect(merge([[5, 7], [0, 2], [1, 3]], 0)).toEqual([[0, 3], [5, 7]])
})

test('a step that waits begins when its approval was first asked for, and the block around it waits', () => {
  const steps = withWaits([
    step('route', { verb: 'choose', status: 'running', ended: undefined }),
    step('gate', { verb: 'approve', parent: 'route', branch: 'x', status: 'waiting', started: undefined, ended: undefined }),
  ], [{ step: 'gate', created_at: at(40) }, { step: 'gate', created_at: at(20) }])
  const [route] = buildRows(steps, { status: 'waiting' }, ms(60))
  expect(route!.status).toBe('waiting')
  expect(flatten([route!]).at(-1)).toMatchObject({ key: 'gate', start: ms(20), end: ms(60) })
})
