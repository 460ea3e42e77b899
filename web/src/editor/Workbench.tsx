import { redo, undo } from '@codemirror/commands'
import type { EditorView } from '@codemirror/view'
import { EditorView as View } from '@codemirror/view'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useBlocker } from '@tanstack/react-router'
import { CircleCheck, CircleX, FlaskConical, GitCompare, History, ListChecks, ListTree, MessageSquareText, Redo2, Save as SaveIcon, Undo2, Upload, Waypoints, Wand2 } from 'lucide-react'
import { startTransition, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Plan } from '@/api/nouns'
import { Graph } from '@/playbooks/Graph'
import { Problems } from '@/playbooks/Problems'
import { Badge } from '@/ui/badge'
import { Button, buttonClass } from '@/ui/button'
import { cn } from '@/ui/cn'
import { useMedia } from '@/ui/media'
import { Page } from '@/ui/page'
import { Segments } from '@/ui/segments'
import { ActionError, Empty } from '@/ui/states'
import { Tab, TabList, TabPanel, Tabs } from '@/ui/tabs'
import { When } from '@/ui/time'
import { AddStep, type NewStep } from './AddStep'
import { Changes } from './Changes'
import { CodeEditor } from './CodeEditor'
import { dropDraft, keepDraft, readDraft } from './draft'
import { Outline } from './Outline'
import { placeOf, spanOf } from './place'
import { Publish } from './Publish'
import { historyQuery, type Version } from './queries'
import { Save } from './Save'
import { lastValue } from './lastrun'
import { type Analysis, analyse, apply, completion, definition, format, hoverWith, rename, show } from './service'
import { StepBar } from './StepBar'
import { StepForm } from './StepForm'
import { addAfter, duplicate, freeID, move, newStep, Refused, remove, stepAt, stepsOf, treeOf, wrap, type Splice } from './steps'
import { Tests, type Tested } from './Tests'
import { Versions } from './Versions'
import { Walk } from './Walk'
import type { TestCase } from './walk'
import { Words } from './Words'
import { Wrap } from './Wrap'

/** What the editor begins with. `base` is the version that the text is; 0 is the file, or nothing. */
export type Opened = { name: string; base: number; source: string; tests: string; shipped: boolean; fresh: boolean; words: boolean }

type Pane = 'graph' | 'outline' | 'step' | 'tests' | 'changes' | 'versions'

const quiet = 250 // ms after the last key before the compiler is asked

/** What is selected in the text, as the API says ranges. */
function selected(view: EditorView) {
  const { from, to, empty } = view.state.selection.main
  if (empty) return undefined
  const end = placeOf(view.state.doc, to)
  return { ...placeOf(view.state.doc, from), end_line: end.line, end_column: end.column }
}

