import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { call, get, Problem, type Schemas } from '@/api/client'
import { Button } from '@/ui/button'
import { Dialog, DialogContent } from '@/ui/dialog'
import { Input } from '@/ui/page'
import { ActionError, SkeletonRows } from '@/ui/states'
import { When } from '@/ui/time'
import { Changes } from './Changes'
import { merge, type Text } from './merge'
import { historyQuery, pathOf, versionQuery, type Subject, type Version } from './queries'

type Props = {
  of: Subject
  base: number
  text: Text
  /** The text that `base` is, where it is no version but the file. */
  file: Text | undefined
  errors: number
  saved: (version: Version, text: Text) => void
  theirs: (version: Version) => void
  /** Goes on with a text in which theirs and ours are together. */
  merged: (text: Text, version: Version) => void
  close: () => void
}

/** Saves a text as the next version. A version that somebody else saved meanwhile is shown first, never replaced. */
export function Save({ of, base, text, file, errors, saved, theirs, merged, close }: Props) {
  const client = useQueryClient()
  const [message, setMessage] = useState('')
  const [newer, setNewer] = useState<number>()
  const save = useMutation({
    mutationFn: (on: number) => call<Version>('POST', `${pathOf(of)}/versions`, { body: { ...text, base: on, message: message.trim() } }),
    onSuccess: (version) => {
      void client.invalidateQueries({ queryKey: [of.kind, of.name] })
      void client.invalidateQueries({ queryKey: [`${of.kind}s`] })
      saved(version, text)
    },
    onError: async (error) => {
      if (!(error instanceof Problem) || error.status !== 409) return
      const history = await get<Schemas['VersionHistory']>(`${pathOf(of)}/versions`)
      client.setQueryData(historyQuery(of).queryKey, history)
      setNewer(history.items[0]?.number)
    },
  })
  return (
    <Dialog open onOpenChange={(next) => !next && close()}>
      <DialogContent
        title={newer ? `Somebody saved this ${of.kind} meanwhile` : `Save version ${base + 1}`}
        description={newer ? 'Nothing of yours is lost, and nothing of theirs was replaced.' : 'Runs go on with the published version until this one is published.'}
        className={newer ? 'w-[min(860px,94vw)]' : undefined}
      >
        {newer
          ? <Newer of={of} newer={newer} base={base} file={file} text={text} merged={merged} pending={save.isPending} mine={() => save.mutate(newer)} theirs={theirs} error={save.error} close={close} />
          : (
            <form className="space-y-3 p-4" onSubmit={(event) => {
              event.preventDefault()
              if (!save.isPending) save.mutate(base)
            }}>
              {errors > 0 && <p className="rounded-md bg-med-soft px-3 py-2 text-xs text-med-text">It does not compile yet. It can be saved, and published when it does.</p>}
              <label className="block text-xs font-medium">
                What changed
                <Input className="mt-1" maxLength={2000} value={message} onChange={(event) => setMessage(event.target.value)} placeholder="For those who read the history" autoFocus />
              </label>
              <ActionError error={save.error} />
              <div className="flex justify-end gap-2">
                <Button size="md" onClick={close}>Not now</Button>
                <Button type="submit" size="md" variant="primary" disabled={save.isPending}>{save.isPending ? 'Saving…' : 'Save'}</Button>
              </div>
            </form>
          )}
      </DialogContent>
    </Dialog>
  )
}

type NewerProps = Pick<Props, 'of' | 'base' | 'text' | 'file' | 'theirs' | 'merged' | 'close'> & { newer: number; pending: boolean; mine: () => void; error: unknown }

function Newer({ of, newer, base, text, file, pending, mine, theirs, merged, error, close }: NewerProps) {
  const query = useQuery(versionQuery(of, newer))
  const begun = useQuery({ ...versionQuery(of, base), enabled: base > 0 })
  const from = base > 0 ? begun.data : file
  const both = useMemo(() => {
    if (!from || !query.data) return undefined
    const source = merge(text.source, from.source ?? '', query.data.source ?? '')
    const tests = merge(text.tests, from.tests ?? '', query.data.tests ?? '')
    return { text: source.text !== undefined && tests.text !== undefined ? { source: source.text, tests: tests.text } : undefined, source: source.conflicts, tests: tests.conflicts }
  }, [from, query.data, text])
  if (!query.data) return <SkeletonRows label="Loading their version" rows={4} />
  const version = query.data
  const conflict = error instanceof Problem && error.status === 409
  return (
    <>
      <p className="px-4 pt-3">Version {newer}, by {version.author}, <When at={version.at} />{version.message && `: ${version.message}`}. This is what your text does otherwise than theirs:</p>
      <div className="min-h-0 overflow-auto"><Changes old={{ source: version.source ?? '' }} updated={{ source: text.source }} what={`version ${newer}`} textOnly={of.kind === 'agent'} /></div>
      <div className="flex flex-wrap justify-end gap-2 border-t border-line p-4">
        {!conflict && <ActionError error={error} />}
        {both && !both.text && (
          <p className="mr-auto max-w-80 text-xs text-muted">
            Both of you changed {[lines(both.source), both.tests.length > 0 && `${lines(both.tests)} of the tests`].filter(Boolean).join(' and ')}: this can’t be brought together by itself.
          </p>
        )}
        <Button size="md" onClick={close}>Go on writing</Button>
        <Button size="md" onClick={() => theirs(version)}>Take theirs, drop mine</Button>
        <Button size="md" variant={both?.text ? 'secondary' : 'primary'} disabled={pending} onClick={mine}>Save mine as version {newer + 1}</Button>
        {both?.text && <Button size="md" variant="primary" onClick={() => merged(both.text!, version)}>Bring both together</Button>}
      </div>
    </>
  )
}

const lines = (numbers: number[]) => (numbers.length > 0 ? `line${numbers.length > 1 ? 's' : ''} ${numbers.slice(0, 5).join(', ')}${numbers.length > 5 ? ' …' : ''}` : '')
