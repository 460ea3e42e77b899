import { expect, test } from 'vitest'
import type { Citation, PlanStep } from '@/api/nouns'
import { aroundQuote, resolveCitation } from '@/runs/cite'
import { atPointer } from '@/ui/pointer'

const cite = (evidence: string, pointer = '/country'): Citation => ({ evidence, pointer, quote: 'NL', resolved: true })
const steps = [
  { path: 'geo', id: 'geo' }, { path: 'lookup', id: 'lookup' }, { path: 'lookup[1]/geo', id: 'geo' }, { path: 'lookup[1]/judge', id: 'judge' },
]

test('evidence named by a step leads to the output of the nearest step of that name', () => {
  expect(resolveCitation(cite('geo'), { path: 'triage' }, steps)).toEqual({ to: 'step', path: 'geo', pointer: '/country' })
  expect(resolveCitation(cite('geo'), { path: 'lookup[1]/judge' }, steps)).toEqual({ to: 'step', path: 'lookup[1]/geo', pointer: '/country' })
  expect(resolveCitation(cite('lookup'), { path: 'lookup[1]/judge' }, steps)).toEqual({ to: 'step', path: 'lookup', pointer: '/country' })
})

test('the alert is a place of its own', () => {
  expect(resolveCitation(cite('alert', '/rule/name'), { path: 'triage' }, steps)).toEqual({ to: 'alert', pointer: '/rule/name' })
})

test('evidence made by a plain path is followed, its pointer behind the path', () => {
  const plan = { id: 'triage', line: 1, verb: 'model', model: { returns: 'verdict', evidence: [
    { id: 'evidence[0]', value: { expr: 'steps.geo.output.places[2]' } },
    { id: 'evidence[1]', value: { expr: 'alert.user' } },
    { id: 'evidence[2]', value: { expr: 'filter(steps.geo.output, # > 2)' } },
  ] } } as PlanStep
  expect(resolveCitation(cite('evidence[0]'), { path: 'triage' }, steps, plan)).toEqual({ to: 'step', path: 'geo', pointer: '/places/2/country' })
  expect(resolveCitation(cite('evidence[1]', '/name'), { path: 'triage' }, steps, plan)).toEqual({ to: 'alert', pointer: '/user/name' })
  expect(resolveCitation(cite('evidence[2]'), { path: 'triage' }, steps, plan)).toEqual({ to: 'prompt', quote: 'NL' })
})

test('evidence that nobody knows is looked for in the prompt', () => {
  expect(resolveCitation(cite('nothing'), { path: 'triage' }, steps)).toEqual({ to: 'prompt', quote: 'NL' })
  expect(aroundQuote('from NL today', 'NL')).toEqual(['from ', 'NL', ' today'])
  expect(aroundQuote('from DE', 'NL')).toBeUndefined()
})

test('a pointer escapes slashes and tildes, and never reaches what is inherited', () => {
  expect(atPointer({ 'a/b': { 'c~d': [1, 2] } }, '/a~1b/c~0d/1')).toBe(2)
  expect(atPointer({}, '/constructor')).toBeUndefined()
  expect(atPointer({ a: 1 }, '')).toEqual({ a: 1 })
})