export function Workbench({ opened }: { opened: Opened }) {
  const { name } = opened
  const of = useMemo(() => ({ kind: 'playbook', name }) as const, [name])
  const client = useQueryClient()
  const view = useRef<EditorView>(undefined)
  const [text, setText] = useState(opened.source)
  const [tests, setTests] = useState(opened.tests)
  const [begun, setBegun] = useState(0) // counts the texts that the test editor has begun with
  const [kept, setKept] = useState({ base: opened.base, source: opened.fresh ? '' : opened.source, tests: opened.tests })
  const [draft, setDraft] = useState(() => {
    const found = readDraft(name)
    return found && (found.source !== opened.source || found.tests !== opened.tests) ? found : undefined
  })
  const [checked, setChecked] = useState<Pick<Analysis, 'diagnostics' | 'symbols' | 'ok'>>()
  const [plan, setPlan] = useState<Plan>() // the last one that held, or that lacks nothing but approvals
  const [unproven, setUnproven] = useState(false)
  const [failed, setFailed] = useState<unknown>()
  const [refused, setRefused] = useState('')
  const [cursor, setCursor] = useState(0)
  const [range, setRange] = useState<ReturnType<typeof selected>>() // what was selected when words were begun
  const [pane, setPane] = useState<Pane>('graph')
  const [finding, setFinding] = useState(0) // counts how often the outline was asked for by key
  const [tested, setTested] = useState<Tested>()
  const [walk, setWalk] = useState<TestCase>() // one of those that were tested
  const [side, setSide] = useState<'source' | 'beside'>('source')
  const [dialog, setDialog] = useState<'save' | 'publish' | 'add' | 'wrap' | 'words' | undefined>(opened.words ? 'words' : undefined)
  const wide = useMedia('(min-width: 1000px)')
  const history = useQuery({ ...historyQuery(of), enabled: kept.base > 0 || !opened.fresh })
  const steps = useMemo(() => stepsOf(treeOf(text), text), [text])
  const step = stepAt(steps, cursor)
  const ours = useMemo(() => ({ source: text, tests }), [text, tests])
  const changed = text !== kept.source || tests !== kept.tests
  const errors = checked?.diagnostics.filter((each) => each.severity === 'error').length ?? 0
  const running = history.data?.running ?? null

  // The compiler is the judge: its word on each text, once the keys rest.
  useEffect(() => {
    const controller = new AbortController()
    const timer = setTimeout(() => {
      const doc = view.current?.state.doc
      if (!doc) return
      analyse(doc, `${name}.yaml`, controller.signal).then((answer) => {
        setFailed(undefined)
        setChecked(answer)
        const drawn = answer.plan ?? answer.sketch
        if (drawn) setPlan(drawn)
        setUnproven(!answer.plan && !!answer.sketch)
        if (view.current && view.current.state.doc.eq(doc)) show(view.current, answer.diagnostics)
      }, (error: unknown) => {
        if (!controller.signal.aborted) setFailed(error)
      })
    }, quiet)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [text, name])

  // What is not saved is kept in this browser, and leaving is asked about.
  useEffect(() => {
    if (!changed) return
    const timer = setTimeout(() => keepDraft(name, { base: kept.base, source: text, tests, at: new Date().toISOString() }), quiet)
    return () => clearTimeout(timer)
  }, [changed, name, kept.base, text, tests])
  useBlocker({
    shouldBlockFn: () => changed && !window.confirm('The text is not saved. It stays in this browser as a draft. Leave?'),
    enableBeforeUnload: () => changed,
  })

  const replace = useCallback((source: string) => {
    const at = view.current
    if (!at) return
    at.dispatch({ changes: { from: 0, to: at.state.doc.length, insert: source }, userEvent: 'input' })
  }, [])

  const goTo = (offset: number) => {
    const at = view.current
    if (!at) return
    const place = Math.min(offset, at.state.doc.length)
    at.dispatch({ selection: { anchor: place }, effects: View.scrollIntoView(place, { y: 'center' }) })
  }

  const select = (id: string) => {
    const found = steps.find((each) => each.id === id)
    if (found) goTo(found.from)
  }
  // The graph is drawn anew only when the plan is another one, not with every key: what it calls stays the same.
  const acts = useRef<{ select: (id: string) => void; key: (event: KeyboardEvent, id: string) => boolean }>(undefined)
  const [fromGraph] = useState(() => ({ select: (id: string) => acts.current?.select(id), key: (event: KeyboardEvent, id: string) => acts.current?.key(event, id) ?? false }))

  const red = useMemo(() => (unproven ? [...new Set(checked?.diagnostics.flatMap((each) => each.way ?? []))] : undefined), [unproven, checked])

  // An edit of the graph is a splice of the text: one change, one history.
  const splice = (edit: () => Splice) => {
    setRefused('')
    if (view.current?.state.doc.toString() !== text) return // a key was faster: what is shown is not the text any more
    try {
      const { from, to, insert, select: id } = edit()
      const next = text.slice(0, from) + insert + text.slice(to)
      const after = stepsOf(treeOf(next), next).find((each) => each.id === id)
      if (!after) throw new Refused('The text would not be understood any more. Make this change in the text.')
      view.current?.dispatch({ changes: { from, to, insert }, selection: { anchor: after.from }, effects: View.scrollIntoView(after.from, { y: 'center' }), userEvent: 'input.graph' })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      setRefused(error.message)
    }
  }

  // The keys of the graph do to the step in focus what the bar does to the chosen one.
  const graphKey = (event: KeyboardEvent, id: string): boolean => {
    const under = steps.find((each) => each.id === id)
    if (!under || event.ctrlKey || event.metaKey) return false
    const act = event.altKey
      ? { ArrowUp: () => splice(() => move(text, under, -1)), ArrowDown: () => splice(() => move(text, under, 1)) }[event.key]
      : {
        Delete: () => splice(() => remove(text, under)), d: () => splice(() => duplicate(text, steps, under)),
        a: () => { select(id); setDialog('add') }, w: () => { select(id); setDialog('wrap') },
      }[event.key]
    act?.()
    return !!act
  }

  useEffect(() => {
    acts.current = { select, key: graphKey }
  })

  const add = ({ verb, operation }: NewStep) => {
    setDialog(undefined)
    if (!step) return
    const id = freeID(steps, (operation?.name.split('.')[1] ?? verb).replaceAll('-', '_'))
    splice(() => addAfter(text, step, id, newStep(id, verb, operation)))
  }

  const renameTo = async (id: string) => {
    if (!step || !view.current) return
    const doc = view.current.state.doc
    const at = text.slice(step.from, step.to).search(/\bid:\s*/)
    const offset = step.from + at + (/^id:\s*/.exec(text.slice(step.from + at))?.[0].length ?? 0)
    setRefused('')
    try {
      apply(view.current, doc, (await rename(doc, offset, id)).edits)
    } catch (error) {
      setRefused(error instanceof Error ? error.message : String(error))
    }
  }

  const tidy = () => {
    setRefused('')
    const doc = view.current?.state.doc
    if (doc) format(doc).then(({ source }) => source !== doc.toString() && replace(source), (error: unknown) => setRefused(error instanceof Error ? error.message : String(error)))
    return true
  }

  const follow = (at: EditorView) => {
    const doc = at.state.doc
    definition(doc, at.state.selection.main.head).then((found) => found.range && goTo(spanOf(doc, found.range).from), () => undefined)
    return true
  }

  const saved = (version: Version, was: { source: string; tests: string }) => {
    setKept({ base: version.number, ...was })
    dropDraft(name)
    setDialog(undefined)
  }

  const load = (version: { source?: string; tests?: string }, base: number) => {
    replace(version.source ?? '')
    setTests(version.tests ?? '')
    setBegun(begun + 1)
    setKept((before) => ({ ...before, base }))
    setDialog(undefined)
  }

  // Goes on from somebody else's version, with its text or with one in which ours is too.
  const ontoTheirs = (next: { source?: string; tests?: string }, version: Version) => {
    load(next, version.number)
    setKept({ base: version.number, source: version.source ?? '', tests: version.tests ?? '' })
  }

  const code = (
    <div className="flex h-full min-h-0 flex-col">
      <StepBar
        step={step?.id} refused={refused}
        add={() => setDialog('add')}
        wrap={() => setDialog('wrap')}
        duplicate={() => step && splice(() => duplicate(text, steps, step))}
        up={() => step && splice(() => move(text, step, -1))}
        down={() => step && splice(() => move(text, step, 1))}
        remove={() => step && splice(() => remove(text, step))}
        rename={renameTo}
      />
      <div className="min-h-0 flex-1">
        <CodeEditor
          label="Playbook source" text={text} onChange={(next) => startTransition(() => setText(next))} onView={(at) => { view.current = at }}
          extensions={[completion, hoverWith((path) => lastValue(client, name, path)), View.updateListener.of((update) => { if (update.selectionSet || update.docChanged) startTransition(() => setCursor(update.state.selection.main.head)) })]}
          keys={[
            { key: 'Mod-s', preventDefault: true, run: () => { setDialog('save'); return true } },
            { key: 'Shift-Alt-f', run: tidy },
            { key: 'F12', run: follow },
            { key: 'Mod-Shift-o', preventDefault: true, run: () => { setPane('outline'); setSide('beside'); setFinding((n) => n + 1); return true } },
          ]}
        />
      </div>
      {failed !== undefined && <div className="p-2"><ActionError error={failed} /></div>}
      <Problems diagnostics={checked?.diagnostics ?? []} onPlace={(each) => { if (view.current) { goTo(spanOf(view.current.state.doc, each).from); view.current.focus() } }} onFix={(edits) => { if (view.current) apply(view.current, view.current.state.doc, edits) }} />
    </div>
  )

  const beside = (
    <Tabs value={pane} onValueChange={(next) => { setPane(next as Pane); setFinding(0) }} className="flex h-full min-h-0 flex-col">
      <TabList aria-label="Beside the text">
        <Tab value="graph"><Waypoints />Graph</Tab>
        <Tab value="outline"><ListTree />Outline</Tab>
        <Tab value="step"><ListChecks />Step</Tab>
        <Tab value="tests"><FlaskConical />Tests</Tab>
        <Tab value="changes"><GitCompare />Changes</Tab>
        <Tab value="versions"><History />Versions</Tab>
      </TabList>
      <TabPanel value="graph" className="min-h-0 flex-1">
        {plan
          ? (
            <div className="flex h-full min-h-0 flex-col">
              {unproven && <p className="shrink-0 border-b border-line bg-crit-soft px-4 py-1.5 text-xs text-crit-text">An approval is missing. The way on which nobody is asked is red.</p>}
              {checked && !checked.ok && !unproven && <p className="shrink-0 border-b border-line bg-med-soft px-4 py-1.5 text-xs text-med-text">This is the graph of the last text that compiled.</p>}
              {walk && tested?.source === text
                ? <Walk key={walk.line} plan={plan} each={walk} selected={step?.id} select={fromGraph.select} close={() => { setWalk(undefined); setPane('tests') }} />
                : <div className="min-h-0 flex-1"><Graph plan={plan} selected={step?.id} onSelect={fromGraph.select} red={red} onKey={fromGraph.key} /></div>}
            </div>
          )
          : <Empty icon={CircleX} title="There is no graph yet"><p>It appears as soon as the text compiles. The problems are listed under the text.</p></Empty>}
      </TabPanel>
      <TabPanel value="outline" className="min-h-0 flex-1">
        <Outline symbols={checked?.symbols ?? []} find={finding} goTo={(place) => { if (view.current) { setSide('source'); goTo(spanOf(view.current.state.doc, place).from); view.current.focus() } }} />
      </TabPanel>
      <TabPanel value="step" className="min-h-0 flex-1"><StepForm text={text} step={step} splice={splice} goTo={(offset) => { setSide('source'); goTo(offset); view.current?.focus() }} /></TabPanel>
      <TabPanel value="tests" className="min-h-0 flex-1"><Tests playbook={name} source={text} tests={tests} from={begun} onChange={setTests} begin={(next) => { setTests(next); setBegun(begun + 1) }} tested={tested} onTested={(next) => { setTested(next); setWalk(undefined) }} walk={(each) => { setWalk(each); setPane('graph') }} /></TabPanel>
      <TabPanel value="changes" className="min-h-0 flex-1 overflow-auto">
        {running === null
          ? <Empty icon={GitCompare} title="Nothing runs yet to compare with"><p>Publish a version first.</p></Empty>
          : <Changes old={{ playbook: name }} updated={{ source: text }} what="what runs now" />}
      </TabPanel>
      <TabPanel value="versions" className="min-h-0 flex-1">
        {opened.fresh && kept.base === 0
          ? <Empty icon={History} title="No version was saved yet"><p>Save the text to begin its history.</p></Empty>
          : <Versions of={of} runs={{ playbook: name }} shipped={opened.shipped} source={() => text} load={(version) => load(version, kept.base)} />}
      </TabPanel>
    </Tabs>
  )

  return (
    <Page
      fill
      longTitle
      title={<><span>{name}</span>{changed ? <Badge tone="wait">not saved</Badge> : <Badge tone="line">{kept.base > 0 ? `version ${kept.base}` : 'the file'}</Badge>}</>}
      sub={<span className="flex flex-wrap items-center gap-1.5" aria-live="polite">
        {!checked ? 'Being checked…'
          : errors > 0 ? <span className="flex items-center gap-1 text-crit-text"><CircleX aria-hidden className="size-3.5" />{errors} {errors === 1 ? 'error' : 'errors'}</span>
            : <span className="flex items-center gap-1 text-ok-text"><CircleCheck aria-hidden className="size-3.5" />It compiles, and every consequential call is behind an approval</span>}
        {running !== null && running > 0 && <span>· version {running} runs</span>}
        {running === 0 && <span>· the file runs</span>}
      </span>}
      actions={
        <>
          {!wide && <Segments label="View" options={[['source', 'Text'], ['beside', 'Beside']]} value={side} onChange={setSide} />}
          <Button aria-label="Undo" size="icon" onClick={() => view.current && undo(view.current)}><Undo2 /></Button>
          <Button aria-label="Redo" size="icon" onClick={() => view.current && redo(view.current)}><Redo2 /></Button>
          <Button onClick={tidy}><Wand2 />Format</Button>
          <Button onClick={() => { setRange(view.current && selected(view.current)); setDialog('words') }}><MessageSquareText />In words…</Button>
          {(!opened.fresh || kept.base > 0) && <Link to="/playbooks/$name" params={{ name }} search={{ step: step?.id }} className={buttonClass({})}>View</Link>}
          <Button variant="primary" disabled={!changed} onClick={() => setDialog('save')}><SaveIcon />Save…</Button>
          {kept.base > 0 && !changed && running !== kept.base && <Button onClick={() => setDialog('publish')}><Upload />Publish version {kept.base}…</Button>}
        </>
      }
    >
      {draft && (
        <div role="status" className="flex flex-wrap items-center gap-2 border-b border-line bg-wait-soft px-4 py-1.5 text-xs text-wait-text">
          <span>This browser has a text of <When at={draft.at} /> that was not saved{draft.base !== kept.base && `, written from ${draft.base > 0 ? `version ${draft.base}` : 'the file'}`}.</span>
          <Button onClick={() => { load(draft, draft.base); setDraft(undefined) }}>Put it into the editor</Button>
          <Button onClick={() => { dropDraft(name); setDraft(undefined) }}>Drop it</Button>
        </div>
      )}
      {/* One tree for both widths: the editor keeps its cursor and its history when the window is resized. */}
      <div className={cn('min-h-0 flex-1', wide ? 'grid grid-cols-[minmax(0,11fr)_minmax(0,9fr)]' : 'flex flex-col')}>
        <div className={cn('min-h-0', wide ? 'border-r border-line' : side === 'source' ? 'flex-1' : 'hidden')}>{code}</div>
        <div className={cn('min-h-0', !wide && (side === 'beside' ? 'flex-1' : 'hidden'))}>{beside}</div>
      </div>
      {dialog === 'save' && changed && (
        <Save of={of} base={kept.base} text={ours} file={opened.base === 0 ? kept : undefined} errors={errors} saved={saved} close={() => setDialog(undefined)}
          merged={ontoTheirs}
          theirs={(version) => { ontoTheirs(version, version); dropDraft(name) }} />
      )}
      {dialog === 'publish' && <Publish of={of} version={kept.base} running={running} runs={{ playbook: name }} close={() => setDialog(undefined)} />}
      {dialog === 'words' && (
        <Words
          name={name} fresh={opened.fresh && kept.base === 0 && text === opened.source} source={text} tests={tests} range={range}
          take={(proposal) => {
            replace(proposal.source)
            if (proposal.tests !== '') {
              setTests(proposal.tests)
              setBegun(begun + 1)
            }
            setDialog(undefined)
          }}
          close={() => setDialog(undefined)}
        />
      )}
      {dialog === 'wrap' && step && <Wrap step={step.id} wrap={(verb) => { setDialog(undefined); splice(() => wrap(text, step, freeID(steps, `${verb}_${step.id}`), verb)) }} close={() => setDialog(undefined)} />}
      {dialog === 'add' && step && <AddStep after={step.id} choose={add} close={() => setDialog(undefined)} />}
    </Page>
  )
}
