import { expect, test } from 'vitest'
import type { Diagnostic } from '@/api/nouns'
import { colourLines } from '@/playbooks/colour'

const problem = (line: number, column: number, endColumn: number): Diagnostic => ({
  code: 'E1', severity: 'error', file: 'p.yaml', line, column, end_line: line, end_column: endColumn, message: 'no such thing',
})

test('the pieces of all lines are the text, whatever is marked', () => {
  const text = 'name: x # why\n\nsteps:\n  - id: a\n    if: steps.b.output >= 2\n    set: {v: "${{ item }}", w: >-\n      long ${{ a\n      + b }} end}\n'
  const lines = colourLines(text, [problem(5, 9, 200), problem(400, 1, 2), problem(2, 1, 1)])
  expect(lines.map((pieces) => pieces.map((piece) => piece.text).join('')).join('\n')).toBe(text)
})

test('an expression looks like one, also over lines, and not like the text around it', () => {
  const lines = colourLines('a: "x ${{ one\n  two }} y"', [])
  const marked = lines.flat().filter((piece) => piece.className.includes('--syn-expr')).map((piece) => piece.text)
  expect(marked).toEqual(['${{ one', '  two }}'])
})

test('a diagnostic’s column counts characters, not UTF-16 units', () => {
  const [line] = colourLines('t: "😀😀 wrong"', [problem(1, 8, 13)])
  expect(line!.filter((piece) => piece.title === 'no such thing').map((piece) => piece.text).join('')).toBe('wrong')
})
