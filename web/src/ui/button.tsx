import { cva, type VariantProps } from 'class-variance-authority'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState, type ComponentProps } from 'react'
import { cn } from './cn'

const look = cva(
  'inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-50 [&_svg]:size-3.5 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-accent text-accent-fg hover:brightness-110',
        secondary: 'border border-line-strong/70 bg-raised text-fg shadow-card hover:bg-hover',
        ghost: 'text-muted hover:bg-hover hover:text-fg',
        danger: 'border border-crit/30 bg-crit-soft text-crit-text hover:brightness-95 dark:hover:brightness-125',
        ok: 'border border-ok/30 bg-ok-soft text-ok-text hover:brightness-95 dark:hover:brightness-125',
      },
      size: { sm: 'h-7 px-2.5 text-xs', md: 'h-9 px-3.5 text-[13px]', icon: 'size-7' },
    },
    defaultVariants: { variant: 'secondary', size: 'sm' },
  },
)

export type ButtonLook = VariantProps<typeof look>

export const buttonClass = ({ variant, size, className }: ButtonLook & { className?: string }) => cn(look({ variant, size }), className)

export function Button({ variant, size, className, type = 'button', ...rest }: ComponentProps<'button'> & ButtonLook) {
  return <button type={type} className={buttonClass({ variant, size, className })} {...rest} />
}

/** Copies a text and says so for a moment. */
export function CopyButton({ text, label, className }: { text: string; label: string; className?: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1500)
    return () => clearTimeout(timer)
  }, [copied])
  if (!navigator.clipboard) return null // not over plain HTTP
  return (
    <button
      type="button"
      aria-label={copied ? 'Copied' : label}
      title={copied ? 'Copied' : label}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      className={cn('inline-grid size-6 shrink-0 place-items-center rounded text-faint hover:bg-hover hover:text-fg', className)}
    >
      {copied ? <Check className="size-3.5 text-ok-text" /> : <Copy className="size-3.5" />}
    </button>
  )
}
