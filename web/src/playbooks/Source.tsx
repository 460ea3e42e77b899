import { yaml } from '@codemirror/lang-yaml'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorState, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state'
import { Decoration, EditorView, lineNumbers, MatchDecorator, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import type { Diagnostic } from '@/api/nouns'
import { nonce } from '@/nonce'

type Props = { text: string; line: number | undefined; diagnostics: Diagnostic[]; onLine: (line: number) => void }

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--syn-key)' },
  { tag: [tags.string, tags.content], color: 'var(--syn-str)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--syn-num)' },
  { tag: tags.comment, color: 'var(--syn-com)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: 'var(--syn-punct)' },
])

const theme = EditorView.theme({
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.6' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--faint)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 10px 0 14px' },
  '.cm-expression': { backgroundColor: 'var(--llm-soft)', color: 'var(--syn-expr)', borderRadius: '3px' },
  '.cm-expression *': { color: 'inherit' },
  '.cm-chosen': { backgroundColor: 'var(--accent-soft)' },
  '.cm-problem-error': { textDecoration: 'underline wavy var(--crit)', textUnderlineOffset: '3px' },
  '.cm-problem-warning': { textDecoration: 'underline wavy var(--high)', textUnderlineOffset: '3px' },
})

const expressionMatcher = new MatchDecorator({ regexp: /\$\{\{.*?\}\}/g, decoration: Decoration.mark({ class: 'cm-expression' }) })

const expressions = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet
    constructor(view: EditorView) {
      this.decorations = expressionMatcher.createDeco(view)
    }
    update(update: ViewUpdate) {
      this.decorations = expressionMatcher.updateDeco(update, this.decorations)
    }
  },
  { decorations: (plugin) => plugin.decorations },
)

const choose = StateEffect.define<number | undefined>()

const chosenLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(now, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(choose)) continue
      const line = effect.value
      if (!line || line > transaction.state.doc.lines) return Decoration.none
      return Decoration.set([Decoration.line({ class: 'cm-chosen' }).range(transaction.state.doc.line(line).from)])
    }
    return now
  },
  provide: (field) => EditorView.decorations.from(field),
})

/** Offsets of a diagnostic; its columns count Unicode characters, CodeMirror's count UTF-16. */
function place(state: EditorState, lineNumber: number, column: number): number {
  const line = state.doc.line(Math.min(Math.max(1, lineNumber), state.doc.lines))
  const before = Array.from(line.text).slice(0, column - 1).join('')
  return Math.min(line.to, line.from + before.length)
}

function problems(state: EditorState, diagnostics: Diagnostic[]): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const ranges = diagnostics
    .map((each) => ({ from: place(state, each.line, each.column), to: place(state, each.end_line, each.end_column), each }))
    .filter(({ from, to }) => to > from)
    .toSorted((a, b) => a.from - b.from || a.to - b.to)
  for (const { from, to, each } of ranges) {
    builder.add(from, to, Decoration.mark({ class: `cm-problem-${each.severity}`, attributes: { title: each.message } }))
  }
  return builder.finish()
}

/** A playbook's text, to be read. */
export default function Source({ text, line, diagnostics, onLine }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const report = useRef(onLine)
  useEffect(() => {
    report.current = onLine
  })
  useEffect(() => {
    const state = EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), yaml(), syntaxHighlighting(colours), theme, expressions, chosenLine,
        EditorState.readOnly.of(true), EditorView.editable.of(false), EditorView.cspNonce.of(nonce),
        EditorView.contentAttributes.of({ 'aria-label': 'Playbook source', 'aria-readonly': 'true', tabindex: '0' }),
        EditorView.decorations.of((editor) => problems(editor.state, diagnostics)),
        EditorView.domEventHandlers({
          click: (event, editor) => {
            const at = editor.posAtCoords({ x: event.clientX, y: event.clientY })
            if (at !== null) report.current(editor.state.doc.lineAt(at).number)
          },
        }),
      ],
    })
    view.current = new EditorView({ state, parent: host.current! })
    return () => view.current?.destroy()
  }, [text, diagnostics])
  useEffect(() => {
    const editor = view.current
    if (!editor) return
    const target = line && line <= editor.state.doc.lines ? editor.state.doc.line(line).from : undefined
    editor.dispatch({ effects: [choose.of(line), ...(target === undefined ? [] : [EditorView.scrollIntoView(target, { y: 'center' })])] })
  }, [line, text, diagnostics])
  return <div ref={host} className="h-full min-h-0 overflow-hidden" />
}
