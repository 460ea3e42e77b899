import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Problem } from '@/api/client'
import { playbookQuery } from '@/api/queries'
import { Page } from '@/ui/page'
import { ErrorState, SkeletonRows } from '@/ui/states'
import { handedOver } from './draft'
import { historyQuery, versionQuery } from './queries'
import { Workbench, type Opened } from './Workbench'

const route = getRouteApi('/app/playbooks/$name/edit')

const blank = (name: string) => `name: ${name}
title: What it is for, in a few words
owner: soc
on:
  alert:
    when: alert.severity >= high
steps:
  - id: note
    set:
      summary: \${{ alert.title }}
`

/** The page on which a playbook is written: what it opens is the newest saved version, or the file, or a new text. */
export function Editor() {
  const { name } = route.useParams()
  const { from, words } = route.useSearch()
  const [opened, setOpened] = useState<Opened>()
  const history = useQuery({ ...historyQuery({ kind: 'playbook', name }), retry: false })
  const fresh = history.error instanceof Problem && history.error.status === 404
  const newest = history.data?.items[0]?.number ?? 0
  const version = useQuery({ ...versionQuery({ kind: 'playbook', name }, newest), enabled: newest > 0 })
  const file = useQuery({ ...playbookQuery(name), enabled: history.data !== undefined })
  const model = useQuery({ ...playbookQuery(from ?? ''), enabled: fresh && from !== undefined })
  useEffect(() => {
    document.title = `${name} · editing · Picket`
  }, [name])

  // What is opened stays, whatever others save: it is compared when one saves.
  const source = newest > 0 ? version.data?.source : fresh ? (handedOver(name) ?? (from === undefined ? blank(name) : model.data?.source)) : file.data?.source
  if (opened?.name !== name && source !== undefined && (fresh || file.data !== undefined)) {
    const tests = newest > 0 ? version.data?.tests : fresh ? model.data?.tests : file.data?.tests
    setOpened({ name, base: newest, source: fresh ? source.replace(/^name:.*$/m, `name: ${name}`) : source, tests: tests ?? '', shipped: file.data?.playbook.shipped ?? false, fresh, words: words === true })
  }

  const failed = [version, file, model].find((query) => query.isError) ?? (history.isError && !fresh ? history : undefined)
  if (failed) return <Page title={name}><ErrorState error={failed.error} retry={() => void failed.refetch()} what="the playbook" /></Page>
  if (opened?.name !== name) return <Page fill title={name}><SkeletonRows label="Loading the playbook" rows={12} /></Page>
  return <Workbench key={name} opened={opened} />
}
