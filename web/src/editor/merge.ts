import { diff3Merge } from 'node-diff3'

export type Text = { source: string; tests: string }

/** Both changes of a text in one, or the lines of ours at which both have changed the same. */
export type Merged = { text: string; conflicts: never[] } | { text?: never; conflicts: number[] }

/** Brings together, line by line, what two people made of one text. The same change of both is one change. */
export function merge(ours: string, base: string, theirs: string): Merged {
  const lines: string[] = []
  const conflicts: number[] = []
  for (const part of diff3Merge(ours.split('\n'), base.split('\n'), theirs.split('\n'), { excludeFalseConflicts: true })) {
    if (part.ok) lines.push(...part.ok)
    if (part.conflict) conflicts.push(part.conflict.aIndex + 1)
  }
  return conflicts.length > 0 ? { conflicts } : { text: lines.join('\n'), conflicts: [] }
}
