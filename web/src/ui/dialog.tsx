import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { useState, type ComponentProps } from 'react'
import { Button } from './button'
import { cn } from './cn'

export const Dialog = Radix.Root

type Props = { title: string; description?: string; hideHead?: boolean } & ComponentProps<typeof Radix.Content>

export const DialogContent = (props: Props) => (
  <Radix.Portal>
    <Radix.Overlay className="fixed inset-0 z-40 bg-black/40" />
    <Content {...props} />
  </Radix.Portal>
)

function Content({ title, description, hideHead, className, children, ...rest }: Props) {
  // It is mounted as it opens. Radix gives the focus back to a trigger only, and most dialogs here are opened by a key or by state.
  const [before] = useState(() => document.activeElement)
  return (
    <Radix.Content
      {...(description ? {} : { 'aria-describedby': undefined })}
      onCloseAutoFocus={(event) => {
        if (!(before instanceof HTMLElement) || !before.isConnected) return
        event.preventDefault()
        before.focus({ preventScroll: true })
      }}
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
  )
}
