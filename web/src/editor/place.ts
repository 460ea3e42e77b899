import type { Text } from '@codemirror/state'

/** A place in a text as the API says it: lines and columns from 1, columns in Unicode characters. */
export type Place = { line: number; column: number }

type Range = { line: number; column: number; end_line: number; end_column: number }

/** The offset of a place, in UTF-16 units; a place outside the text is moved into it. */
export function offsetOf(doc: Text, { line, column }: Place): number {
  const at = doc.line(Math.min(Math.max(1, line), doc.lines))
  let units = 0
  let left = column - 1
  for (const character of at.text) {
    if (left-- <= 0) break
    units += character.length
  }
  return at.from + units
}

export function placeOf(doc: Text, offset: number): Place {
  const at = doc.lineAt(offset)
  return { line: at.number, column: Array.from(at.text.slice(0, offset - at.from)).length + 1 }
}

/** The offsets of a range. */
export function spanOf(doc: Text, range: Range): { from: number; to: number } {
  const from = offsetOf(doc, range)
  return { from, to: Math.max(from, offsetOf(doc, { line: range.end_line, column: range.end_column })) }
}
