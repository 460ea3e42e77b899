import type { SyntaxNode, Tree } from '@lezer/common'
import { parser } from '@lezer/yaml'

/** A step as it stands in the text: `from` is where its item begins, `to` where it ends. */
export type StepText = { id: string; verb: string; from: number; to: number; indent: number; siblings: StepText[]; flow: boolean }

const plain = new Set(['id', 'title', 'if', 'with', 'on_error', 'retry', 'timeout', 'undo', 'connection', 'run', 'note', 'needs'])

let parsed: { text: string; tree: Tree } | undefined

/** The tree of a text. The last one is kept: the bar, the form and the steps all ask for that of the same text. */
export function treeOf(text: string): Tree {
  if (parsed?.text !== text) parsed = { text, tree: parser.parse(text) }
  return parsed.tree
}

/** All steps of a playbook's text, in its order. What is not understood is left out; it works in a broken text too. */
export function stepsOf(tree: Tree, text: string): StepText[] {
  const found: StepText[] = []
  const read = (node: SyntaxNode) => text.slice(node.from, node.to)
  const pairs = (mapping: SyntaxNode) => mapping.getChildren('Pair').map((pair) => {
    const key = pair.getChild('Key')
    return { key: key ? unquoted(read(key)) : '', value: pair.lastChild && pair.lastChild.name !== 'Key' && pair.lastChild.name !== ':' ? pair.lastChild : undefined }
  })
  const walkMapping = (mapping: SyntaxNode) => {
    for (const { value } of pairs(mapping)) if (value) walk(value)
  }
  const walkSequence = (sequence: SyntaxNode) => {
    const siblings: StepText[] = []
    const flow = sequence.name === 'FlowSequence'
    for (const item of sequence.getChildren('Item')) {
      const mapping = item.getChild('BlockMapping') ?? item.getChild('FlowMapping')
      if (!mapping) continue
      const members = pairs(mapping)
      const id = members.find((each) => each.key === 'id')?.value
      if (id) {
        const from = flow ? item.from : (item.prevSibling?.from ?? item.from) // the dash
        const line = text.lastIndexOf('\n', from - 1) + 1
        const step = { id: unquoted(read(id)), verb: members.find((each) => !plain.has(each.key))?.key ?? '', from, to: item.to, indent: from - line, siblings, flow }
        siblings.push(step)
        found.push(step)
      }
      walkMapping(mapping)
    }
  }
  const walk = (node: SyntaxNode) => {
    if (node.name === 'BlockMapping' || node.name === 'FlowMapping') walkMapping(node)
    else if (node.name === 'BlockSequence' || node.name === 'FlowSequence') walkSequence(node)
    else for (let child = node.firstChild; child; child = child.nextSibling) walk(child)
  }
  walk(tree.topNode)
  return found
}

