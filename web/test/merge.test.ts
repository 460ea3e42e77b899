import { expect, test } from 'vitest'
import { merge } from '@/editor/merge'

const base = 'name: a\ntitle: A\nowner: soc\nsteps:\n  - id: x\n    set: {n: 1}\n'

test('changes of different lines are both in the result', () => {
  const ours = base.replace('title: A', 'title: Ours')
  const theirs = `${base.replace('n: 1', 'n: 2')}  - id: y\n    set: {m: 1}\n`
  expect(merge(ours, base, theirs)).toEqual({ text: theirs.replace('title: A', 'title: Ours'), conflicts: [] })
  expect(merge(theirs, base, ours)).toEqual(merge(ours, base, theirs))
})

test('one change that both made is one change, and what nobody changed stays', () => {
  const same = base.replace('title: A', 'title: B')
  expect(merge(same, base, same)).toEqual({ text: same, conflicts: [] })
  expect(merge(base, base, base)).toEqual({ text: base, conflicts: [] })
})

test('two changes of one line are told, and nothing is guessed', () => {
  expect(merge(base.replace('n: 1', 'n: 2'), base, base.replace('n: 1', 'n: 3'))).toEqual({ conflicts: [6] })
  expect(merge('', base, base.replace('n: 1', 'n: 3'))).toEqual({ conflicts: [1] })
})
