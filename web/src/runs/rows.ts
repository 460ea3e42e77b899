import type { Approval, Run, Step } from '@/api/nouns'

/** A line of the timeline: a step, or a group of steps (a branch, an item of a loop). */
export type Row = {
  key: string
  kind: 'step' | 'branch' | 'item'
  label: string
  depth: number
  parent: string
  status: string
  start: number | undefined
  end: number | undefined // of what still goes on: now
  step: Step | undefined
  children: Row[]
}

const finalStatuses = new Set(['completed', 'failed', 'cancelled', 'timed_out'])

export const isFinal = (run: Pick<Run, 'status'>) => finalStatuses.has(run.status)

/** A step that waits has its beginning from when its approval was first asked for: its own entry comes when it ends. */
export function withWaits(steps: Step[], approvals: Pick<Approval, 'step' | 'created_at'>[]): Step[] {
  return steps.map((step) => {
    if (step.status !== 'waiting' || step.started) return step
    const asked = approvals.filter((approval) => approval.step === step.path).map((approval) => approval.created_at)
    return asked.length > 0 ? { ...step, started: asked.toSorted()[0] } : step
  })
}

/** The steps as a tree in the plan's order, with a group for each branch and each item. */
export function buildRows(steps: Step[], run: Pick<Run, 'status'>, now: number): Row[] {
  const rows = new Map<string, Row>()
  const top: Row[] = []
  for (const step of steps) {
    const row: Row = {
      key: step.path,
      kind: 'step',
      label: step.title || step.id,
      depth: 0,
      parent: step.parent,
      status: step.status === 'queued' ? 'unreached' : step.status,
      start: step.started ? Date.parse(step.started) : undefined,
      end: step.ended ? Date.parse(step.ended) : step.started && !isFinal(run) ? now : undefined,
      step,
      children: [],
    }
    if (row.start !== undefined && row.end === undefined) row.end = row.start
    rows.set(step.path, row)
    const parent = rows.get(step.parent)
    if (!parent) top.push(row)
    else groupOf(rows, parent, step).children.push(row)
  }
  for (const row of top) settle(row, 0)
  return top.map(joined)
}

/** The row under which a step of a parent stands: its item's, its branch's, or the parent itself. */
function groupOf(rows: Map<string, Row>, parent: Row, step: Step): Row {
  const kind = step.item === undefined ? 'branch' : 'item'
  const name = step.item === undefined ? step.branch : String(step.item)
  if (name === undefined || name === '') return parent
  const key = `${parent.key}#${kind}:${name}`
  let group = rows.get(key)
  if (!group) {
    const label = kind === 'item' ? `${parent.step?.verb === 'repeat' ? 'Round' : 'Item'} ${step.item! + 1}` : parent.step?.verb !== 'choose' ? name : name === 'else' ? 'otherwise' : `when ${name}`
    group = { key, kind, label, depth: 0, parent: parent.key, status: 'unreached', start: undefined, end: undefined, step: undefined, children: [] }
    rows.set(key, group)
    parent.children.push(group)
  }
  return group
}

const gravest = ['running', 'waiting', 'failed', 'unknown', 'denied', 'cancelled', 'ok', 'skipped', 'unreached']

/** An item of a loop with one step is that step's line. */
function joined(row: Row): Row {
  const only = row.kind === 'item' && row.children.length === 1 ? row.children[0]! : undefined
  if (!only) return { ...row, children: row.children.map(joined) }
  return { ...only, label: `${row.label} · ${only.label}`, kind: 'item', depth: row.depth, parent: row.parent }
}

/** Gives depths, and to groups the span and the status of what is in them. */
function settle(row: Row, depth: number) {
  row.depth = depth
  for (const child of row.children) {
    child.parent = row.key
    settle(child, depth + 1)
  }
  // A block in which nothing but people is waited for, waits.
  const states = new Set(flatten(row.children).map((child) => child.status))
  if (row.status === 'running' && states.has('waiting') && !states.has('running')) row.status = 'waiting'
  if (row.step && (row.start !== undefined || row.children.length === 0)) return
  const starts = row.children.flatMap((child) => child.start ?? [])
  const ends = row.children.flatMap((child) => child.end ?? [])
  if (starts.length > 0) row.start = Math.min(...starts)
  if (ends.length > 0) row.end = Math.max(...ends)
  if (!row.step) row.status = gravest.find((status) => row.children.some((child) => child.status === status)) ?? 'unreached'
}

const manyItems = 8

/** Whether a row stands open before anybody touched it: branches not taken and long loops' good items are closed. */
export function opensByItself(row: Row, siblings: number): boolean {
  if (row.kind === 'branch') return row.start !== undefined || !['unreached', 'skipped'].includes(row.status)
  if (row.kind === 'item') return siblings <= manyItems || !['ok', 'skipped'].includes(row.status)
  return true
}

/** The rows that are seen, given which were opened or closed by hand. */
export function visibleRows(rows: Row[], byHand: ReadonlyMap<string, boolean>): (Row & { open: boolean | undefined })[] {
  return rows.flatMap((row) => {
    if (row.children.length === 0) return [{ ...row, open: undefined }]
    const open = byHand.get(row.key) ?? opensByItself(row, rows.length)
    return [{ ...row, open }, ...(open ? visibleRows(row.children, byHand) : [])]
  })
}

/** All rows, parents before their children. */
export const flatten = (rows: Row[]): Row[] => rows.flatMap((row) => [row, ...flatten(row.children)])

/** The verbs in which nothing happens but waiting, for people, events or a time. */
export const waitVerbs: ReadonlySet<string> = new Set(['approve', 'ask', 'wait'])

/** The verbs that only hold other steps. */
export const blocks: ReadonlySet<string> = new Set(['choose', 'parallel', 'foreach', 'repeat', 'try'])

/** Tells whether a row is a turn of an agent, or a call that it made. */
export const partOfAgent = (step: Pick<Step, 'id'>): boolean => /^(?:turn|call)\[\d+\]$/.test(step.id)

export type Summary = {
  done: number; failed: number; skipped: number; unreached: number; running: number
  waitedMS: number
}

/** The numbers of a run's head. Groups and the blocks around other steps are not counted as steps. */
export function summarise(steps: Step[], run: Pick<Run, 'status'>, now: number): Summary {
  const sum: Summary = { done: 0, failed: 0, skipped: 0, unreached: 0, running: 0, waitedMS: 0 }
  const waits: Span[] = []
  for (const step of steps) {
    if (blocks.has(step.verb)) continue
    if (partOfAgent(step)) {
      // its agent is the step
    } else if (step.status === 'ok') sum.done++
    else if (['failed', 'unknown', 'denied'].includes(step.status)) sum.failed++
    else if (['skipped', 'cancelled'].includes(step.status)) sum.skipped++
    else if (step.status === 'queued') sum.unreached++
    else sum.running++
    if (['approve', 'ask'].includes(step.verb) && step.started) {
      waits.push([Date.parse(step.started), step.ended ? Date.parse(step.ended) : isFinal(run) ? Date.parse(step.started) : now])
    }
  }
  sum.waitedMS = merge(waits, 0).reduce((total, [from, to]) => total + to - from, 0)
  return sum
}

export type Span = [from: number, to: number]

/** Joins spans that overlap or lie closer than `gap`, in order of time. */
export function merge(spans: Span[], gap: number): Span[] {
  const merged: Span[] = []
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1] + gap) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}
