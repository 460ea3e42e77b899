import { BellRing, BookOpen, Brain, House, Inbox, Link2, PlayCircle, Plug, Scale, type LucideIcon } from 'lucide-react'
import type { Counts } from '@/api/nouns'

export type Place = {
  to: '/' | '/alerts' | '/approvals' | '/runs' | '/playbooks' | '/connections' | '/memory' | '/verdicts' | '/audit'
  label: string
  icon: LucideIcon
  group: 'Operate' | 'Build' | 'Prove'
  /** The letter after `g` that goes there. */
  key: string
  /** The number beside it: what it counts in words, and whether it asks for something. */
  count?: (counts: Counts) => { n: number; means: string; urgent?: boolean }
}

export const places: Place[] = [
  { to: '/', label: 'Home', icon: House, group: 'Operate', key: 'h' },
  { to: '/alerts', label: 'Alerts', icon: BellRing, group: 'Operate', key: 'a', count: (c) => ({ n: c.alerts_open, means: 'have a run that is not over' }) },
  { to: '/approvals', label: 'Approvals', icon: Inbox, group: 'Operate', key: 'i', count: (c) => ({ n: c.approvals_mine, means: 'wait for your decision', urgent: true }) },
  { to: '/runs', label: 'Runs', icon: PlayCircle, group: 'Operate', key: 'r', count: (c) => ({ n: c.runs_open, means: 'are open' }) },
  { to: '/playbooks', label: 'Playbooks', icon: BookOpen, group: 'Build', key: 'p' },
  { to: '/connections', label: 'Connections', icon: Plug, group: 'Build', key: 'c' },
  { to: '/memory', label: 'Memory', icon: Brain, group: 'Build', key: 'm' },
  { to: '/verdicts', label: 'Verdicts', icon: Scale, group: 'Prove', key: 'v' },
  { to: '/audit', label: 'Audit', icon: Link2, group: 'Prove', key: 'l' },
]
