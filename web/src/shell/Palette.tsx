import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { BellRing, BookOpen, Hash, Keyboard, LogOut, Monitor, Moon, Search, ShieldCheck, Sun, type LucideIcon } from 'lucide-react'
import { useDeferredValue, useState, type KeyboardEvent, type ReactNode } from 'react'
import { get, type List } from '@/api/client'
import type { Alert } from '@/api/nouns'
import { playbooksQuery } from '@/api/queries'
import { cn } from '@/ui/cn'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Untrusted } from '@/ui/untrusted'
import { places } from './nav'
import { useSignOut } from './Person'
import { setTheme } from './theme'

type Entry = { id: string; icon: LucideIcon; label: ReactNode; hint?: string; run: () => void }

/** Search and commands: everything in it leads to a page or does something. */
export default function Palette({ close, help }: { close: () => void; help: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const entries = useEntries(text.trim(), help)
  const current = Math.min(at, entries.length - 1)
  const choose = (entry: Entry | undefined) => {
    if (!entry) return
    close()
    entry.run()
  }
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      const next = (current + step + entries.length) % entries.length
      setAt(next)
      document.getElementById(`palette-${next}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      choose(entries[current])
    }
  }
  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent title="Search and commands" hideHead>
        <div className="flex items-center gap-2 border-b border-line px-4">
          <Search aria-hidden className="size-4 text-faint" />
          <input
            autoFocus
            role="combobox"
            aria-expanded={entries.length > 0}
            aria-controls="palette-list"
            aria-activedescendant={entries.length ? `palette-${current}` : undefined}
            aria-label="Search alerts, playbooks, pages and actions"
            placeholder="Search alerts and playbooks, paste an id, or do something…"
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setAt(0)
            }}
            onKeyDown={onKey}
            className="h-12 flex-1 bg-transparent text-[14px] outline-none placeholder:text-faint"
          />
        </div>
        <div id="palette-list" role="listbox" aria-label="Results" className="max-h-[52vh] overflow-auto p-1.5">
          {entries.map((entry, i) => (
            // The field above has the keys; the pointer is a second way.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={entry.id}
              id={`palette-${i}`}
              role="option"
              aria-selected={i === current}
              tabIndex={-1}
              onClick={() => choose(entry)}
              onMouseMove={() => setAt(i)}
              className={cn('flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2', i === current && 'bg-accent-soft')}
            >
              <entry.icon aria-hidden className="size-4 shrink-0 text-muted" />
              <span className="min-w-0 flex-1 truncate">{entry.label}</span>
              {entry.hint && <span className="shrink-0 text-xs text-muted">{entry.hint}</span>}
            </div>
          ))}
        </div>
        {entries.length === 0 && (
          <p role="status" className="px-4 py-6 text-center text-muted">
            Nothing matches. Alerts are searched by title, user, host and address.
          </p>
        )}
      </DialogContent>
    </Dialog>
  )
}

function useEntries(text: string, help: () => void): Entry[] {
  const navigate = useNavigate()
  const signOut = useSignOut()
  const query = useDeferredValue(text)
  const { data: playbooks = [] } = useQuery(playbooksQuery)
  const { data: found } = useQuery({
    queryKey: ['palette', query],
    queryFn: ({ signal }) => get<List<Alert>>('/v1/alerts', { q: query, limit: 6 }, signal),
    enabled: query.length >= 2 && !isID(query),
  })

  const wanted = text.toLowerCase().split(/\s+/)
  const has = (words: string) => wanted.every((word) => words.toLowerCase().includes(word))
  const entries: Entry[] = []
  if (text.startsWith('run_')) entries.push({ id: text, icon: Hash, label: `Open run ${text}`, run: () => void navigate({ to: '/runs/$id', params: { id: text } }) })
  if (text.startsWith('alr_')) entries.push({ id: text, icon: Hash, label: `Open alert ${text}`, run: () => void navigate({ to: '/alerts/$id', params: { id: text } }) })
  if (text.startsWith('apr_')) entries.push({ id: text, icon: Hash, label: `Open approval ${text}`, run: () => void navigate({ to: '/approvals', search: { id: text } }) })
  for (const place of places) {
    if (has(`go to ${place.label}`)) {
      entries.push({ id: place.to, icon: place.icon, label: place.label, hint: 'page', run: () => void navigate({ to: place.to }) })
    }
  }
  for (const playbook of playbooks) {
    if (has(`playbook ${playbook.name} ${playbook.title}`)) {
      entries.push({ id: `playbook ${playbook.name}`, icon: BookOpen, label: playbook.title || playbook.name, hint: 'playbook', run: () => void navigate({ to: '/playbooks/$name', params: { name: playbook.name } }) })
    }
  }
  if (query === text) {
    for (const alert of found?.items ?? []) {
      entries.push({ id: alert.id, icon: BellRing, label: <Untrusted>{alert.title}</Untrusted>, hint: alert.source, run: () => void navigate({ to: '/alerts/$id', params: { id: alert.id } }) })
    }
  }
  if (text.length >= 2) entries.push({ id: 'everywhere', icon: Search, label: `Search everywhere for “${text}”`, hint: 'search', run: () => void navigate({ to: '/search', search: { q: text } }) })
  const actions: Entry[] = [
    { id: 'verify', icon: ShieldCheck, label: 'Verify the ledger’s chain', hint: 'action', run: () => void navigate({ to: '/audit' }) },
    { id: 'light', icon: Sun, label: 'Light theme', hint: 'action', run: () => setTheme('light') },
    { id: 'dark', icon: Moon, label: 'Dark theme', hint: 'action', run: () => setTheme('dark') },
    { id: 'system', icon: Monitor, label: 'Theme like the system', hint: 'action', run: () => setTheme('system') },
    { id: 'keys', icon: Keyboard, label: 'Keyboard shortcuts', hint: '?', run: help },
    { id: 'out', icon: LogOut, label: 'Sign out', hint: 'action', run: () => void signOut() },
  ]
  entries.push(...actions.filter((action) => has(String(action.label))))
  return entries
}

const isID = (text: string) => /^(run|alr|apr)_/.test(text)
