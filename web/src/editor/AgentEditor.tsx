import type { EditorView } from '@codemirror/view'
import { EditorView as View } from '@codemirror/view'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { getRouteApi, useBlocker } from '@tanstack/react-router'
import { CircleCheck, CircleX, GitCompare, History, Save as SaveIcon, Upload } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { call, get, Problem, type Schemas } from '@/api/client'
import { Problems } from '@/playbooks/Problems'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { cn } from '@/ui/cn'
import { useMedia } from '@/ui/media'
import { Page } from '@/ui/page'
import { ActionError, Empty, ErrorState, SkeletonRows } from '@/ui/states'
import { Tab, TabList, TabPanel, Tabs } from '@/ui/tabs'
import { Changes } from './Changes'
import { CodeEditor } from './CodeEditor'
import { spanOf } from './place'
import { Publish } from './Publish'
import { historyQuery, versionQuery, type Version } from './queries'
import { Save } from './Save'
import { apply, show } from './service'
import { Versions } from './Versions'

const route = getRouteApi('/app/agents/$name')

const agentQuery = (name: string) =>
  queryOptions({
    queryKey: ['agent', name],
    queryFn: ({ signal }) => get<Schemas['AgentDetail']>(`/v1/agents/${encodeURIComponent(name)}`, undefined, signal),
  })

const blank = (name: string) => `name: ${name}
title: What it is for, in a few words
owner: soc
goal: Decide whether this is an attack.
instructions: |
  What it looks at first, what counts for and against, and when to stop.
tools: [intel.lookup]
returns: verdict
max_turns: 6
`

/** The page of an agent: its text, checked as one writes, and its versions. */
export function AgentEditor() {
  const { name } = route.useParams()
  const detail = useQuery({ ...agentQuery(name), retry: false })
  const fresh = detail.error instanceof Problem && detail.error.status === 404
  const newest = detail.data?.agent.newest ?? 0
  const version = useQuery({ ...versionQuery({ kind: 'agent', name }, newest), enabled: newest > 0 })
  const [opened, setOpened] = useState<{ name: string; base: number; source: string; fresh: boolean }>()
  useEffect(() => {
    document.title = `${name} · agent · Picket`
  }, [name])
  const source = fresh ? blank(name) : newest > 0 ? version.data?.source : detail.data?.source
  // What is opened stays, whatever others save: it is compared when one saves.
  if (opened?.name !== name && source !== undefined) setOpened({ name, base: newest, source, fresh })
  const failed = [...(fresh ? [] : [detail]), version].find((query) => query.isError)
  if (failed && !opened) return <Page title={name}><ErrorState error={failed.error} retry={() => void failed.refetch()} what="the agent" /></Page>
  if (opened?.name !== name || (!detail.data && !opened.fresh)) return <Page fill title={name}><SkeletonRows label="Loading the agent" rows={10} /></Page>
  return <AgentWorkbench key={name} opened={opened} agent={detail.data?.agent} runs={detail.data?.source ?? ''} />
}

type Opened = { name: string; base: number; source: string; fresh: boolean }

