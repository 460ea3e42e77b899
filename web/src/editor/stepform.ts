import type { SyntaxNode } from '@lezer/common'
import { Refused, stepsOf, treeOf, type Splice, type StepText } from './steps'

/** A member of a step as it stands in the text. `value` is what a scalar says, undefined for what a form can't show. */
export type Entry = { key: string; value: string | undefined; raw: string; from: number; to: number }

const sliceOf = (text: string, node: SyntaxNode) => text.slice(node.from, node.to)
const containers = new Set(['BlockMapping', 'FlowMapping', 'BlockSequence', 'FlowSequence', 'BlockLiteral'])

/** The mapping of a step: its item in the list of steps. */
function mappingOf(text: string, step: StepText): SyntaxNode {
  const dash = text.indexOf('-', step.from)
  const start = step.flow ? step.from : dash + 1 + (/^\s*/.exec(text.slice(dash + 1))?.[0].length ?? 0)
  for (let node: SyntaxNode | null = treeOf(text).resolveInner(start, 1); node; node = node.parent) {
    if ((node.name === 'BlockMapping' || node.name === 'FlowMapping') && node.from >= step.from) return node
  }
  throw new Refused(`The step ${step.id} can't be read. Change it in the text.`)
}

const pairsOf = (mapping: SyntaxNode) => mapping.getChildren('Pair')

function pairOf(text: string, mapping: SyntaxNode, key: string): SyntaxNode | undefined {
  return pairsOf(mapping).find((pair) => {
    const name = pair.getChild('Key')
    return !!name && said(sliceOf(text, name)) === key
  })
}

function valueOf(pair: SyntaxNode): SyntaxNode | undefined {
  const last = pair.lastChild
  return last && last.name !== 'Key' && last.name !== ':' && last.name !== '⚠' ? last : undefined
}

/** What a scalar says. */
export function said(raw: string): string {
  const at = raw.trim()
  if (/^'[\s\S]*'$/.test(at)) return at.slice(1, -1).replaceAll("''", "'")
  if (/^"[\s\S]*"$/.test(at)) {
    try {
      return JSON.parse(at) as string
    } catch {
      return at.slice(1, -1)
    }
  }
  return at
}

/** A scalar in YAML: plain where nothing could be meant but this text, else quoted as it was before. */
export function written(value: string, was = '', type: string | undefined = 'string'): string {
  if (/[\n\t]/.test(value)) return JSON.stringify(value)
  if (was.startsWith('"')) return JSON.stringify(value)
  if (type !== 'string' && /^(true|false|-?\d+(\.\d+)?)$/.test(value)) return value
  const plain = /^[A-Za-z][\w ./@-]*$/.test(value) && !/\s$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
  return plain && !was.startsWith("'") ? value : `'${value.replaceAll("'", "''")}'`
}

/** The members of a step, or of a mapping in it such as `with`. */
export function entriesOf(text: string, step: StepText, within?: string): Entry[] {
  let mapping: SyntaxNode | undefined = mappingOf(text, step)
  if (within) {
    const pair = pairOf(text, mapping, within)
    mapping = pair && valueOf(pair)
    if (!mapping || (mapping.name !== 'BlockMapping' && mapping.name !== 'FlowMapping')) return []
  }
  return pairsOf(mapping).flatMap((pair) => {
    const key = pair.getChild('Key')
    if (!key) return []
    const value = valueOf(pair)
    const raw = value ? sliceOf(text, value) : ''
    return [{ key: said(sliceOf(text, key)), raw, value: value && containers.has(value.name) ? undefined : said(raw), from: value?.from ?? pair.to, to: value?.to ?? pair.to }]
  })
}

/** Tells whether a form can show a list or an object as it is written: `[a, b]` or `{a: 1}` on one line. */
export const onOneLine = (raw: string) => /^[[{][^\n]*[\]}]$/.test(raw)