const unquoted = (text: string) => text.trim().replace(/^(['"])(.*)\1$/, '$2')

/** The step in which a place is: the innermost. */
export function stepAt(steps: StepText[], offset: number): StepText | undefined {
  return steps.findLast((step) => step.from <= offset && offset <= step.to)
}

export type Splice = { from: number; to: number; insert: string; select: string }

/** Why an edit can't be made, in a sentence for the person. */
export class Refused extends Error {}

/** Where the lines of a step begin and end, with the comments right above it; the end is behind its last line break. */
function lines(text: string, step: StepText): { from: number; to: number } {
  if (step.flow) throw new Refused(`The step ${step.id} stands in a list on one line. Change it in the text.`)
  let from = text.lastIndexOf('\n', step.from - 1) + 1
  if (text.slice(from, step.from).trim() !== '') throw new Refused(`The step ${step.id} does not begin on a line of its own. Change it in the text.`)
  while (from > 0) {
    const above = text.lastIndexOf('\n', from - 2) + 1
    const line = text.slice(above, from)
    if (!line.trim().startsWith('#') || line.length - line.trimStart().length !== step.indent) break
    from = above
  }
  const end = text.indexOf('\n', Math.max(step.to - 1, step.from))
  return { from, to: end < 0 ? text.length : end + 1 }
}

const broken = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

/** An id that no step has. */
export function freeID(steps: StepText[], wanted: string): string {
  const taken = new Set(steps.map((step) => step.id))
  if (!taken.has(wanted)) return wanted
  for (let n = 2; ; n++) if (!taken.has(`${wanted}_${n}`)) return `${wanted}_${n}`
}

/** Adds a step behind another; `body` is its text, its first line without the dash, not indented. */
export function addAfter(text: string, step: StepText, id: string, body: string): Splice {
  const { to } = lines(text, step)
  const pad = ' '.repeat(step.indent)
  const written = body.split('\n').map((line, i) => (i === 0 ? `${pad}- ${line}` : line === '' ? '' : `${pad}  ${line}`)).join('\n')
  const glue = to > 0 && text[to - 1] !== '\n' ? '\n' : ''
  return { from: to, to, insert: `${glue}${broken(written)}`, select: id }
}

/** Puts a copy of a step behind it; the steps in it get ids of their own. */
export function duplicate(text: string, steps: StepText[], step: StepText): Splice {
  const { from, to } = lines(text, step)
  let copy = broken(text.slice(from, to))
  const inside = steps.filter((each) => each.from >= step.from && each.to <= step.to)
  const named = [...steps]
  let select = step.id
  for (const each of inside) {
    const id = freeID(named, `${each.id}_copy`)
    named.push({ ...each, id })
    if (each === step) select = id
    copy = copy.replace(new RegExp(`(\\bid:\\s*)(["']?)${escape(each.id)}\\2(?=[\\s,}]|$)`, 'm'), (_, key: string, quote: string) => `${key}${quote}${id}${quote}`)
  }
  const glue = text[to - 1] === '\n' ? '' : '\n'
  return { from: to, to, insert: glue + copy, select }
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Takes a step out. The last one of a block stays: an empty block is no playbook. */
export function remove(text: string, step: StepText): Splice {
  if (step.siblings.length === 1) throw new Refused(`${step.id} is the only step of its block. Delete the block, or put another step beside it first.`)
  const { from, to } = lines(text, step)
  const at = step.siblings.indexOf(step)
  return { from, to, insert: '', select: (step.siblings[at + 1] ?? step.siblings[at - 1])!.id }
}

/** Moves a step before the one above it (-1) or behind the one below it (1). */
export function move(text: string, step: StepText, by: -1 | 1): Splice {
  const other = step.siblings[step.siblings.indexOf(step) + by]
  if (!other) throw new Refused(by < 0 ? `${step.id} is the first step of its block.` : `${step.id} is the last step of its block.`)
  const [above, below] = (by < 0 ? [other, step] : [step, other]).map((each) => lines(text, each)) as [{ from: number; to: number }, { from: number; to: number }]
  const between = text.slice(above.to, below.from)
  const lower = broken(text.slice(below.from, below.to))
  let upper = text.slice(above.from, above.to)
  if (!text.slice(below.from, below.to).endsWith('\n')) upper = upper.replace(/\n$/, '')
  return { from: above.from, to: below.to, insert: lower + between + upper, select: step.id }
}

/** The blocks that a step can be wrapped in, with what each is for. */
export const wrappers = [
  { verb: 'try', text: 'Try', means: 'What fails in it is caught, and the run goes on' },
  { verb: 'choose', text: 'Choose', means: 'It runs only when a condition holds' },
  { verb: 'foreach', text: 'For each', means: 'It runs once for each item of a list' },
  { verb: 'repeat', text: 'Repeat', means: 'It runs again until a condition holds' },
  { verb: 'parallel', text: 'Branches at once', means: 'It runs beside other steps' },
] as const

export type Wrapper = (typeof wrappers)[number]['verb']

/** Puts a step into a block; its lines stay as they are but for their indentation. */
export function wrap(text: string, step: StepText, id: string, verb: Wrapper): Splice {
  const { from, to } = lines(text, step)
  const pad = ' '.repeat(step.indent)
  const [head, depth] = {
    try: [['try:', '  steps:'], 6],
    choose: [['choose:', '  - when: true', '    steps:'], 8],
    foreach: [['foreach:', '  items: [1]', '  steps:'], 6],
    repeat: [['repeat:', '  until: true', '  at_most: 3', '  steps:'], 6],
    parallel: [['parallel:', '  branches:', '    one:'], 8],
  }[verb] as [string[], number]
  const inner = broken(text.slice(from, to)).replace(/^(?=.)/gm, ' '.repeat(depth))
  const caught = verb === 'try' ? `${pad}    catch:\n${pad}      - {id: ${id}_failed, set: {value: 1}}\n` : ''
  const insert = `${pad}- id: ${id}\n${head.map((line) => `${pad}  ${line}\n`).join('')}${inner}${caught}`
  return { from, to, insert: text[to - 1] === '\n' ? insert : insert.replace(/\n$/, ''), select: step.id }
}

const block = (name: string) => `    - {id: ${name}, set: {value: 1}}`

/** The text of a new step of a verb, with what it needs at least. */
export function newStep(id: string, verb: string, operation?: { name: string; input: unknown }): string {
  switch (verb) {
    case 'action': return [`id: ${id}`, `action: ${operation?.name ?? ''}`, ...withOf(operation?.input)].join('\n')
    case 'set': return `id: ${id}\nset:\n  value: 1`
    case 'choose': return `id: ${id}\nchoose:\n  - when: \${{ alert.severity >= high }}\n    steps:\n  ${block(`${id}_yes`)}`
    case 'foreach': return `id: ${id}\nforeach:\n  items: \${{ alert.observables }}\n  steps:\n${block(`${id}_each`)}`
    case 'parallel': return `id: ${id}\nparallel:\n  branches:\n    a:\n  ${block(`${id}_a`)}\n    b:\n  ${block(`${id}_b`)}`
    case 'try': return `id: ${id}\ntry:\n  steps:\n${block(`${id}_do`)}\n  catch:\n${block(`${id}_failed`)}`
    case 'approve': return `id: ${id}\napprove:\n  title: May this be done?\n  by: {role: responder}\n  covers: []\n  within: 1h\n  on_timeout: deny`
    case 'model': return `id: ${id}\nmodel:\n  prompt: Decide whether this is an attack.\n  evidence: ['\${{ alert }}']\n  returns: verdict`
    case 'wait': return `id: ${id}\nwait: {for: 10m}`
    case 'stop': return `id: ${id}\nstop: {status: completed, reason: Nothing more to do}`
    default: return `id: ${id}\n${verb}:`
  }
}

/** `with` and the arguments that an operation needs. */
function withOf(input: unknown): string[] {
  const schema = input as { required?: string[]; properties?: Record<string, { type?: string | string[] }> } | undefined
  const required = schema?.required ?? []
  if (required.length === 0) return []
  return ['with:', ...required.map((name) => `  ${name}: ${blank(schema?.properties?.[name]?.type)}`)]
}

const blank = (type: string | string[] | undefined) => {
  switch (Array.isArray(type) ? type[0] : type) {
    case 'integer': case 'number': return '0'
    case 'boolean': return 'false'
    case 'array': return '[]'
    case 'object': return '{}'
    default: return "''"
  }
}
