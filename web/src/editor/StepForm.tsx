import { Text } from '@codemirror/state'
import { useQuery } from '@tanstack/react-query'
import { Braces, FileCode, Plus, Trash2 } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import type { Schemas } from '@/api/client'
import { connectionsQuery, operationsQuery } from '@/api/queries'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { inert } from '@/ui/inert'
import { Empty } from '@/ui/states'
import { spanOf } from './place'
import { completeAt } from './service'
import { entriesOf, onOneLine, setEntry, type Entry } from './stepform'
import type { Splice, StepText } from './steps'

type Property = { type?: string | string[]; enum?: unknown[]; description?: string; format?: string; minimum?: number; maximum?: number }
type Schema = { properties?: Record<string, Property>; required?: string[] }

type Props = {
  text: string
  step: StepText | undefined
  splice: (edit: () => Splice) => void
  /** Leads to a place of the text. */
  goTo: (offset: number) => void
}

const common: { key: string; title: string; hint: string; verbs?: string[] }[] = [
  { key: 'title', title: 'Title', hint: 'What it does, for people' },
  { key: 'if', title: 'Only if', hint: 'A condition, without ${{ }}' },
  { key: 'on_error', title: 'On an error', hint: 'continue, or undo', verbs: ['action', 'model', 'agent', 'call'] },
  { key: 'timeout', title: 'Timeout', hint: 'such as 30s or 2m', verbs: ['action', 'model', 'agent'] },
]