function AgentWorkbench({ opened, agent, runs }: { opened: Opened; agent: Schemas['Agent'] | undefined; runs: string }) {
  const { name } = opened
  const of = { kind: 'agent', name } as const
  const view = useRef<EditorView>(undefined)
  const [text, setText] = useState(opened.source)
  const [kept, setKept] = useState({ base: opened.base, source: opened.fresh ? '' : opened.source })
  const [checked, setChecked] = useState<Schemas['AgentChecked']>()
  const [failed, setFailed] = useState<unknown>()
  const [dialog, setDialog] = useState<'save' | 'publish'>()
  const wide = useMedia('(min-width: 1000px)')
  const history = useQuery({ ...historyQuery(of), enabled: kept.base > 0 || !opened.fresh })
  const running = history.data?.running ?? null
  const ours = useMemo(() => ({ source: text, tests: '' }), [text])
  const changed = text !== kept.source
  const errors = checked?.diagnostics.filter((each) => each.severity === 'error').length ?? 0

  useEffect(() => {
    const controller = new AbortController()
    const timer = setTimeout(() => {
      call<Schemas['AgentChecked']>('POST', '/v1/agents/check', { body: { source: text, file: `${name}.yaml` }, signal: controller.signal }).then((answer) => {
        setFailed(undefined)
        setChecked(answer)
        if (view.current?.state.doc.toString() === text) show(view.current, answer.diagnostics)
      }, (error: unknown) => {
        if (!controller.signal.aborted) setFailed(error)
      })
    }, 250)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [text, name])
  useBlocker({ shouldBlockFn: () => changed && !window.confirm('The text is not saved. Leave?'), enableBeforeUnload: () => changed })

  const replace = (source: string) => {
    const at = view.current
    at?.dispatch({ changes: { from: 0, to: at.state.doc.length, insert: source }, userEvent: 'input' })
  }
  const saved = (version: Version, was: { source: string }) => {
    setKept({ base: version.number, source: was.source })
    setDialog(undefined)
  }

  // Goes on from somebody else's version, with its text or with one in which ours is too.
  const ontoTheirs = (next: { source?: string }, version: Version) => {
    replace(next.source ?? '')
    setKept({ base: version.number, source: version.source ?? '' })
    setDialog(undefined)
  }
  return (
    <Page
      fill
      longTitle
      title={<><span>{agent?.title ?? name}</span><code className="font-mono text-xs font-normal text-muted">{name}</code>{changed ? <Badge tone="wait">not saved</Badge> : <Badge tone="line">{kept.base > 0 ? `version ${kept.base}` : 'the file'}</Badge>}</>}
      sub={<span className="flex flex-wrap items-center gap-1.5" aria-live="polite">
        {!checked ? 'Being checked…'
          : errors > 0 ? <span className="flex items-center gap-1 text-crit-text"><CircleX aria-hidden className="size-3.5" />{errors} {errors === 1 ? 'error' : 'errors'}</span>
            : <span className="flex items-center gap-1 text-ok-text"><CircleCheck aria-hidden className="size-3.5" />It holds</span>}
        <span>{agent?.owner && `· ${agent.owner} `}· {agent && agent.used_by.length > 0 ? `used by ${agent.used_by.join(', ')}` : 'no playbook uses it'}</span>
      </span>}
      actions={
        <>
          <Button variant="primary" disabled={!changed} onClick={() => setDialog('save')}><SaveIcon />Save…</Button>
          {kept.base > 0 && !changed && running !== kept.base && <Button onClick={() => setDialog('publish')}><Upload />Publish version {kept.base}…</Button>}
        </>
      }
    >
      <div className={cn('min-h-0 flex-1', wide ? 'grid grid-cols-[minmax(0,11fr)_minmax(0,9fr)]' : 'flex flex-col')}>
        <div className={cn('flex min-h-0 flex-col', wide ? 'border-r border-line' : 'flex-[3]')}>
          <div className="min-h-0 flex-1">
            <CodeEditor
              label="Agent source" text={text} onChange={setText} onView={(at) => { view.current = at }}
              keys={[{ key: 'Mod-s', preventDefault: true, run: () => { setDialog('save'); return true } }]}
            />
          </div>
          {failed !== undefined && <div className="p-2"><ActionError error={failed} /></div>}
          <Problems
            diagnostics={checked?.diagnostics ?? []}
            onPlace={(each) => {
              const at = view.current
              if (!at) return
              const { from } = spanOf(at.state.doc, each)
              at.dispatch({ selection: { anchor: from }, effects: View.scrollIntoView(from, { y: 'center' }) })
              at.focus()
            }}
            onFix={(edits) => { if (view.current) apply(view.current, view.current.state.doc, edits) }}
          />
        </div>
        <Tabs defaultValue="versions" className={cn('flex min-h-0 flex-col', !wide && 'flex-[2] border-t border-line')}>
          <TabList aria-label="Beside the text">
            <Tab value="versions"><History />Versions</Tab>
            <Tab value="changes"><GitCompare />Changes</Tab>
          </TabList>
          <TabPanel value="versions" className="min-h-0 flex-1">
            {opened.fresh && kept.base === 0
              ? <Empty icon={History} title="No version was saved yet"><p>Save the text to begin its history.</p></Empty>
              : <Versions of={of} runs={{ source: runs }} shipped={agent?.shipped ?? false} source={() => text} load={(version) => replace(version.source ?? '')} />}
          </TabPanel>
          <TabPanel value="changes" className="min-h-0 flex-1 overflow-auto"><Changes old={{ source: runs }} updated={{ source: text }} what="what is used now" textOnly /></TabPanel>
        </Tabs>
      </div>
      {dialog === 'save' && changed && (
        <Save of={of} base={kept.base} text={ours} file={opened.base === 0 ? { source: kept.source, tests: '' } : undefined} errors={errors} saved={saved} close={() => setDialog(undefined)}
          merged={ontoTheirs} theirs={(version) => ontoTheirs(version, version)} />
      )}
      {dialog === 'publish' && <Publish of={of} version={kept.base} running={running} runs={{ source: runs }} close={() => setDialog(undefined)} />}
    </Page>
  )
}
