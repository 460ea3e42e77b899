import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { buttonClass } from '@/ui/button'
import { Empty, ErrorState } from '@/ui/states'

export function Crash({ error, reset }: ErrorComponentProps) {
  return (
    <main className="p-4">
      <ErrorState error={error} retry={reset} what="this page" />
    </main>
  )
}

export function NotFound() {
  return (
    <Empty icon={Compass} title="There is no such page">
      <p className="mb-3">The address may be from another version, or mistyped.</p>
      <Link to="/alerts" className={buttonClass({})}>
        Go to the alerts
      </Link>
    </Empty>
  )
}
