import { Fingerprint } from 'lucide-react'
import { CopyButton } from './button'

/** A digest, cut where there is no room, and to be copied whole. */
export function Digest({ label, value }: { label: string; value: string }) {
  return (
    <p className="flex min-w-0 items-center gap-1.5 text-xs text-muted">
      <Fingerprint aria-hidden className="size-3.5 shrink-0" />
      <span className="shrink-0">{label}</span>
      <code className="min-w-0 truncate font-mono text-2xs" title={value}>{value}</code>
      <CopyButton text={value} label={`Copy: ${label.toLowerCase()}`} />
    </p>
  )
}
