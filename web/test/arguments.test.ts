import { expect, test } from 'vitest'
import { argumentsOf, onTimeout } from '@/approvals/arguments'

test('each argument is shown as it will be sent, with where it came from', () => {
  const list = argumentsOf({
    arguments: { user: 'alice@example.test', days: 30, tags: ['a', 'b'], note: 'x' },
    origins: [
      { argument: 'user', from: 'steps.account.output.id', untrusted: true },
      { argument: 'days', from: 'literal', untrusted: false },
      { argument: 'tags[0]', from: 'alert.labels[0]', untrusted: true },
      { argument: 'tags[1]', from: 'literal', untrusted: false },
    ],
  })
  expect(list.map(({ name, text, from, untrusted }) => [name, text, from, untrusted])).toEqual([
    ['user', 'alice@example.test', 'steps.account.output.id', true],
    ['days', '30', 'the playbook’s own text', false],
    ['tags', '[\n  "a",\n  "b"\n]', 'alert.labels[0], the playbook’s own text', true],
    ['note', 'x', 'unknown', true], // nobody says where it came from: not trusted
  ])
  expect(argumentsOf({ arguments: null, origins: [] })).toEqual([])
})

test('silence is never a yes', () => {
  expect(onTimeout({ on_timeout: 'deny', escalated: false })).toMatch(/denied/)
  expect(onTimeout({ on_timeout: 'escalate', escalated: false })).toMatch(/nothing is released/)
  expect(onTimeout({ on_timeout: 'deny', escalated: true })).toMatch(/denied.*nobody above/)
})
