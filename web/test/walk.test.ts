import { expect, test } from 'vitest'
import { brief, walkStates, type TestStep } from '@/editor/walk'

const step = (path: string, more: Partial<TestStep> = {}): TestStep => ({
  playbook: 'p', path, id: path.split('/').at(-1)!, verb: 'action', status: 'ok', at_ms: 0, took_ms: 0, ...more,
})

test('what has not ended yet has no state, and what has shows its value', () => {
  const steps = [step('look', { output: { score: 87, malicious: true } }), step('contain', { status: 'failed', error: 'timeout: no answer' })]
  expect([...walkStates('p', steps, 1)]).toEqual([['look', { status: 'ok', note: 'score: 87, malicious: true' }]])
  expect(walkStates('p', steps, 2).get('contain')).toEqual({ status: 'failed', note: 'timeout: no answer' })
})

test('a step of a loop stands as the worst of its items, and one of a called playbook is not on the graph', () => {
  const steps = [step('each[0]/look'), step('each[1]/look', { status: 'failed' }), step('sub/look', { playbook: 'q' })]
  expect([...walkStates('p', steps, 3)]).toEqual([['look', { status: 'failed', note: '1 ok, 1 failed' }]])
})

test('a value is told in one line', () => {
  expect(brief(undefined)).toBe('')
  expect(brief([1, 2])).toBe('[1,2]')
  expect(brief({ text: 'x'.repeat(100) })).toHaveLength(61)
})
