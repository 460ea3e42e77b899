import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { ChevronsUpDown, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { call } from '@/api/client'
import { forget, sessionQuery } from '@/api/queries'
import { cn } from '@/ui/cn'
import { tones } from '@/ui/badge'
import { Menu, MenuContent, MenuItem, MenuRadio, MenuRadios, MenuTrigger } from '@/ui/menu'
import { setTheme, useTheme, type Theme } from './theme'

const faces = ['accent', 'ok', 'llm', 'high', 'low', 'wait'] as const

export function Avatar({ name }: { name: string }) {
  const sum = [...name].reduce((total, c) => (total * 31 + c.codePointAt(0)!) | 0, 7)
  const initials = name.split(/[\s._@-]+/).map((part) => part[0] ?? '').slice(0, 2).join('').toUpperCase()
  return (
    <span aria-hidden className={cn('grid size-6 shrink-0 place-items-center rounded-full text-[10px] font-semibold', tones[faces[Math.abs(sum) % faces.length]!])}>
      {initials}
    </span>
  )
}

/** Ends the session and forgets what was loaded. */
export function useSignOut() {
  const client = useQueryClient()
  const router = useRouter()
  return async () => {
    await call('DELETE', '/v1/session')
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
    await router.navigate({ to: '/login', search: {} })
    forget(client) // only now that nothing on the page asks for it again
  }
}

/** Who is signed in, with their menu: theme and signing out. */
export function Person({ within }: { within: string }) {
  const { data } = useQuery(sessionQuery)
  const theme = useTheme()
  const signOut = useSignOut()
  const user = data?.user
  return (
    <div className="mt-auto border-t border-line pt-2">
      <Menu>
        <MenuTrigger asChild>
          <button type="button" className="flex w-full items-center gap-2 rounded-md px-2 py-1.5 text-left hover:bg-hover">
            <Avatar name={user?.name ?? '?'} />
            <span className="min-w-0 flex-1">
              <span className="block truncate text-xs font-medium">{user?.name}</span>
              <span className="block truncate text-2xs text-muted">{user?.roles.join(', ')}</span>
            </span>
            <ChevronsUpDown aria-hidden className="size-3.5 text-faint" />
            <span className="sr-only">Theme and signing out</span>
          </button>
        </MenuTrigger>
        <MenuContent within={within} align="start" side="top" className="w-52">
          <p className="px-2 py-1 text-2xs text-muted">Theme</p>
          <MenuRadios value={theme} onValueChange={(next) => setTheme(next as Theme)}>
            <MenuRadio value="system"><Monitor />Like the system</MenuRadio>
            <MenuRadio value="light"><Sun />Light</MenuRadio>
            <MenuRadio value="dark"><Moon />Dark</MenuRadio>
          </MenuRadios>
          <div className="my-1 border-t border-line" />
          <MenuItem onSelect={() => void signOut()}><LogOut />Sign out</MenuItem>
          <p className="px-2 py-1 text-2xs text-muted">Picket {data?.version}</p>
        </MenuContent>
      </Menu>
    </div>
  )
}
