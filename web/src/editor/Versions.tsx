import { useQuery } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { useState } from 'react'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { inert } from '@/ui/inert'
import { Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { When } from '@/ui/time'
import { Changes } from './Changes'
import { Publish } from './Publish'
import { historyQuery, versionQuery, type Subject, type Version, type VersionRef } from './queries'

type Props = { of: Subject; runs: VersionRef; shipped: boolean; source: () => string; load: (version: Version) => void }

/** The history of a playbook: who saved what and why, which version runs, and the way back to an earlier one. */
export function Versions({ of, runs, shipped, source, load }: Props) {
  const query = useQuery(historyQuery(of))
  const [shown, setShown] = useState<number>()
  const [publishing, setPublishing] = useState<number>()
  if (query.isError && !query.data) return <ErrorState error={query.error} retry={() => void query.refetch()} what="the history" />
  if (!query.data) return <SkeletonRows label="Loading the history" rows={4} />
  const { items, publications, running } = query.data
  if (items.length === 0) {
    return <Empty icon={History} title="No version was saved yet"><p>{shipped ? 'What runs is the file. Change the text and save it: the file stays, and one can always go back to it.' : 'Save the text to begin its history.'}</p></Empty>
  }
  return (
    <div className="h-full overflow-auto" tabIndex={0} role="region" aria-label="History">
      <ol aria-label="Versions" className="divide-y divide-line">
        {items.map((version) => (
          <Item
            key={version.number} of={of} version={version} running={running === version.number}
            published={publications.find((each) => each.version === version.number)}
            open={shown === version.number} toggle={() => setShown(shown === version.number ? undefined : version.number)}
            source={source} load={load} publish={() => setPublishing(version.number)}
          />
        ))}
        {shipped && (
          <li className="flex flex-wrap items-center gap-2 px-4 py-2.5">
            <span className="font-medium">The file</span>
            {running === 0 ? <Badge tone="ok">runs now</Badge> : <Button className="ml-auto" onClick={() => setPublishing(0)}>Go back to it…</Button>}
          </li>
        )}
      </ol>
      {publishing !== undefined && <Publish of={of} version={publishing} running={running} runs={runs} close={() => setPublishing(undefined)} />}
    </div>
  )
}

type ItemProps = {
  of: Subject
  version: Version
  running: boolean
  published: { by: string; reason: string; at: string } | undefined
  open: boolean
  toggle: () => void
  source: () => string
  load: (version: Version) => void
  publish: () => void
}

function Item({ of, version, running, published, open, toggle, source, load, publish }: ItemProps) {
  const whole = useQuery({ ...versionQuery(of, version.number), enabled: open })
  return (
    <li className="px-4 py-2.5">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-medium">Version {version.number}</span>
        {running && <Badge tone="ok">runs now</Badge>}
        <span className="text-xs text-muted">{version.author}, <When at={version.at} /></span>
        <span className="ml-auto flex gap-1.5">
          <Button aria-expanded={open} onClick={toggle}>Against the text</Button>
          {!running && <Button onClick={publish}>Publish…</Button>}
        </span>
      </div>
      {version.message && <p className="mt-0.5 [overflow-wrap:anywhere]">{inert(version.message)}</p>}
      {published && <p className="mt-0.5 text-xs text-muted [overflow-wrap:anywhere]">Published by {published.by}, <When at={published.at} />: {inert(published.reason)}</p>}
      {open && (whole.data
        ? (
          <div className="-mx-4">
            <Changes old={{ source: whole.data.source ?? '' }} updated={{ source: source() }} what={`version ${version.number}`} textOnly={of.kind === 'agent'} />
            <div className="px-4"><Button onClick={() => load(whole.data)}>Put this text into the editor</Button></div>
          </div>
        )
        : <SkeletonRows label="Loading the version" rows={2} />)}
    </li>
  )
}
