import type { ReactNode } from 'react'
import { cn } from './cn'
import { inert } from './inert'
import { Input } from './page'

/** A field of a form: of a question to a person, an input of a playbook, or an argument that may be changed. */
export type FieldSpec = { name: string; type: string; title?: string; options?: string[]; required?: boolean; min?: number; max?: number; pattern?: string; maxLength?: number }

/** What stands in a field: text as typed, a yes or no, or the chosen ones. */
export type FieldValue = string | boolean | string[]

/** What a field shows at first for a value; an absent value is an empty field. */
export function shownValue(field: FieldSpec, value: unknown): FieldValue {
  if (field.type === 'boolean') return value === true
  if (field.type === 'choices') return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The value that a field stands for, undefined for none, or what is wrong with it. */
export function readValue(field: FieldSpec, shown: FieldValue): { value?: unknown; wrong?: string } {
  if (typeof shown === 'boolean') return { value: shown }
  if (Array.isArray(shown)) return shown.length === 0 && field.required ? { wrong: 'Choose at least one.' } : { value: shown }
  if (shown === '' || (shown.trim() === '' && field.type !== 'text' && field.type !== 'string')) {
    return field.required ? { wrong: 'This must be filled in.' } : {}
  }
  switch (field.type) {
    case 'number':
    case 'integer': {
      const n = Number(shown)
      if (!Number.isFinite(n)) return { wrong: 'This must be a number.' }
      if (field.type === 'integer' && !Number.isInteger(n)) return { wrong: 'This must be a whole number.' }
      if (field.min !== undefined && n < field.min) return { wrong: `At least ${field.min}.` }
      if (field.max !== undefined && n > field.max) return { wrong: `At most ${field.max}.` }
      return { value: n }
    }
    case 'list':
    case 'object':
    case 'json':
      try {
        const value: unknown = JSON.parse(shown)
        if (field.type === 'list' && !Array.isArray(value)) return { wrong: 'This must be a JSON list, like ["a", "b"].' }
        if (field.type === 'object' && (value === null || typeof value !== 'object' || Array.isArray(value))) return { wrong: 'This must be a JSON object, like {"a": 1}.' }
        return { value }
      } catch {
        return { wrong: 'This is no JSON.' }
      }
  }
  if (field.maxLength !== undefined && [...shown].length > field.maxLength) return { wrong: `At most ${field.maxLength} characters.` }
  if (field.pattern !== undefined && !matches(field.pattern, shown)) return { wrong: `This must have the form ${field.pattern}.` }
  return { value: shown }
}

/** A pattern that this browser can't read is left to the server. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}

type Props = { field: FieldSpec; value: FieldValue; wrong?: string | undefined; onChange: (value: FieldValue) => void; autoFocus?: boolean; note?: ReactNode }

/** One field with its label, and below it what is wrong with it. */
export function Field({ field, value, wrong, onChange, autoFocus = false, note }: Props) {
  const id = `field-${field.name}`
  const label = inert(field.title || field.name)
  const described = wrong ? { 'aria-invalid': true, 'aria-describedby': `${id}-wrong` } : {}
  const area = 'mt-1 w-full rounded-md border border-line-strong bg-surface p-2 text-[13px] placeholder:text-faint'
  let control: ReactNode
  if (field.type === 'boolean') {
    return (
      <div>
        <label className="flex min-h-9 items-center gap-2.5 text-[13px] font-medium">
          <input id={id} type="checkbox" className="size-4 shrink-0 accent-[var(--color-accent)]" checked={value === true} autoFocus={autoFocus} onChange={(event) => onChange(event.target.checked)} />
          <span className="[overflow-wrap:anywhere]">{label}</span>
        </label>
        {note}
      </div>
    )
  }
  if (field.type === 'choices') {
    const chosen = Array.isArray(value) ? value : []
    return (
      <fieldset {...described}>
        <legend className="text-xs font-medium">{label}{field.required && <Required />}</legend>
        <div className="mt-1 grid gap-x-4 sm:grid-cols-2">
          {(field.options ?? []).map((option, i) => (
            <label key={option} className="flex min-h-9 items-center gap-2.5 text-[13px]">
              <input
                type="checkbox" className="size-4 shrink-0 accent-[var(--color-accent)]" checked={chosen.includes(option)} autoFocus={autoFocus && i === 0}
                onChange={(event) => onChange((field.options ?? []).filter((each) => (each === option ? event.target.checked : chosen.includes(each))))}
              />
              <span className="[overflow-wrap:anywhere]">{inert(option)}</span>
            </label>
          ))}
        </div>
        {note}
        <Wrong id={id} wrong={wrong} />
      </fieldset>
    )
  }
  const text = typeof value === 'string' ? value : ''
  if (field.type === 'choice' || field.options) {
    control = (
      <select id={id} value={text} autoFocus={autoFocus} onChange={(event) => onChange(event.target.value)} className={cn(area, 'h-9 py-0')} {...described}>
        <option value="">{field.required ? 'Choose…' : 'none'}</option>
        {(field.options ?? []).map((option) => <option key={option} value={option}>{inert(option)}</option>)}
      </select>
    )
  } else if (field.type === 'text' || field.type === 'list' || field.type === 'object' || field.type === 'json') {
    control = (
      <textarea
        id={id} rows={field.type === 'text' ? 2 : 3} value={text} autoFocus={autoFocus} onChange={(event) => onChange(event.target.value)}
        className={cn(area, field.type !== 'text' && 'font-mono text-xs')} spellCheck={field.type === 'text'} {...described}
      />
    )
  } else {
    const number = field.type === 'number' || field.type === 'integer'
    control = (
      <Input
        id={id} type={field.type === 'date' ? 'date' : 'text'} {...(number && { inputMode: 'decimal' as const })} value={text} autoFocus={autoFocus}
        onChange={(event) => onChange(event.target.value)} className="mt-1" {...described}
      />
    )
  }
  return (
    <div>
      <label htmlFor={id} className="block text-xs font-medium [overflow-wrap:anywhere]">{label}{field.required && <Required />}</label>
      {control}
      {note}
      <Wrong id={id} wrong={wrong} />
    </div>
  )
}

const Required = () => <span className="font-normal text-muted"> (needed)</span>

function Wrong({ id, wrong }: { id: string; wrong?: string | undefined }) {
  return wrong ? <p id={`${id}-wrong`} role="alert" className="mt-0.5 text-2xs text-crit-text">{wrong}</p> : null
}

/** Why somebody does something, for the audit ledger. */
export function Reason({ label = 'Reason', placeholder = 'Kept in the audit ledger', rows = 3, value, onChange }: { label?: string; placeholder?: string; rows?: number; value: string; onChange: (value: string) => void }) {
  return (
    <label className="block text-xs font-medium">
      {label}
      <textarea
        rows={rows} maxLength={2000} required value={value} onChange={(event) => onChange(event.target.value)} placeholder={placeholder}
        className="mt-1 w-full rounded-md border border-line-strong bg-surface p-2 text-[13px] font-normal placeholder:text-faint"
      />
    </label>
  )
}