/** Sets a member of a step, or of a mapping in it; undefined takes it out. A value that is `yaml` is a list or an object as it is to be written. */
export function setEntry(text: string, step: StepText, key: string, value: string | undefined, options: { within?: string; type?: string | undefined; yaml?: boolean } = {}): Splice {
  const { within, type, yaml } = options
  if (yaml && !onOneLine(value ?? '')) throw new Refused(`${key} is a list or an object here: [a, b] or {name: value}.`)
  const scalar = (what: string, was?: string) => (yaml ? what : written(what, was, type))
  const own = mappingOf(text, step)
  const holder = within ? pairOf(text, own, within) : undefined
  const mapping = within ? holder && valueOf(holder) : own
  let splice: Splice
  if (within && (!mapping || pairsOf(mapping).length === 0)) {
    if (value === undefined) throw new Refused(`${step.id} has no ${key}.`)
    if (holder) splice = { from: mapping?.from ?? holder.to, to: mapping?.to ?? holder.to, insert: `${mapping ? '' : ' '}{${key}: ${scalar(value)}}`, select: step.id }
    else splice = added(text, own, `${within}: {${key}: ${scalar(value)}}`, step)
  } else {
    const pair = pairOf(text, mapping!, key)
    if (!pair) {
      if (value === undefined) throw new Refused(`${step.id} has no ${key}.`)
      splice = added(text, mapping!, `${key}: ${scalar(value)}`, step)
    } else if (value === undefined) {
      splice = within && pairsOf(mapping!).length === 1 ? removed(text, own, holder!, step) : removed(text, mapping!, pair, step)
    } else {
      const old = valueOf(pair)
      if (old && containers.has(old.name) && !onOneLine(sliceOf(text, old))) throw new Refused(`${key} is more than a line. Change it in the text.`)
      splice = old ? { from: old.from, to: old.to, insert: scalar(value, sliceOf(text, old)), select: step.id }
        : { from: pair.to, to: pair.to, insert: ` ${scalar(value)}`, select: step.id }
    }
  }
  // What was written must be what is read, or the text would say something else than the form.
  const next = text.slice(0, splice.from) + splice.insert + text.slice(splice.to)
  const after = stepsOf(treeOf(next), next).find((each) => each.id === step.id)
  const found = after && entriesOf(next, after, within).find((each) => each.key === key)
  if (!after || (yaml ? found?.raw : found?.value) !== value) throw new Refused(`${key} can't be changed here. Change it in the text.`)
  return splice
}

/** Where the line of a place ends, before its line break. */
function lineEnd(text: string, at: number): number {
  while (at > 0 && text[at - 1] === '\n') at--
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

function added(text: string, mapping: SyntaxNode, line: string, step: StepText): Splice {
  if (mapping.name === 'FlowMapping') {
    const at = mapping.to - 1
    const before = text.slice(0, at).trimEnd().length
    return { from: before, to: before, insert: `${pairsOf(mapping).length > 0 ? ', ' : ''}${line}`, select: step.id }
  }
  const pairs = pairsOf(mapping) // the mapping itself begins with the line break before it
  const indent = pairs[0]!.from - (text.lastIndexOf('\n', pairs[0]!.from - 1) + 1)
  const at = lineEnd(text, pairs.at(-1)!.to)
  return { from: at, to: at, insert: `\n${' '.repeat(indent)}${line}`, select: step.id }
}

function removed(text: string, mapping: SyntaxNode, pair: SyntaxNode, step: StepText): Splice {
  const pairs = pairsOf(mapping)
  const at = pairs.findIndex((each) => each.from === pair.from)
  if (mapping.name === 'FlowMapping') {
    const [from, to] = at > 0 ? [pairs[at - 1]!.to, pair.to] : [pair.from, pairs[1]?.from ?? pair.to]
    return { from, to, insert: '', select: step.id }
  }
  const from = text.lastIndexOf('\n', pair.from - 1) + 1
  if (text.slice(from, pair.from).trim() !== '') throw new Refused('It stands on the line of the step. Change it in the text.')
  const end = lineEnd(text, pair.to)
  return { from, to: Math.min(text.length, end + 1), insert: '', select: step.id }
}
