import { describe, expect, it } from 'vitest'
import { changed, changedTo, said, unfinished, votes } from '@/approvals/arguments'
import { fieldOf } from '@/approvals/ChangeArgument'
import { byHand, startFields } from '@/playbooks/StartRun'
import { readValue, shownValue } from '@/ui/field'

describe('a field', () => {
  it.each([
    [{ name: 'a', type: 'text' }, 'so', { value: 'so' }],
    [{ name: 'a', type: 'text' }, '', {}],
    [{ name: 'a', type: 'text', required: true }, '', { wrong: 'This must be filled in.' }],
    [{ name: 'a', type: 'number' }, '1.5', { value: 1.5 }],
    [{ name: 'a', type: 'number' }, 'many', { wrong: 'This must be a number.' }],
    [{ name: 'a', type: 'integer' }, '1.5', { wrong: 'This must be a whole number.' }],
    [{ name: 'a', type: 'integer', min: 3 }, '2', { wrong: 'At least 3.' }],
    [{ name: 'a', type: 'integer', max: 3 }, '4', { wrong: 'At most 3.' }],
    [{ name: 'a', type: 'boolean', required: true }, false, { value: false }],
    [{ name: 'a', type: 'choices', required: true }, [], { wrong: 'Choose at least one.' }],
    [{ name: 'a', type: 'choices' }, ['x'], { value: ['x'] }],
    [{ name: 'a', type: 'list' }, '["x"]', { value: ['x'] }],
    [{ name: 'a', type: 'list' }, '{}', { wrong: 'This must be a JSON list, like ["a", "b"].' }],
    [{ name: 'a', type: 'object' }, '[', { wrong: 'This is no JSON.' }],
    [{ name: 'a', type: 'string', pattern: '^h-\\d+$' }, 'x', { wrong: 'This must have the form ^h-\\d+$.' }],
    [{ name: 'a', type: 'string', pattern: '(' }, 'x', { value: 'x' }],
    [{ name: 'a', type: 'string', maxLength: 2 }, '🙂🙂', { value: '🙂🙂' }],
    [{ name: 'a', type: 'string', maxLength: 2 }, 'abc', { wrong: 'At most 2 characters.' }],
  ])('%o reads %o', (field, shown, want) => expect(readValue(field, shown)).toEqual(want))

  it('shows what is there', () => {
    expect(shownValue({ name: 'a', type: 'number' }, 3)).toBe('3')
    expect(shownValue({ name: 'a', type: 'boolean' }, undefined)).toBe(false)
    expect(shownValue({ name: 'a', type: 'choices' }, ['x', 1])).toEqual(['x'])
    expect(shownValue({ name: 'a', type: 'text' }, null)).toBe('')
  })

  it('is made of a schema', () => {
    expect(fieldOf('a', { type: ['string', 'null'], maxLength: 5 })).toMatchObject({ type: 'string', maxLength: 5 })
    expect(fieldOf('a', { enum: ['x', 'y'] })).toMatchObject({ type: 'choice', options: ['x', 'y'] })
    expect(fieldOf('a', { type: 'integer', minimum: 1 })).toMatchObject({ type: 'integer', min: 1 })
    expect(fieldOf('a', undefined)).toMatchObject({ type: 'json' })
  })
})

describe('changed arguments', () => {
  const calls = [{ step: 'contain', arguments: { host: 'h-1', tags: ['a'] } }] as never
  it('are those that differ', () => {
    expect(changed({ calls }, { contain: { host: 'h-1', tags: ['b'] }, other: { x: 1 } })).toEqual({ contain: { tags: ['b'] } })
    expect(changed({ calls }, { contain: { host: 'h-1' } })).toEqual({})
  })
  it('are told afterwards', () => {
    expect(changedTo({ host: 'h-2' }, { arguments: { host: 'h-1' } }, 'host')).toBe('h-2')
    expect(changedTo({ host: 'h-1' }, { arguments: { host: 'h-1' } }, 'host')).toBeUndefined()
    expect(changedTo(undefined, { arguments: {} }, 'host')).toBeUndefined()
  })
  it('can be unfinished', () => {
    expect(unfinished({ contain: { host: undefined } })).toBe(true)
    expect(unfinished({ contain: { host: 'x' } })).toBe(false)
  })
})

const vote = (by: string) => ({ by }) as never

describe('a quorum', () => {
  it('says how far it is', () => {
    expect(votes({ quorum: 2, votes: [vote('ana')] })).toBe('2 different people must say yes: ana said yes; 1 more is needed. One no is a no.')
    expect(votes({ quorum: 3 })).toBe('3 different people must say yes: 3 more are needed. One no is a no.')
  })
  it('says what a yes does', () => {
    expect(said({ kind: 'approval', quorum: 2, on_timeout: 'deny' }, true)).toContain('1 more is needed')
    expect(said({ kind: 'approval', quorum: 2, votes: [vote('ana')], on_timeout: 'deny' }, true)).toContain('at once')
    expect(said({ kind: 'ask', on_timeout: 'fail' }, false)).toContain('fails')
  })
})

describe('a start by hand', () => {
  const inputs = [
    { name: 'host', type: 'string', required: true },
    { name: 'days', type: 'integer', default: { lit: 7 } },
    { name: 'user', type: 'string', required: true, default: { expr: 'alert.user.name' } },
  ]
  it('needs what has no default', () => {
    const { fields, shown, computed } = startFields({ inputs } as never)
    expect(fields.map((field) => [field.name, field.required])).toEqual([['host', true], ['days', false], ['user', false]])
    expect(shown).toEqual({ host: '', days: '7', user: '' })
    expect([...computed]).toEqual(['user'])
  })
  it('is for playbooks that allow it', () => {
    expect(byHand({ triggers: [{ kind: 'alert' }, { kind: 'manual' }] } as never)).toBe(true)
    expect(byHand({ triggers: [{ kind: 'alert' }] } as never)).toBe(false)
  })
})
