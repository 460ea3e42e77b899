import { highlightTree, tagHighlighter, tags } from '@lezer/highlight'
import { parser } from '@lezer/yaml'
import type { Diagnostic } from '@/api/nouns'

/** A piece of a line that looks the same from end to end. */
export type Piece = { text: string; className: string; title?: string }

const syntax = tagHighlighter([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: 'text-(--syn-key)' },
  { tag: [tags.string, tags.content], class: 'text-(--syn-str)' },
  { tag: tags.lineComment, class: 'italic text-(--syn-com)' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], class: 'text-(--syn-punct)' },
])

type Mark = { from: number; to: number; className: string; title?: string; layer: 'syntax' | 'expression' | 'problem' }

/** A playbook's text in lines of coloured pieces; what diagnostics point at is underlined, with their words. */
export function colourLines(text: string, diagnostics: Diagnostic[]): Piece[][] {
  const lines = text.split('\n')
  const starts: number[] = []
  let at = 0
  for (const line of lines) {
    starts.push(at)
    at += line.length + 1
  }
  const marks: Mark[] = []
  highlightTree(parser.parse(text), syntax, (from, to, className) => marks.push({ from, to, className, layer: 'syntax' }))
  for (const found of text.matchAll(/\$\{\{[\s\S]*?\}\}/g)) {
    marks.push({ from: found.index, to: found.index + found[0].length, className: 'rounded-sm bg-llm-soft text-(--syn-expr)', layer: 'expression' })
  }
  for (const each of diagnostics) {
    marks.push({
      from: offset(lines, starts, each.line, each.column),
      to: offset(lines, starts, each.end_line, each.end_column),
      className: `underline decoration-wavy underline-offset-4 ${each.severity === 'error' ? 'decoration-crit' : 'decoration-high'}`,
      title: each.message,
      layer: 'problem',
    })
  }
  // Marks by line, so that a long text is not searched again for each of its lines.
  const byLine = lines.map((): Mark[] => [])
  for (const mark of marks) {
    for (let i = lineAt(starts, mark.from); i < lines.length && starts[i]! < mark.to; i++) byLine[i]!.push(mark)
  }
  return lines.map((line, i) => pieces(line, starts[i]!, byLine[i]!))
}

/** Where a diagnostic's column is: it counts Unicode characters, a string counts UTF-16. */
function offset(lines: string[], starts: number[], line: number, column: number): number {
  const index = Math.min(Math.max(1, line), lines.length) - 1
  return starts[index]! + Array.from(lines[index]!).slice(0, Math.max(0, column - 1)).join('').length
}

function lineAt(starts: number[], at: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= at) low = middle
    else high = middle - 1
  }
  return low
}

function pieces(line: string, start: number, marks: Mark[]): Piece[] {
  const cuts = new Set([0, line.length])
  for (const mark of marks) {
    cuts.add(Math.max(0, mark.from - start))
    cuts.add(Math.min(line.length, mark.to - start))
  }
  const sorted = [...cuts].toSorted((a, b) => a - b)
  const found: Piece[] = []
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [from, to] = [sorted[i]!, sorted[i + 1]!]
    const here = marks.filter((mark) => mark.from - start <= from && mark.to - start >= to)
    const expression = here.some((mark) => mark.layer === 'expression')
    const shown = here.filter((mark) => !(expression && mark.layer === 'syntax'))
    found.push({ text: line.slice(from, to), className: shown.map((mark) => mark.className).join(' '), title: here.find((mark) => mark.title)?.title })
  }
  return found
}
