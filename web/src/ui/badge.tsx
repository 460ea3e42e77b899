import type { ComponentProps } from 'react'
import { cn } from './cn'

export const tones = {
  crit: 'bg-crit-soft text-crit-text',
  high: 'bg-high-soft text-high-text',
  med: 'bg-med-soft text-med-text',
  low: 'bg-low-soft text-low-text',
  info: 'bg-info-soft text-info-text',
  ok: 'bg-ok-soft text-ok-text',
  llm: 'bg-llm-soft text-llm-text',
  wait: 'bg-wait-soft text-wait-text',
  accent: 'bg-accent-soft text-accent-text',
  line: 'border border-line-strong/70 text-muted',
} as const

export type Tone = keyof typeof tones

export function Badge({ tone = 'info', className, ...rest }: { tone?: Tone } & ComponentProps<'span'>) {
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1 whitespace-nowrap rounded px-1.5 py-px text-2xs font-medium [&_svg]:size-3 [&_svg]:shrink-0',
        tones[tone],
        className,
      )}
      {...rest}
    />
  )
}
