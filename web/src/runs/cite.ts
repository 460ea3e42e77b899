import type { Citation, PlanStep, Step } from '@/api/nouns'

/** Where a citation leads: to a step's output, to the alert, or into the prompt that showed the evidence. */
export type Target = { to: 'step'; path: string; pointer: string } | { to: 'alert'; pointer: string } | { to: 'prompt'; quote: string }

/**
 * Finds what a citation of a model step points at. Evidence is named by a step's id or `alert`; evidence made by an
 * expression is `evidence[N]`, and is followed where the expression is a plain path.
 */
export function resolveCitation(citation: Citation, model: Pick<Step, 'path'>, steps: Pick<Step, 'path' | 'id'>[], plan?: PlanStep): Target {
  const called = /^call\[\d+\]$/.test(citation.evidence) && `${model.path.replace(/\/turn\[\d+\]$/, '')}/${citation.evidence}`
  if (called && steps.some((step) => step.path === called)) return join({ to: 'step', path: called }, citation.pointer)
  const byName = locate(citation.evidence, model.path, steps)
  if (byName) return join(byName, citation.pointer)
  const expression = expressionOf(citation.evidence, plan)
  const path = expression && /^\s*(steps\.([A-Za-z_][\w-]*)\.output|alert)((?:\??\.\w+|\[\d+\])*)\s*$/.exec(expression)
  if (path) {
    const found = locate(path[2] ?? 'alert', model.path, steps)
    const prefix = [...path[3]!.matchAll(/\w+/g)].map(([part]) => `/${part}`).join('')
    if (found) return join(found, prefix + (citation.pointer === '/' ? '' : citation.pointer))
  }
  return { to: 'prompt', quote: citation.quote }
}

type Place = { to: 'step'; path: string } | { to: 'alert' }

function locate(name: string, from: string, steps: Pick<Step, 'path' | 'id'>[]): Place | undefined {
  if (name === 'alert') return { to: 'alert' }
  // The nearest step of that name: in the same item of a loop first, then outside of it.
  for (let prefix = from; prefix !== ''; ) {
    const cut = prefix.lastIndexOf('/')
    prefix = cut < 0 ? '' : prefix.slice(0, cut)
    const wanted = prefix === '' ? name : `${prefix}/${name}`
    const step = steps.find((each) => each.path === wanted)
    if (step) return { to: 'step', path: step.path }
  }
  return undefined
}

const join = (place: Place, pointer: string): Target => ({ ...place, pointer: pointer === '/' ? '' : pointer })

/** The expression of a model step's evidence by its name. */
function expressionOf(evidence: string, plan: PlanStep | undefined): string | undefined {
  const list = (plan?.model ?? plan?.agent)?.evidence as { id: string; value?: { expr?: string } }[] | null | undefined
  return list?.find((each) => each.id === evidence)?.value?.expr
}

/** Cuts a text around a quote, so that it can be marked; undefined when the quote is not in it. */
export function aroundQuote(text: string, quote: string | undefined): [before: string, quote: string, after: string] | undefined {
  if (!quote) return undefined
  const at = text.indexOf(quote)
  return at < 0 ? undefined : [text.slice(0, at), quote, text.slice(at + quote.length)]
}
