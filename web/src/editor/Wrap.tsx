import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { wrappers, type Wrapper } from './steps'

/** Asks for the block that a step is put into. */
export function Wrap({ step, wrap, close }: { step: string; wrap: (verb: Wrapper) => void; close: () => void }) {
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent title="Wrap it in a block" description={`${step} comes into a block of its own, which you then fill in.`} className="w-[min(420px,94vw)]">
        <ul className="space-y-1 p-4">
          {wrappers.map((each, i) => (
            <li key={each.verb}>
              <Button autoFocus={i === 0} variant="ghost" className="h-auto w-full flex-col items-start gap-0 py-2 text-left" onClick={() => wrap(each.verb)}>
                <span className="text-[13px] font-medium">{each.text}</span>
                <span className="text-xs font-normal text-muted">{each.means}</span>
              </Button>
            </li>
          ))}
        </ul>
      </DialogContent>
    </Dialog>
  )
}
