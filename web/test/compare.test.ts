import { expect, test } from 'vitest'
import type { Step } from '@/api/nouns'
import { pairs } from '@/runs/compare'
import { runStates } from '@/runs/states'

const step = (path: string, more: Partial<Step> = {}): Step => ({ path, id: path, parent: '', verb: 'set', line: 1, status: 'ok', attempts: [], ...more }) as Step

test('what differs is named, whatever the order of members', () => {
  const [same, status, output] = pairs(
    [step('a', { output: { x: 1, y: 2 } }), step('b'), step('c', { output: [1] })],
    [step('a', { output: { y: 2, x: 1 } }), step('b', { status: 'failed' }), step('c', { output: [2] })],
  )
  expect(same!.differs).toEqual([])
  expect(status!.differs).toEqual(['status'])
  expect(output!.differs).toEqual(['output'])
})

test('steps of one run only stand where they ran', () => {
  const list = pairs([step('a'), step('x'), step('c')], [step('a'), step('b1'), step('b2'), step('c')])
  expect(list.map((each) => each.path)).toEqual(['a', 'b1', 'b2', 'x', 'c'])
  expect(list[1]!.differs).toEqual(['only in the second'])
  expect(list[3]!.differs).toEqual(['only in the first'])
})

test('a step of a loop stands as the worst of its items', () => {
  const states = runStates([step('a[0]/x', { id: 'x' }), step('a[1]/x', { id: 'x', status: 'failed' }), step('y', { started: '2026-01-01T00:00:00Z', ended: '2026-01-01T00:00:02Z' })], (ms) => `${ms} ms`)
  expect(states.get('x')).toEqual({ status: 'failed', note: '1 ok, 1 failed' })
  expect(states.get('y')).toEqual({ status: 'ok', note: '2000 ms' })
})
