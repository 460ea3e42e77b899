import { Bot, Braces, ClipboardList, GitFork, Hand, Hourglass, ListTree, OctagonX, Pencil, RefreshCw, Repeat2, Search, ShieldAlert, ShieldQuestion, Split, Workflow, BrainCircuit, type LucideIcon } from 'lucide-react'
import type { Row } from './rows'

type Look = { icon: LucideIcon; name: string; tint: string }

const verbs: Record<string, Look> = {
  read: { icon: Search, name: 'reads', tint: 'bg-low-soft text-low-text' },
  write: { icon: Pencil, name: 'writes our own records', tint: 'bg-low-soft text-low-text' },
  consequential: { icon: ShieldAlert, name: 'consequential: it changes the world', tint: 'bg-crit-soft text-crit-text' },
  action: { icon: Search, name: 'action', tint: 'bg-low-soft text-low-text' },
  set: { icon: Braces, name: 'computes values', tint: 'bg-info-soft text-info-text' },
  choose: { icon: GitFork, name: 'chooses a branch', tint: 'bg-info-soft text-info-text' },
  parallel: { icon: Split, name: 'branches at once', tint: 'bg-info-soft text-info-text' },
  foreach: { icon: Repeat2, name: 'loop', tint: 'bg-info-soft text-info-text' },
  repeat: { icon: RefreshCw, name: 'rounds', tint: 'bg-info-soft text-info-text' },
  try: { icon: ShieldQuestion, name: 'may fail', tint: 'bg-info-soft text-info-text' },
  wait: { icon: Hourglass, name: 'waits', tint: 'bg-wait-soft text-wait-text' },
  call: { icon: Workflow, name: 'runs another playbook', tint: 'bg-info-soft text-info-text' },
  ask: { icon: ClipboardList, name: 'asks a person', tint: 'bg-wait-soft text-wait-text' },
  agent: { icon: BrainCircuit, name: 'agent', tint: 'bg-llm-soft text-llm-text' },
  model: { icon: Bot, name: 'model', tint: 'bg-llm-soft text-llm-text' },
  approve: { icon: Hand, name: 'approval', tint: 'bg-wait-soft text-wait-text' },
  stop: { icon: OctagonX, name: 'ends the run', tint: 'bg-info-soft text-info-text' },
}

/** How a step looks, by its verb and, for actions, by its effect. */
export const verbLook = (verb: string, effect?: string): Look => verbs[verb === 'action' && effect ? effect : verb] ?? verbs.action!

export const rowLook = (row: Row): { icon: LucideIcon } => (row.step ? verbLook(row.step.verb, row.step.effect) : { icon: row.kind === 'item' ? ListTree : GitFork })
