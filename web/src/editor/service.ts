import { autocompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { setDiagnostics, type Diagnostic as Mark } from '@codemirror/lint'
import type { Text } from '@codemirror/state'
import { EditorView, hoverTooltip, type Tooltip } from '@codemirror/view'
import { call, type List, type Schemas } from '@/api/client'
import type { Diagnostic, Plan } from '@/api/nouns'
import { inert } from '@/ui/inert'
import { pathAt } from './lastrun'
import { placeOf, spanOf } from './place'

export type Analysis = Omit<Schemas['Analysis'], 'plan' | 'sketch'> & { plan: Plan | null; sketch: Plan | null }

const post = <T,>(what: string, doc: Text, more: object, signal?: AbortSignal) =>
  call<T>('POST', `/v1/editor/${what}`, { body: { source: doc.toString(), ...more }, signal })

export const analyse = (doc: Text, file: string, signal: AbortSignal) => post<Analysis>('analyse', doc, { file }, signal)

export const format = (doc: Text) => post<{ source: string }>('format', doc, {})

export const rename = (doc: Text, offset: number, name: string) => post<Schemas['Edits']>('rename', doc, { ...placeOf(doc, offset), name })

export const definition = (doc: Text, offset: number) => post<Schemas['Definition']>('definition', doc, placeOf(doc, offset))

type Edit = Schemas['Edit']

/** Makes edits of the API one change of the text. */
export function apply(view: EditorView, doc: Text, edits: Edit[]) {
  const changes = edits.map((edit) => ({ ...spanOf(doc, edit), insert: edit.text }))
  view.dispatch({ changes, userEvent: 'input.fix' })
  view.focus()
}

/** Shows what the compiler says, each at its place and with its fixes. */
export function show(view: EditorView, diagnostics: Diagnostic[]) {
  const doc = view.state.doc
  const marks = diagnostics.map((each): Mark => {
    const span = spanOf(doc, each)
    return {
      from: span.from,
      to: span.to,
      severity: each.severity,
      source: each.code,
      message: inert([each.message, each.help].filter(Boolean).join('\n')),
      actions: (each.fixes ?? []).map((fix) => ({ name: fix.title, apply: (target) => apply(target, target.state.doc, fix.edits) })),
    }
  })
  view.dispatch(setDiagnostics(view.state, marks.toSorted((a, b) => a.from - b.from)))
}

/** What can stand at a place. */
export const completeAt = async (doc: Text, offset: number, signal?: AbortSignal) => (await post<List<Schemas['Completion']>>('complete', doc, placeOf(doc, offset), signal)).items

const kinds: Record<string, string> = { key: 'property', operation: 'function', connection: 'variable', step: 'variable', function: 'function', member: 'property', value: 'constant', verb: 'keyword' }

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w.$-]*/)
  if (!context.explicit && (!word || word.from === word.to) && !/[.:{\s]$/.test(context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos))) return null
  const doc = context.state.doc
  const controller = new AbortController()
  context.addEventListener('abort', () => controller.abort())
  let items: Schemas['Completion'][]
  try {
    items = await completeAt(doc, context.pos, controller.signal)
  } catch {
    return null
  }
  const first = items[0]
  if (!first) return null
  return {
    from: spanOf(doc, first.range).from,
    options: items.map((item, i) => ({
      label: item.label,
      detail: item.detail,
      type: kinds[item.kind] ?? 'text',
      ...(item.doc ? { info: item.doc } : {}),
      boost: -i / 100,
      apply: (view: EditorView, _: unknown, from: number, to: number) => {
        view.dispatch({ changes: { from, to, insert: item.insert }, selection: { anchor: from + item.insert.length }, userEvent: 'input.complete' })
      },
    })),
    validFor: /^[\w$-]*$/,
  }
}

export const completion = autocompletion({ override: [complete], maxRenderedOptions: 12, icons: false })

/** What the compiler knows of a place, and what an expression's member was in the last run. */
export const hoverWith = (last: (path: string) => Promise<string | undefined>) => hoverTooltip(async (view, pos): Promise<Tooltip | null> => {
  const doc = view.state.doc
  const line = doc.lineAt(pos)
  const path = pathAt(line.text, pos - line.from)
  const [answer, was] = await Promise.all([
    post<Schemas['HoverAnswer']>('hover', doc, placeOf(doc, pos)).catch(() => undefined),
    path ? last(path).catch(() => undefined) : undefined,
  ])
  if (!answer?.hover && was === undefined) return null
  const text = [answer?.hover?.text, was !== undefined && `in the last run: ${was}`].filter(Boolean).join('\n\n')
  const span = answer?.hover ? spanOf(doc, answer.hover.range) : { from: pos, to: pos }
  return {
    pos: span.from,
    end: span.to,
    above: true,
    create: () => {
      const dom = document.createElement('div')
      dom.className = 'max-w-md whitespace-pre-wrap px-2.5 py-1.5 font-mono text-2xs'
      dom.textContent = inert(text)
      return { dom }
    },
  }
}, { hoverTime: 350 })
