import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { Button, buttonClass } from '@/ui/button'
import { Empty, ErrorState } from '@/ui/states'

/** A page that could not be shown: the server is away, or it was upgraded and this page's parts are gone. */
export function Crash({ error, reset }: ErrorComponentProps) {
  return (
    <div className="p-4 text-center">
      <ErrorState error={error} retry={reset} what="this page" />
      <Button onClick={() => location.reload()}>Load everything again</Button>
    </div>
  )
}

export function NotFound() {
  return (
    <main className="h-full">
      <Empty icon={Compass} title="There is no such page">
        <p className="mb-3">The address may be from another version, or mistyped.</p>
        <Link to="/alerts" className={buttonClass({})}>
          Go to the alerts
        </Link>
      </Empty>
    </main>
  )
}
