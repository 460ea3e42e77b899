import { ListFilter, Search, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Badge } from './badge'
import { Button } from './button'
import { cn } from './cn'
import { Menu, MenuContent, MenuRadio, MenuRadios, MenuTrigger } from './menu'
import { Input } from './page'

/** A filter with one value at a time. */
export function Choice(props: { label: string; any?: string; value: string | undefined; options: readonly (readonly [value: string, label: string])[]; onChange: (value: string | undefined) => void }) {
  const { label, any = 'Any', value, options, onChange } = props
  const chosen = options.find(([option]) => option === value)
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button className={cn('h-8', chosen && 'border-accent')}>
          <ListFilter />
          {label}
          {chosen && <Badge tone="accent">{chosen[1]}</Badge>}
        </Button>
      </MenuTrigger>
      <MenuContent align="start">
        <MenuRadios value={value ?? ''} onValueChange={(next) => onChange(next || undefined)}>
          <MenuRadio value="">{any}</MenuRadio>
          {options.map(([option, text]) => (
            <MenuRadio key={option} value={option}>{text}</MenuRadio>
          ))}
        </MenuRadios>
      </MenuContent>
    </Menu>
  )
}

/** A search field that reports what was typed once typing pauses. */
export function SearchField({ label, value, onChange }: { label: string; value: string | undefined; onChange: (value: string | undefined) => void }) {
  const [text, setText] = useState(value ?? '')
  const [known, setKnown] = useState(value)
  if (value !== known) {
    setKnown(value)
    if ((value ?? '') !== text.trim()) setText(value ?? '') // it was changed elsewhere: cleared, or gone back to
  }
  useEffect(() => {
    if (text.trim() === (value ?? '')) return
    const timer = setTimeout(() => onChange(text.trim() || undefined), 300)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <div className="relative w-full sm:w-72">
      <Search aria-hidden className="pointer-events-none absolute left-2.5 top-2 size-4 text-faint" />
      <Input type="search" aria-label={label} placeholder={label} maxLength={200} value={text} onChange={(e) => setText(e.target.value)} className="h-8 pl-8" />
    </div>
  )
}

export function ClearFilters({ onClear }: { onClear: () => void }) {
  return (
    <Button variant="ghost" className="h-8" onClick={onClear}>
      <X />
      Clear
    </Button>
  )
}
