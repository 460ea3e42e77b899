import { Pencil, Undo2 } from 'lucide-react'
import { useState } from 'react'
import type { ApprovalCall } from '@/api/nouns'
import { Button } from '@/ui/button'
import { Field, readValue, shownValue, type FieldSpec, type FieldValue } from '@/ui/field'

type Schema = { type?: string | string[]; enum?: unknown[]; minimum?: number; maximum?: number; pattern?: string; maxLength?: number }

/** A field for an argument, as its JSON Schema describes it. */
export function fieldOf(name: string, schema: unknown): FieldSpec {
  const s = (schema ?? {}) as Schema
  const type = Array.isArray(s.type) ? s.type.find((each) => each !== 'null') : s.type
  const words = s.enum?.filter((each): each is string => typeof each === 'string')
  return {
    name, title: name, required: true,
    type: words?.length ? 'choice' : type === 'string' ? 'string' : type === 'integer' || type === 'number' || type === 'boolean' ? type : type === 'array' ? 'list' : 'json',
    ...(words?.length && { options: words }),
    ...(s.minimum !== undefined && { min: s.minimum }), ...(s.maximum !== undefined && { max: s.maximum }),
    ...(s.pattern !== undefined && { pattern: s.pattern }), ...(s.maxLength !== undefined && { maxLength: s.maxLength }),
  }
}

type Props = { call: ApprovalCall; name: string; edits: Record<string, unknown>; change: (edits: Record<string, unknown>) => void }

/** Lets the approver give an argument another value. While that is none of its form, nothing can be approved. */
export function ChangeArgument({ call, name, edits, change }: Props) {
  const field = fieldOf(name, call.edit?.find((each) => each.argument === name)?.schema)
  const given = ((call.arguments ?? {}) as Record<string, unknown>)[name]
  const [shown, setShown] = useState<FieldValue>()
  const leave = () => {
    setShown(undefined)
    const rest = { ...edits }
    delete rest[name]
    change(rest)
  }
  if (shown === undefined) {
    return <Button size="sm" variant="ghost" className="-ml-2 mt-0.5" onClick={() => setShown(shownValue(field, given))}><Pencil />Change {name}</Button>
  }
  const read = readValue(field, shown)
  return (
    <div className="mt-1.5 rounded-md border border-line bg-sunken p-2.5">
      <Field
        field={{ ...field, name: `${call.step}-${name}`, title: `New value of ${name}` }} value={shown} wrong={read.wrong} autoFocus
        onChange={(value) => {
          setShown(value)
          change({ ...edits, [name]: readValue(field, value).value })
        }}
        note={<p className="mt-1 text-2xs text-muted">A yes releases the call with this value instead of the one above.</p>}
      />
      <Button size="sm" variant="ghost" className="-ml-2 mt-1" onClick={leave}><Undo2 />Leave it as it is</Button>
    </div>
  )
}
