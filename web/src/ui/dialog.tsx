import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'
import { Button } from './button'
import { cn } from './cn'

export const Dialog = Radix.Root

type Props = { title: string; description?: string; hideHead?: boolean } & ComponentProps<typeof Radix.Content>

export function DialogContent({ title, description, hideHead, className, children, ...rest }: Props) {
  return (
    <Radix.Portal>
      <Radix.Overlay className="fixed inset-0 z-40 bg-black/40" />
      <Radix.Content
        {...(description ? {} : { 'aria-describedby': undefined })}
        className={cn(
          'fixed left-1/2 top-[10vh] z-50 flex max-h-[80vh] w-[min(600px,94vw)] -translate-x-1/2 flex-col rounded-xl border border-line bg-raised shadow-pop',
          className,
        )}
        {...rest}
      >
        <header className={cn('flex items-start gap-3 border-b border-line px-4 py-3', hideHead && 'sr-only')}>
          <div>
            <Radix.Title className="text-sm font-semibold">{title}</Radix.Title>
            {description && <Radix.Description className="text-xs text-muted">{description}</Radix.Description>}
          </div>
          {!hideHead && (
            <Radix.Close asChild>
              <Button variant="ghost" size="icon" className="ml-auto" aria-label="Close">
                <X />
              </Button>
            </Radix.Close>
          )}
        </header>
        {children}
      </Radix.Content>
    </Radix.Portal>
  )
}
