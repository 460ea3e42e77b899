import type { Step } from '@/api/nouns'
import { formatCost } from '@/ui/duration'

export type Spent = NonNullable<Step['spent']>

/** What a run spent on models: a step at the top has what was spent inside it, also on a loop's items that are not here. */
export function spentOf(steps: Pick<Step, 'parent' | 'spent'>[]): Spent {
  const sum: Spent = { calls: 0, tokens_in: 0, tokens_out: 0, cost_usd: 0 }
  for (const { parent, spent } of steps) {
    if (parent !== '' || !spent) continue
    sum.calls += spent.calls
    sum.tokens_in += spent.tokens_in
    sum.tokens_out += spent.tokens_out
    sum.cost_usd += spent.cost_usd
    if (spent.no_price) sum.no_price = true
  }
  return sum
}

/** The cost in words; a price that is not known is said, not left out. */
export const costText = (spent: Pick<Spent, 'cost_usd' | 'no_price'>) => `${formatCost(spent.cost_usd)}${spent.no_price ? ' and what has no price set' : ''}`

export const spentText = (spent: Spent) =>
  spent.calls === 0 ? 'not asked' : `${costText(spent)} · ${(spent.tokens_in + spent.tokens_out).toLocaleString('en')} tokens · ${spent.calls} ${spent.calls === 1 ? 'call' : 'calls'}`
