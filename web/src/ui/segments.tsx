import { cn } from './cn'

type Props<T extends string> = { label: string; options: readonly (readonly [value: T, text: string])[]; value: T; onChange: (value: T) => void }

/** A choice of one among few, all of them in sight. */
export function Segments<T extends string>({ label, options, value, onChange }: Props<T>) {
  return (
    <div role="group" aria-label={label} className="flex w-fit rounded-md border border-line-strong/70 p-0.5 text-xs">
      {options.map(([each, text]) => (
        <button key={each} type="button" aria-pressed={value === each} onClick={() => onChange(each)} className={cn('rounded px-2.5 py-1 font-medium', value === each ? 'bg-accent-soft text-accent-text' : 'text-muted')}>
          {text}
        </button>
      ))}
    </div>
  )
}
