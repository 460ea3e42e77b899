import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { Menu as MenuIcon, Search } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { follow, useLive } from '@/api/live'
import { countsQuery, sessionQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { Kbd } from '@/ui/page'
import { useKeys } from './keys'
import { Logo } from './Logo'
import { places, type Place } from './nav'
import { Person } from './Person'

const Palette = lazy(() => import('./Palette'))
const Shortcuts = lazy(() => import('./Shortcuts'))

/** The frame around every page: navigation, search, who one is, and whether the page is live. */
export function Shell() {
  const client = useQueryClient()
  const [open, setOpen] = useState<'palette' | 'shortcuts' | 'menu'>()
  const navigate = useNavigate()
  const gPressed = useRef(0)

  useEffect(() => follow(client), [client])
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setOpen((now) => (now === 'palette' ? undefined : 'palette'))
      }
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])

  const after: Record<string, (event: KeyboardEvent) => void> = {
    '?': () => setOpen('shortcuts'),
    '/': (event) => {
      event.preventDefault()
      const field = document.querySelector<HTMLInputElement>('main input[type=search]')
      if (field) field.focus()
      else setOpen('palette')
    },
    g: () => (gPressed.current = Date.now()),
  }
  for (const place of places) {
    after[place.key] = (event) => {
      if (Date.now() - gPressed.current > 1000) return
      gPressed.current = 0
      event.preventDefault()
      void navigate({ to: place.to })
    }
  }
  useKeys(after)

  const search = () => setOpen('palette')
  return (
    <div className="grid h-full grid-rows-[auto_minmax(0,1fr)] lg:grid-cols-[216px_minmax(0,1fr)] lg:grid-rows-1">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-2">
        Skip to content
      </a>
      <nav id="side" aria-label="Main" className="hidden min-h-0 flex-col overflow-y-auto border-r border-line bg-surface p-2.5 lg:flex">
        <Navigation search={search} within="side" />
      </nav>
      <header className="flex items-center gap-2 border-b border-line bg-surface px-3 py-2 lg:hidden">
        <Radix.Root open={open === 'menu'} onOpenChange={(next) => setOpen(next ? 'menu' : undefined)}>
          <Radix.Trigger asChild>
            <Button size="icon" variant="ghost" aria-label="Menu" className="size-9">
              <MenuIcon className="!size-5" />
            </Button>
          </Radix.Trigger>
          <Radix.Portal>
            <Radix.Overlay className="fixed inset-0 z-40 bg-black/40" />
            <Radix.Content aria-describedby={undefined} className="fixed inset-y-0 left-0 z-50 w-64 border-r border-line bg-surface shadow-pop">
              <Radix.Title className="sr-only">Menu</Radix.Title>
              <nav id="drawer" aria-label="Main" className="flex h-full flex-col overflow-y-auto p-2.5">
                <Navigation search={search} within="drawer" onGo={() => setOpen(undefined)} />
              </nav>
            </Radix.Content>
          </Radix.Portal>
        </Radix.Root>
        <Logo />
        <DemoBadge short />
        <span className="ml-auto flex items-center gap-2">
          <MineBadge />
          <LiveDot />
        </span>
      </header>
      <main id="main" tabIndex={-1} className="relative min-h-0 min-w-0 outline-none">
        <Outlet />
      </main>
      <Suspense>
        {open === 'palette' && <Palette close={() => setOpen(undefined)} help={() => setOpen('shortcuts')} />}
        {open === 'shortcuts' && <Shortcuts close={() => setOpen(undefined)} />}
      </Suspense>
    </div>
  )
}

function Navigation({ search, within, onGo }: { search: () => void; within: string; onGo?: () => void }) {
  return (
    <>
      <div className="flex items-center gap-2 px-2 pb-2.5 pt-1.5">
        <Logo />
        <span className="ml-auto">
          <LiveDot />
        </span>
      </div>
      <DemoBadge />
      <button
        type="button"
        onClick={search}
        className="flex h-8 shrink-0 items-center gap-2 rounded-md border border-line-strong/70 bg-sunken px-2.5 text-xs text-muted hover:text-fg"
      >
        <Search aria-hidden className="size-3.5" />
        Search
        <span className="ml-auto">
          <Kbd>Ctrl K</Kbd>
        </span>
      </button>
      {(['Operate', 'Build', 'Prove'] as const).map((group) => (
        <div key={group} role="group" aria-label={group}>
          <p aria-hidden className="px-2.5 pb-1 pt-4 text-2xs font-medium uppercase tracking-wide text-faint">{group}</p>
          {places.filter((place) => place.group === group).map((place) => (
            <NavLink key={place.to} place={place} onGo={onGo} />
          ))}
        </div>
      ))}
      <Person within={within} />
    </>
  )
}

function NavLink({ place, onGo }: { place: Place; onGo?: () => void }) {
  const { data } = useQuery(countsQuery)
  const count = data && place.count?.(data)
  const Icon = place.icon
  return (
    <Link
      to={place.to}
      activeOptions={{ exact: place.to === '/' }}
      onClick={onGo}
      className="flex h-9 items-center gap-2.5 rounded-md px-2.5 text-[13px] text-muted hover:bg-hover hover:text-fg lg:h-8 [&[aria-current]]:bg-accent-soft [&[aria-current]]:font-medium [&[aria-current]]:text-accent-text"
    >
      <Icon aria-hidden className="size-4" />
      {place.label}
      {!!count?.n && (
        <Badge tone={count.urgent ? 'crit' : 'info'} className="ml-auto tabular-nums" title={`${count.n} ${count.means}`}>
          {count.n > 9999 ? '9999+' : count.n}
          <span className="sr-only">{count.means}</span>
        </Badge>
      )}
    </Link>
  )
}

function MineBadge() {
  const { data } = useQuery(countsQuery)
  if (!data?.approvals_mine) return null
  return (
    <Link to="/approvals" className="rounded">
      <Badge tone="crit" className="py-1">
        {data.approvals_mine} to decide
      </Badge>
    </Link>
  )
}

function DemoBadge({ short }: { short?: boolean }) {
  const { data } = useQuery(sessionQuery)
  if (!data?.demo) return null
  return (
    <Badge
      tone="wait"
      className={cn(!short && 'mb-2.5 justify-center py-1')}
      title="Sample data. Actions change a sandbox that stands in for real systems, nothing else."
    >
      {short ? 'Demo' : 'Demo · sandbox connections'}
    </Badge>
  )
}

const liveLook = {
  live: { dot: 'bg-ok', text: 'live', title: 'This page follows what happens' },
  connecting: { dot: 'bg-wait pulse', text: 'connecting', title: 'Asking the server for live updates' },
  offline: { dot: 'bg-crit', text: 'offline', title: 'No connection: what you see may be old. It is tried again by itself' },
}

function LiveDot() {
  const { dot, text, title } = liveLook[useLive()]
  return (
    <span role="status" title={title} className="flex items-center gap-1.5 text-2xs text-muted">
      <span aria-hidden className={cn('size-2 rounded-full', dot)} />
      {text}
    </span>
  )
}
