import { Bot, Braces, Terminal, User, type LucideIcon } from 'lucide-react'
import { useEffect, useMemo, useRef, type ReactNode } from 'react'
import type { Attempt, ModelCall, Step } from '@/api/nouns'
import { Badge, type Tone } from '@/ui/badge'
import { cn } from '@/ui/cn'
import { formatDuration } from '@/ui/duration'
import { inert } from '@/ui/inert'
import { JsonView } from '@/ui/json'
import { StatusBadge } from '@/ui/status'
import { UntrustedBadge } from '@/ui/untrusted'
import { aroundQuote } from './cite'
import { splitFences } from './fences'
import { costText } from './spent'

/** What was sent to a model and what came back, attempt by attempt, to the letter. */
export function Conversation({ step, quote }: { step: Step; quote: string | undefined }) {
  const turns: { call: ModelCall; attempt?: Attempt }[] = step.attempts.flatMap((attempt) => (attempt.model ? [{ call: attempt.model, attempt }] : []))
  if (turns.length === 0 && step.model) turns.push({ call: step.model })
  if (turns.length === 0) return <p className="text-muted">Nothing was sent to a model yet.</p>
  return (
    <div className="space-y-5">
      {turns.map(({ call, attempt }, i) => (
        <section key={i} aria-label={`Attempt ${i + 1}`} className="space-y-2">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted">
            {turns.length > 1 && <b className="font-medium text-fg">Attempt {attempt?.attempt ?? i + 1}</b>}
            {attempt && attempt.status !== 'ok' && <StatusBadge status={attempt.status} />}
            <Badge tone="llm" className="font-mono">{call.provider}{call.model && call.model !== call.provider ? ` · ${call.model}` : ''}</Badge>
            <span>{call.tokens_in.toLocaleString('en')} in · {call.tokens_out.toLocaleString('en')} out</span>
            <span>{costText(call)}</span>
            {attempt?.started && attempt.ended && <span>{formatDuration(Date.parse(attempt.ended) - Date.parse(attempt.started))}</span>}
          </div>
          {call.tried && <Tried asked={call.tried} />}
          {call.system && <Message icon={Terminal} who="System" tone="info"><Plain text={call.system} /></Message>}
          {call.prompt && <Prompt text={call.prompt} system={call.system} quote={quote} />}
          {call.answer && (
            <Message icon={Bot} who="Answer" tone="llm" mark={call.provider !== 'builtin' && <UntrustedBadge>written by a model</UntrustedBadge>}>
              <Plain text={pretty(call.answer)} marked />
            </Message>
          )}
          {attempt?.error && <p className="rounded-lg border border-crit/30 bg-crit-soft px-3 py-2 text-crit-text">{inert(attempt.error.message)}</p>}
          {call.request !== undefined && call.request !== null && (
            <details className="rounded-lg border border-line bg-surface">
              <summary className="flex items-center gap-1.5 px-3 py-1.5 text-xs text-muted"><Braces aria-hidden className="size-3.5" />The exact request, without its key</summary>
              <div className="p-2"><JsonView level="h4" title="Request" value={call.request} untrusted /></div>
            </details>
          )}
        </section>
      ))}
    </div>
  )
}

/** Everyone that a chain or a committee asked, and what came of it. */
function Tried({ asked }: { asked: NonNullable<ModelCall['tried']> }) {
  return (
    <ul aria-label="Who was asked" className="divide-y divide-line rounded-lg border border-line bg-surface text-xs">
      {asked.map((each, i) => (
        <li key={i} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5">
          <code className="font-mono">{each.provider}{each.model && each.model !== each.provider ? ` · ${each.model}` : ''}</code>
          <span className={each.answered ? 'text-muted' : 'text-crit-text'}>{each.answered ? (each.verdict ?? 'answered') : `${each.kind}: ${inert(each.message ?? '')}`}</span>
        </li>
      ))}
    </ul>
  )
}

function Message({ icon: Icon, who, tone, mark, children }: { icon: LucideIcon; who: string; tone: Tone; mark?: ReactNode; children: ReactNode }) {
  return (
    <article className="overflow-hidden rounded-lg border border-line bg-surface">
      <h3 className="flex items-center gap-2 border-b border-line px-3 py-1.5"><Badge tone={tone}><Icon aria-hidden />{who}</Badge>{mark}</h3>
      {children}
    </article>
  )
}

const block = 'max-h-[50vh] overflow-auto whitespace-pre-wrap break-words px-3 py-2 font-mono text-xs leading-relaxed [overflow-wrap:anywhere]'

function Plain({ text, marked }: { text: string; marked?: boolean }) {
  return <pre tabIndex={0} className={`${block} ${marked ? 'border-l-2 border-high' : ''}`}>{inert(text)}</pre>
}

/** The prompt; what is fenced in it as data is shown apart, and a cited quote is marked. */
function Prompt({ text, system, quote }: { text: string; system: string; quote: string | undefined }) {
  const parts = useMemo(() => splitFences(text, system), [text, system])
  const mark = useRef<HTMLElement>(null)
  useEffect(() => {
    mark.current?.scrollIntoView({ block: 'center' })
  }, [quote])
  const markIn = parts.findIndex((part) => aroundQuote(part.text, quote))
  return (
    <Message icon={User} who="Prompt" tone="low" mark={parts.some((part) => part.untrusted) && <UntrustedBadge>holds untrusted data</UntrustedBadge>}>
      <div tabIndex={0} role="group" aria-label="Prompt" className={block}>
        {parts.map((part, i) => {
          const around = i === markIn ? aroundQuote(part.text, quote) : undefined
          const content = around ? <>{inert(around[0])}<mark ref={mark} className="rounded bg-accent-soft text-fg outline outline-1 outline-accent">{inert(around[1])}</mark>{inert(around[2])}</> : inert(part.text)
          if (part.kind === 'said') return <span key={i}>{content}</span>
          return (
            <div key={i} className={cn('my-1 border-l-2 px-2 py-1', part.untrusted ? 'border-high bg-high-soft/40' : 'border-line-strong bg-sunken')}>
              <span className="sr-only">{part.untrusted ? 'Untrusted data: ' : 'Data: '}</span>
              {content}
            </div>
          )
        })}
      </div>
    </Message>
  )
}

/** JSON is shown with line breaks; anything else as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
