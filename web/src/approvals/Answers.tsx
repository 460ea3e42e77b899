import { useState } from 'react'
import type { Approval } from '@/api/nouns'
import { JsonView } from '@/ui/json'
import { Card, CardHead } from '@/ui/page'
import { Field, readValue, shownValue, type FieldSpec, type FieldValue } from '@/ui/field'
import { UntrustedBadge } from '@/ui/untrusted'

/** The id of the form, by which the bar's button sends it. */
export const answersForm = 'answers'

type Props = { approval: Approval; send: (answers: Record<string, unknown>) => void }

/** The form of a question, while it can be answered. */
export function Answers({ approval, send }: Props) {
  const fields: FieldSpec[] = approval.form ?? []
  const [shown, setShown] = useState<Record<string, FieldValue>>(() =>
    Object.fromEntries((approval.form ?? []).map((field) => [field.name, shownValue(field, field.default)])))
  const [tried, setTried] = useState(false)
  const read = Object.fromEntries(fields.map((field) => [field.name, readValue(field, shown[field.name] ?? '')]))
  return (
    <Card>
      <CardHead title="What is asked" right={fields.some((field) => field.options) && <UntrustedBadge>options may hold an attacker’s text</UntrustedBadge>} />
      <form
        id={answersForm}
        noValidate
        className="space-y-4 p-4"
        onSubmit={(event) => {
          event.preventDefault()
          const wrong = fields.find((field) => read[field.name]?.wrong)
          setTried(true)
          if (wrong) {
            document.getElementById(`field-${wrong.name}`)?.focus()
            return
          }
          send(Object.fromEntries(fields.flatMap((field) => {
            const value = read[field.name]?.value
            return value === undefined ? [] : [[field.name, value]]
          })))
        }}
      >
        {fields.map((field) => (
          <Field
            key={field.name} field={field} value={shown[field.name] ?? ''} wrong={tried ? read[field.name]?.wrong : undefined}
            onChange={(value) => setShown((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
      </form>
    </Card>
  )
}

/** A form that was answered, or that nobody can answer any more. */
export function Answered({ approval }: { approval: Approval }) {
  const answers = (approval.decision as { answers?: unknown } | undefined)?.answers
  return answers !== undefined && answers !== null ? <JsonView title="The answers" value={answers} /> : null
}