/** A step as a form: what every step has, and the arguments of its operation, from the operation's schema. Each change is a splice of the text. */
export function StepForm({ text, step, splice, goTo }: Props) {
  const operations = useQuery(operationsQuery)
  const connections = useQuery(connectionsQuery)
  if (!step) return <Empty icon={FileCode} title="No step is chosen"><p>Put the cursor into a step, or choose one in the graph.</p></Empty>
  let own: Entry[]
  let args: Entry[]
  try {
    own = entriesOf(text, step)
    args = step.verb === 'action' ? entriesOf(text, step, 'with') : []
  } catch (error) {
    return <Empty icon={FileCode} title="This step is for the text"><p>{error instanceof Error ? error.message : String(error)}</p></Empty>
  }
  const at = (key: string) => own.find((each) => each.key === key)
  const operation = operations.data?.find((each) => each.name === at('action')?.value)
  const schema = (operation?.input ?? {}) as Schema
  const needed = new Set(schema.required ?? [])
  const known = Object.entries(schema.properties ?? {}).toSorted(([a], [b]) => Number(needed.has(b)) - Number(needed.has(a)))
  const shown = known.filter(([name]) => needed.has(name) || args.some((each) => each.key === name))
  const absent = known.filter(([name]) => !needed.has(name) && !args.some((each) => each.key === name))
  const strange = args.filter((each) => operation && !known.some(([name]) => name === each.key))
  const set = (key: string, value: string | undefined, options?: { within?: string; type?: string | undefined; yaml?: boolean }) => splice(() => setEntry(text, step, key, value, options))
  const setArgument = (name: string, property: Property, value: string) => set(name, value, { within: 'with', type: typeOf(property), yaml: structured(property) && onOneLine(value) })
  const usable = connections.data?.filter((each) => operation && each.connector === operation.connector) ?? []
  return (
    <div className="h-full overflow-auto p-4" tabIndex={0} role="region" aria-label="The step as a form">
      <div className="mx-auto max-w-xl space-y-5">
        <header>
          <h2 className="flex flex-wrap items-center gap-2 text-sm font-semibold"><code className="font-mono">{inert(step.id)}</code><Badge tone="line">{step.verb}</Badge>{operation && <Badge tone={operation.effect === 'consequential' ? 'crit' : 'info'}>{operation.effect}</Badge>}</h2>
          {operation && <p className="mt-1 text-xs text-muted">{operation.title}</p>}
        </header>
        <fieldset className="space-y-3">
          <legend className="mb-2 text-xs font-semibold text-muted">The step</legend>
          {common.filter((each) => !each.verbs || each.verbs.includes(step.verb)).map(({ key, title, hint }) => (
            <One key={`${step.id} ${key}`} label={title} hint={hint} entry={at(key)} text={text} step={step} name={key} expression={key === 'if'} set={(value) => set(key, value || undefined)} goTo={goTo} />
          ))}
          {step.verb === 'action' && usable.length > 1 && (
            <label className="block text-xs font-medium">
              Connection
              <select className="mt-1 h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-[13px] font-normal" value={at('connection')?.value ?? ''} onChange={(event) => set('connection', event.target.value || undefined)}>
                <option value="">the connector’s default</option>
                {usable.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
              </select>
            </label>
          )}
        </fieldset>
        {step.verb === 'action' && (
          <fieldset className="space-y-3">
            <legend className="mb-2 text-xs font-semibold text-muted">Arguments{operation ? ` of ${operation.name}` : ''}</legend>
            {!operation && operations.isSuccess && <p className="text-xs text-muted">There is no such operation yet. Write its name in the text.</p>}
            {shown.map(([name, property]) => (
              <One
                key={`${step.id} with ${name}`} label={name} hint={property.description ?? ''} entry={args.find((each) => each.key === name)} text={text} step={step} name={name} within="with"
                property={property} needed={needed.has(name)} set={(value) => setArgument(name, property, value)}
                drop={needed.has(name) ? undefined : () => set(name, undefined, { within: 'with' })} goTo={goTo}
              />
            ))}
            {strange.map((each) => <p key={each.key} className="text-xs text-crit-text">The operation has no argument <code className="font-mono">{inert(each.key)}</code>.</p>)}
            {absent.length > 0 && (
              <div className="flex flex-wrap gap-1.5" role="group" aria-label="Arguments that can be added">
                {absent.map(([name, property]) => <Button key={name} title={property.description} onClick={() => setArgument(name, property, blank(property))}><Plus />{name}</Button>)}
              </div>
            )}
          </fieldset>
        )}
        {step.verb !== 'action' && <p className="text-xs text-muted">What is under <code className="font-mono">{step.verb}</code> is written in the text. <Button variant="ghost" onClick={() => goTo(step.from)}>Go to it</Button></p>}
      </div>
    </div>
  )
}

const typeOf = (property: Property) => (Array.isArray(property.type) ? property.type[0] : property.type) ?? 'string'

const blank = (property: Property) => {
  if (property.enum?.length) return String(property.enum[0])
  return { integer: String(property.minimum ?? 1), number: String(property.minimum ?? 1), boolean: 'true', array: '[]', object: '{}' }[typeOf(property)] ?? ''
}

const structured = (property: Property) => ['array', 'object'].includes(typeOf(property))

type OneProps = {
  label: string; hint: string; entry: Entry | undefined; text: string; step: StepText; name: string; within?: string
  property?: Property; needed?: boolean; expression?: boolean; set: (value: string) => void; drop?: (() => void) | undefined; goTo: (offset: number) => void
}

/** One member of the step: a choice, or text in which `${{` asks the compiler for what can stand there. */
function One({ label, hint, entry, property, needed, drop, set, goTo, ...rest }: OneProps) {
  const id = useId()
  const [free, setFree] = useState(false) // an expression is to be written where there are choices
  const value = entry?.value ?? (entry && onOneLine(entry.raw) ? entry.raw : '')
  const choices = property?.enum?.map(String) ?? (property && typeOf(property) === 'boolean' ? ['true', 'false'] : undefined)
  const written = value.includes('${{')
  const kind = property && structured(property) ? typeOf(property) : undefined
  const inText = entry !== undefined && entry.value === undefined && !onOneLine(entry.raw)
  return (
    <div>
      <div className="flex items-center gap-2">
        <label htmlFor={id} className="text-xs font-medium">{label}{needed && <span className="font-normal text-muted"> (needed)</span>}</label>
        <span className="ml-auto" />
        {choices && !written && <Button variant="ghost" aria-pressed={free} className="h-6" onClick={() => setFree(!free)}><Braces />{free ? 'Choose' : 'Expression'}</Button>}
        {drop && <Button variant="ghost" size="icon" className="size-6" aria-label={`Leave ${label} out`} title="Leave it out" onClick={drop}><Trash2 /></Button>}
      </div>
      {inText ? <p className="mt-1 text-xs text-muted">It is more than a line. <Button id={id} variant="ghost" onClick={() => goTo(entry.from)}>Write it in the text</Button></p>
        : choices && !written && !free ? (
          <select id={id} className="mt-1 h-9 w-full rounded-md border border-line-strong bg-surface px-2 text-[13px]" value={value} onChange={(event) => set(event.target.value)}>
            {!choices.includes(value) && <option value={value}>{value || 'Choose…'}</option>}
            {choices.map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
        ) : <Expression id={id} value={value} set={set} {...rest} />}
      {(hint || kind) && <p className="mt-0.5 text-2xs text-muted">{hint}{kind && ` ${kind === 'array' ? 'A list: [a, b]' : 'An object: {name: value}'}`}</p>}
    </div>
  )
}

/** A line of text that is written into the playbook when one leaves it, with the compiler's completion inside expressions. */
function Expression({ id, value, set, text, step, name, within, expression }: { id: string; value: string; set: (value: string) => void } & Pick<OneProps, 'text' | 'step' | 'name' | 'within' | 'expression'>) {
  const [shown, setShown] = useState(value)
  const [known, setKnown] = useState(value)
  const [items, setItems] = useState<Schemas['Completion'][]>([])
  const [chosen, setChosen] = useState(0)
  const [from, setFrom] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  const asked = useRef(0)
  if (value !== known) { // it was changed in the text, or taken back
    setKnown(value)
    setShown(value)
  }
  useEffect(() => () => { asked.current++ }, [])
  const keep = () => {
    setItems([])
    if (shown !== value) set(shown)
  }
  // The text as it would be, quoted, so that a place in the field is a place in it.
  const suggest = async (now: string, caret: number) => {
    const turn = ++asked.current
    const before = now.slice(0, caret)
    const inside = expression || before.lastIndexOf('${{') > before.lastIndexOf('}}')
    if (!inside || now.includes("'")) return setItems([])
    let at: { doc: Text; offset: number }
    try {
      const { from: start, to, insert } = setEntry(text, step, name, now || 'x', { ...(within && { within }), type: 'string' })
      const raw = insert.lastIndexOf(now)
      at = { doc: Text.of((text.slice(0, start) + insert + text.slice(to)).split('\n')), offset: start + raw + caret }
    } catch {
      return setItems([])
    }
    const found = await completeAt(at.doc, at.offset).catch(() => [])
    if (turn !== asked.current) return
    setItems(found.slice(0, 8))
    setChosen(0)
    setFrom(found[0] ? caret - (at.offset - spanOf(at.doc, found[0].range).from) : caret)
  }
  const take = (item: Schemas['Completion']) => {
    const caret = input.current?.selectionStart ?? shown.length
    const next = shown.slice(0, from) + item.insert + shown.slice(caret)
    setShown(next)
    setItems([])
    requestAnimationFrame(() => {
      input.current?.focus()
      input.current?.setSelectionRange(from + item.insert.length, from + item.insert.length)
    })
  }
  // An expression is begun where the cursor is, with what can stand in it.
  const begin = () => {
    const field = input.current
    if (!field) return
    const caret = field.selectionStart ?? shown.length
    const next = expression ? shown : `${shown.slice(0, caret)}\${{  }}${shown.slice(field.selectionEnd ?? caret)}`
    const at = expression ? caret : caret + 4
    setShown(next)
    requestAnimationFrame(() => {
      field.focus()
      field.setSelectionRange(at, at)
      void suggest(next, at)
    })
  }
  const open = items.length > 0
  return (
    <div className="relative">
      {(within || expression) && <Button variant="ghost" size="icon" aria-label={`What ${name} can refer to`} title="Refer to the alert, an input or a step" onPointerDown={(event) => event.preventDefault()} onClick={begin} className="absolute right-1 top-2"><Braces /></Button>}
      <input
        ref={input} id={id} value={shown} autoComplete="off" spellCheck={false} role="combobox" aria-expanded={open} aria-controls={`${id}-list`} aria-autocomplete="list"
        aria-activedescendant={open ? `${id}-${chosen}` : undefined}
        className="mt-1 h-9 w-full rounded-md border border-line-strong bg-surface py-0 pl-2 pr-9 font-mono text-xs"
        onChange={(event) => {
          setShown(event.target.value)
          void suggest(event.target.value, event.target.selectionStart ?? event.target.value.length)
        }}
        onBlur={keep}
        onKeyDown={(event) => {
          if (open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) setChosen((now) => (now + (event.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length)
          else if (open && (event.key === 'Enter' || event.key === 'Tab')) take(items[chosen]!)
          else if (open && event.key === 'Escape') setItems([])
          else if (event.key === 'Enter') keep()
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
      {open && (
        <div id={`${id}-list`} role="listbox" aria-label="What can stand here" className="absolute inset-x-0 top-full z-20 mt-1 max-h-56 overflow-auto rounded-md border border-line bg-raised p-1 shadow-card">
          {items.map((item, i) => (
            <div
              key={item.label} id={`${id}-${i}`} role="option" aria-selected={i === chosen}
              onPointerDown={(event) => { event.preventDefault(); take(item) }}
              className={`flex cursor-default gap-2 rounded px-2 py-1 text-xs ${i === chosen ? 'bg-accent-soft text-accent-text' : ''}`}
            >
              <code className="font-mono">{item.label}</code><span className="ml-auto truncate text-2xs text-muted">{item.detail}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

