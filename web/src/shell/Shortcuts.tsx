import { Fragment } from 'react'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Kbd } from '@/ui/page'
import { places } from './nav'

const groups: [string, [string[], string][]][] = [
  ['Everywhere', [
    [['Ctrl', 'K'], 'Search, go to a page, do something'],
    [['/'], 'Search on this page'],
    [['?'], 'This list'],
    ...places.map((place): [string[], string] => [['G', place.key.toUpperCase()], `Go to ${place.label.toLowerCase()}`]),
  ]],
  ['Lists', [
    [['J'], 'Next'],
    [['K'], 'Previous'],
    [['Enter'], 'Open'],
  ]],
  ['Approvals', [
    [['A'], 'Approve: asks once more'],
    [['D'], 'Deny: asks once more'],
  ]],
  ['Run', [
    [['↑', '↓'], 'Move between steps'],
    [['→', '←'], 'Open and close a group'],
    [['F'], 'Fold waits'],
  ]],
]

export default function Shortcuts({ close }: { close: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent title="Keyboard shortcuts" className="w-[min(680px,94vw)]">
        <div className="columns-1 gap-8 overflow-auto p-4 sm:columns-2" tabIndex={0}>
          {groups.map(([name, rows]) => (
            <section key={name} className="mb-4 break-inside-avoid">
              <h3 className="mb-1 text-xs font-medium text-muted">{name}</h3>
              <dl className="grid grid-cols-[auto_1fr] items-center gap-x-3 gap-y-1.5">
                {rows.map(([keys, what]) => (
                  <Fragment key={what}>
                    <dt className="flex gap-1">{keys.map((key) => <Kbd key={key}>{key}</Kbd>)}</dt>
                    <dd>{what}</dd>
                  </Fragment>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </DialogContent>
    </Dialog>
  )
}
