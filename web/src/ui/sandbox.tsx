import { Badge } from './badge'

/** Says of a connection that it leads to the demo's sandbox. */
export function SandboxBadge({ name }: { name: string }) {
  return (
    <Badge tone="wait" title="The demo’s sandbox on this machine stands in for a real system">
      {name.includes('sandbox') ? 'no real system' : 'sandbox, no real system'}
    </Badge>
  )
}
