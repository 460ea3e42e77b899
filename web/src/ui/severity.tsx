import { Badge, type Tone } from './badge'
import { cn } from './cn'

/** The severities of OCSF, gravest first. */
export const severities = ['fatal', 'critical', 'high', 'medium', 'low', 'informational', 'unknown'] as const

export type SeverityName = (typeof severities)[number]

const look: Record<SeverityName, { tone: Tone; dot: string; label: string }> = {
  fatal: { tone: 'crit', dot: 'bg-crit', label: 'Fatal' },
  critical: { tone: 'crit', dot: 'bg-crit', label: 'Critical' },
  high: { tone: 'high', dot: 'bg-high', label: 'High' },
  medium: { tone: 'med', dot: 'bg-med', label: 'Medium' },
  low: { tone: 'low', dot: 'bg-low', label: 'Low' },
  informational: { tone: 'info', dot: 'bg-info', label: 'Info' },
  unknown: { tone: 'info', dot: 'bg-info', label: 'Unknown' },
}

export function Severity({ value, className }: { value: string | undefined; className?: string }) {
  const { tone, dot, label } = look[(value ?? 'unknown') as SeverityName] ?? look.unknown
  return (
    <Badge tone={tone} className={cn('w-[70px]', className)}>
      <span aria-hidden className={cn('size-1.5 rounded-full', dot)} />
      {label}
    </Badge>
  )
}

const verdictTone: Record<string, Tone> = { malicious: 'crit', suspicious: 'high', benign: 'ok', inconclusive: 'info' }

export function VerdictBadge({ value }: { value: string }) {
  return <Badge tone={verdictTone[value] ?? 'info'}>{value}</Badge>
}
