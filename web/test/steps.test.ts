import { parser } from '@lezer/yaml'
import { describe, expect, test } from 'vitest'
import { addAfter, duplicate, freeID, move, newStep, Refused, remove, stepAt, stepsOf, wrap, wrappers, type Splice, type StepText } from '@/editor/steps'

const library = import.meta.glob<string>(['../../playbooks/library/*.yaml', '!**/*.test.yaml'], { query: '?raw', import: 'default', eager: true })

const sample = `name: sample
on: {manual: {}}
steps:
  # why one
  - id: one
    set: {n: 1}   # kept

  - id: "two"
    choose:
      - when: true
        steps:
          - {id: three, set: {n: 2}}
          - id: four
            set:
              n: |
                text

    undo: none
  - id: five
    stop: {status: completed}`

const read = (text: string) => stepsOf(parser.parse(text), text)
const named = (text: string, id: string) => read(text).find((step) => step.id === id)!
const spliced = (text: string, edit: (step: StepText) => Splice, id: string) => {
  const { from, to, insert } = edit(named(text, id))
  return text.slice(0, from) + insert + text.slice(to)
}
const ids = (text: string) => read(text).map((step) => step.id)

const errors = (of: string) => {
  let count = 0
  parser.parse(of).iterate({ enter: (node) => { if (node.type.isError) count++ } })
  return count
}

describe('the steps of a text', () => {
  test('are found with their verbs, in a broken text too', () => {
    expect(read(sample).map((step) => [step.id, step.verb])).toEqual([['one', 'set'], ['two', 'choose'], ['three', 'set'], ['four', 'set'], ['five', 'stop']])
    expect(ids(`${sample}\n  - id: six\n    set: {n: `)).toContain('six')
    expect(stepAt(read(sample), sample.indexOf('text'))?.id).toBe('four')
    expect(stepAt(read(sample), 2)).toBeUndefined()
  })

  test('an added one stands behind, with its indentation', () => {
    const text = spliced(sample, (step) => addAfter(sample, step, 'new', newStep('new', 'action', { name: 'a.b', input: { required: ['ip'], properties: { ip: { type: 'string' } } } })), 'three')
    expect(ids(text)).toEqual(['one', 'two', 'three', 'new', 'four', 'five'])
    expect(text).toContain("          - id: new\n            action: a.b\n            with:\n              ip: ''\n          - id: four")
    const last = spliced(sample, (step) => addAfter(sample, step, 'end', newStep('end', 'set')), 'five')
    expect(ids(last).at(-1)).toBe('end')
  })

  test('a wrapped one stands in its block, with its lines', () => {
    for (const { verb } of wrappers) {
      const text = spliced(sample, (step) => wrap(sample, step, 'box', verb), 'four')
      expect(errors(text)).toBe(0)
      expect(ids(text).slice(0, 5)).toEqual(['one', 'two', 'three', 'box', 'four'])
      expect(named(text, 'box').verb).toBe(verb)
      expect(named(text, 'four').indent).toBeGreaterThan(named(text, 'box').indent)
      expect(text).toMatch(/set:\n +n: \|\n +text\n/)
    }
  })

  test('a removed one takes its comment along, and nothing else', () => {
    expect(spliced(sample, (step) => remove(sample, step), 'one')).toBe(sample.replace('  # why one\n  - id: one\n    set: {n: 1}   # kept\n', ''))
    const alone = 'steps:\n  - id: a\n    set: {n: 1}\n'
    expect(() => remove(alone, named(alone, 'a'))).toThrow(Refused)
    const flow = 'steps: [{id: a, set: {n: 1}}, {id: b, set: {n: 1}}]\n'
    expect(() => remove(flow, named(flow, 'b'))).toThrow(/one line/)
  })

  test('a copy has ids of its own', () => {
    const text = spliced(sample, (step) => duplicate(sample, read(sample), step), 'two')
    expect(ids(text)).toEqual(['one', 'two', 'three', 'four', 'two_copy', 'three_copy', 'four_copy', 'five'])
    expect(freeID(read(text), 'two_copy')).toBe('two_copy_2')
  })

  test('moving there and back is the same text', () => {
    const down = spliced(sample, (step) => move(sample, step, 1), 'one')
    expect(ids(down)).toEqual(['two', 'three', 'four', 'one', 'five'])
    expect(spliced(down, (step) => move(down, step, -1), 'one')).toBe(sample)
    const end = spliced(sample, (step) => move(sample, step, 1), 'two')
    expect(ids(end)).toEqual(['one', 'five', 'two', 'three', 'four'])
    expect(spliced(end, (step) => move(end, step, -1), 'two')).toBe(sample)
    expect(() => move(sample, named(sample, 'one'), -1)).toThrow(/first step/)
  })

  test.each(Object.entries(library))('every edit of %s can be taken back', (_, text) => {
    const all = read(text)
    expect(all.length).toBeGreaterThan(1)
    for (const step of all.filter((each) => !each.flow)) {
      const added = addAfter(text, step, 'added_here', newStep('added_here', 'set'))
      const longer = text.slice(0, added.from) + added.insert + text.slice(added.to)
      expect(read(longer).map((each) => each.id).filter((id) => id !== 'added_here')).toEqual(all.map((each) => each.id))
      expect(errors(longer)).toBe(errors(text))
      expect(spliced(longer, (each) => remove(longer, each), 'added_here')).toBe(text)
    }
    for (const step of all.filter((each) => !each.flow && each.siblings.at(-1) !== each)) {
      const down = spliced(text, (each) => move(text, each, 1), step.id)
      expect(errors(down)).toBe(errors(text))
      expect(spliced(down, (each) => move(down, each, -1), step.id)).toBe(text)
    }
  })
})
