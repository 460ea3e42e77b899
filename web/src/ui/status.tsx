import {
  Ban, CheckCircle2, CircleDashed, CircleHelp, CircleSlash, Clock, Hourglass, Loader2, TimerOff, XCircle, type LucideIcon,
} from 'lucide-react'
import { Badge, type Tone } from './badge'
import { cn } from './cn'

type Look = { icon: LucideIcon; tone: Tone; label: string; text: string; bar: string }

const looks: Record<string, Look> = {
  ok: { icon: CheckCircle2, tone: 'ok', label: 'Done', text: 'text-ok-text', bar: 'bg-ok' },
  completed: { icon: CheckCircle2, tone: 'ok', label: 'Completed', text: 'text-ok-text', bar: 'bg-ok' },
  approved: { icon: CheckCircle2, tone: 'ok', label: 'Approved', text: 'text-ok-text', bar: 'bg-ok' },
  failed: { icon: XCircle, tone: 'crit', label: 'Failed', text: 'text-crit-text', bar: 'bg-crit' },
  denied: { icon: Ban, tone: 'crit', label: 'Denied', text: 'text-crit-text', bar: 'bg-crit' },
  unknown: { icon: CircleHelp, tone: 'high', label: 'Outcome unknown', text: 'text-high-text', bar: 'bg-high' },
  running: { icon: Loader2, tone: 'accent', label: 'Running', text: 'text-accent-text', bar: 'bg-accent' },
  waiting: { icon: Clock, tone: 'wait', label: 'Waiting', text: 'text-wait-text', bar: 'bg-wait' },
  pending: { icon: Clock, tone: 'wait', label: 'Pending', text: 'text-wait-text', bar: 'bg-wait' },
  expired: { icon: TimerOff, tone: 'high', label: 'Expired', text: 'text-high-text', bar: 'bg-high' },
  timed_out: { icon: TimerOff, tone: 'high', label: 'Timed out', text: 'text-high-text', bar: 'bg-high' },
  skipped: { icon: CircleSlash, tone: 'info', label: 'Skipped', text: 'text-info-text', bar: 'bg-info' },
  cancelled: { icon: CircleSlash, tone: 'info', label: 'Cancelled', text: 'text-info-text', bar: 'bg-info' },
  queued: { icon: Hourglass, tone: 'info', label: 'Queued', text: 'text-info-text', bar: 'bg-info' },
  unreached: { icon: CircleDashed, tone: 'info', label: 'Not reached', text: 'text-faint', bar: 'bg-info' },
}

export const statusLook = (status: string): Look => looks[status] ?? { ...looks.queued!, label: status }

export function StatusIcon({ status, className }: { status: string; className?: string }) {
  const { icon: Icon, label, text } = statusLook(status)
  return <Icon role="img" aria-label={label} className={cn('size-4 shrink-0', text, status === 'running' && 'animate-spin', className)} />
}

export function StatusBadge({ status, className }: { status: string; className?: string }) {
  const { icon: Icon, label, tone } = statusLook(status)
  return (
    <Badge tone={tone} className={className}>
      <Icon aria-hidden className={cn(status === 'running' && 'animate-spin')} />
      {label}
    </Badge>
  )
}
