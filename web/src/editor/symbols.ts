import type { Schemas } from '@/api/client'

type Symbol = Schemas['Symbol']

/** Symbols in the order of the text, each with how deep it stands. */
export const flatSymbols = (symbols: Symbol[], depth = 0): { symbol: Symbol; depth: number }[] =>
  symbols.flatMap((symbol) => [{ symbol, depth }, ...flatSymbols(symbol.children ?? [], depth + 1)])
