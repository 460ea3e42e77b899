import { parser } from '@lezer/yaml'
import { describe, expect, test } from 'vitest'
import { withCase } from '@/editor/CaseOfRun'
import { pathAt, valueAt } from '@/editor/lastrun'
import { stepsOf, type Splice } from '@/editor/steps'
import { entriesOf, said, setEntry, written } from '@/editor/stepform'

const library = import.meta.glob<string>(['../../playbooks/library/*.yaml', '!**/*.test.yaml'], { query: '?raw', import: 'default', eager: true })

const named = (text: string, id: string) => stepsOf(parser.parse(text), text).find((step) => step.id === id)!
const spliced = (text: string, { from, to, insert }: Splice) => text.slice(0, from) + insert + text.slice(to)

describe('a step as a form', () => {
  test('scalars are written so that they are read as they were meant', () => {
    for (const value of ['plain', 'yes', '1.5', '${{ alert.id }}', "it's", 'a: b', '# no', '', ' x', 'two\nlines', '- a', 'true']) {
      expect(said(written(value))).toBe(value)
      expect(said(written(value, '"'))).toBe(value)
      expect(said(written(value, "'"))).toBe(value)
    }
    expect(written('5', '', 'integer')).toBe('5')
    expect(written('5', '', 'string')).toBe("'5'")
  })

  test('members are added, changed and taken out, in blocks and on one line', () => {
    const text = 'steps:\n  - id: a\n    action: x.y\n    with:\n      ip: 1.2.3.4 # ours\n    timeout: 5s\n\n  - {id: b, action: x.y}\n  - {id: c, action: x.y, with: {ip: a, port: 1}}\n'
    let now = spliced(text, setEntry(text, named(text, 'a'), 'ip', '${{ alert.src_ip }}', { within: 'with' }))
    expect(now).toContain("      ip: '${{ alert.src_ip }}' # ours\n")
    now = spliced(now, setEntry(now, named(now, 'a'), 'port', '8', { within: 'with', type: 'integer' }))
    expect(now).toContain("# ours\n      port: 8\n    timeout: 5s\n")
    now = spliced(now, setEntry(now, named(now, 'a'), 'timeout', undefined))
    now = spliced(now, setEntry(now, named(now, 'a'), 'title', 'Look it up'))
    expect(now).toContain('      port: 8\n    title: Look it up\n\n')
    now = spliced(now, setEntry(now, named(now, 'b'), 'ip', 'x', { within: 'with' }))
    expect(now).toContain('{id: b, action: x.y, with: {ip: x}}')
    now = spliced(now, setEntry(now, named(now, 'c'), 'ip', undefined, { within: 'with' }))
    expect(now).toContain('{id: c, action: x.y, with: {port: 1}}')
    now = spliced(now, setEntry(now, named(now, 'c'), 'port', undefined, { within: 'with' }))
    expect(now).toContain('{id: c, action: x.y}')
    now = spliced(now, setEntry(now, named(now, 'b'), 'ip', undefined, { within: 'with' }))
    now = spliced(now, setEntry(now, named(now, 'a'), 'ip', undefined, { within: 'with' }))
    now = spliced(now, setEntry(now, named(now, 'a'), 'port', undefined, { within: 'with' }))
    expect(now).toBe('steps:\n  - id: a\n    action: x.y\n    title: Look it up\n\n  - {id: b, action: x.y}\n  - {id: c, action: x.y}\n')
  })

  test('a list and an object on one line are changed as they are written, and nothing beside them', () => {
    const text = 'steps:\n  - id: a\n    action: x.y\n    with:\n      ips: [1.2.3.4] # ours\n      more:\n        - b\n  - {id: b, action: x.y, with: {tags: [x], port: 1}}\n'
    const list = { within: 'with', type: 'array', yaml: true }
    let now = spliced(text, setEntry(text, named(text, 'a'), 'ips', "[1.2.3.4, '${{ alert.src_ip }}']", list))
    expect(now).toContain("      ips: [1.2.3.4, '${{ alert.src_ip }}'] # ours\n")
    now = spliced(now, setEntry(now, named(now, 'a'), 'labels', '{team: soc}', { ...list, type: 'object' }))
    expect(now).toContain('        - b\n      labels: {team: soc}\n')
    now = spliced(now, setEntry(now, named(now, 'b'), 'tags', '[x, y]', list))
    expect(now).toContain('with: {tags: [x, y], port: 1}}')
    now = spliced(now, setEntry(now, named(now, 'a'), 'ips', '${{ steps.a.output }}', { within: 'with', type: 'array' }))
    expect(now).toContain("      ips: '${{ steps.a.output }}' # ours\n")
    for (const evil of ['[a], port: 2', '[a] # b', '[a', '[a]}, {id: c]', 'a']) expect(() => setEntry(now, named(now, 'b'), 'tags', evil, list)).toThrow(/can't be changed here|list or an object/)
    expect(() => setEntry(now, named(now, 'a'), 'more', '[c]', list)).toThrow('more than a line')
  })

  test('every argument of every library step comes back as it was', () => {
    let changed = 0
    for (const text of Object.values(library)) {
      for (const step of stepsOf(parser.parse(text), text)) {
        for (const within of [undefined, 'with']) {
          for (const entry of entriesOf(text, step, within)) {
            if (entry.value === undefined || entry.key === 'id') continue
            const options = within ? { within, type: 'any' } : { type: 'any' }
            const there = spliced(text, setEntry(text, step, entry.key, 'something_else', options))
            expect(there.length - 'something_else'.length).toBeLessThanOrEqual(text.length - entry.raw.length + 2)
            const back = spliced(there, setEntry(there, named(there, step.id), entry.key, entry.value, options))
            expect(entriesOf(back, named(back, step.id), within)).toEqual(expect.arrayContaining([expect.objectContaining({ key: entry.key, value: entry.value })]))
            expect(back.slice(0, entry.from)).toBe(text.slice(0, entry.from))
            expect(back.slice(back.length - (text.length - entry.to))).toBe(text.slice(entry.to))
            changed++
          }
        }
      }
    }
    expect(changed).toBeGreaterThan(300)
  }, 60_000)
})

test('a case is put behind the others', () => {
  expect(withCase('', '  - name: a\n')).toBe('cases:\n  - name: a\n')
  expect(withCase('defaults: {}\ncases:\n  - name: b\n', '  - name: a\n')).toBe('defaults: {}\ncases:\n  - name: b\n\n  - name: a\n')
  expect(withCase('cases: [{name: b}]\n', '  - name: a\n')).toBeUndefined()
  expect(withCase('cases:\n  - name: b\ndefaults: {}\n', '  - name: a\n')).toBeUndefined()
})

test('a place in an expression is a path of members', () => {
  const line = "  if: steps.look?.output.list[2].name ?? alert.host"
  expect(pathAt(line, line.indexOf('output') + 2)).toBe('steps.look.output')
  expect(pathAt(line, line.indexOf('name'))).toBe('steps.look.output.list[2].name')
  expect(pathAt(line, line.indexOf('alert') + 1)).toBe('alert')
  expect(pathAt(line, 3)).toBeUndefined()
  expect(valueAt({ a: [{ b: 1 }] }, ['a', '0', 'b'])).toBe(1)
  expect(valueAt(null, ['a'])).toBeUndefined()
})
