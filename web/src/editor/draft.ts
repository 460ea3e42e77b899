/** A text that was not saved, kept in this browser so that a closed tab loses nothing. */
export type Draft = { base: number; source: string; tests: string; at: string }

// A text on its way into the editor of a playbook that is not there yet.
const handed = new Map<string, string>()

export const handOver = (name: string, source: string) => void handed.set(name, source)

export const handedOver = (name: string) => handed.get(name)

const key = (name: string) => `picket.draft.${name}`

export function readDraft(name: string): Draft | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key(name)) ?? 'null') as Draft | null
    return kept && typeof kept.source === 'string' && typeof kept.tests === 'string' && typeof kept.base === 'number' ? kept : undefined
  } catch {
    return undefined
  }
}

export function keepDraft(name: string, draft: Draft) {
  try {
    localStorage.setItem(key(name), JSON.stringify(draft))
  } catch {
    // A full or forbidden storage: the page still asks before it is left.
  }
}

export function dropDraft(name: string) {
  try {
    localStorage.removeItem(key(name))
  } catch {
    // as above
  }
}
