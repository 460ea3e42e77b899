export type Part = { text: string; fenced: boolean }

// How prompts fence data: <evidence id="..." untrusted="true" fence="..."> … </evidence fence="...">, or a line
// <<<UNTRUSTED … up to a line >>>. Only whole lines count, so that data can't end its fence in the middle of one.
const opens = /^\s*(?:<(evidence|untrusted|data)\b[^>]*>|<<<\s*(?:UNTRUSTED|DATA|EVIDENCE)\b.*|-{3,}\s*BEGIN (?:UNTRUSTED|DATA|EVIDENCE)\b.*)\s*$/i

/** Splits a prompt into what the playbook says and what is fenced in it as data. */
export function splitFences(prompt: string): Part[] {
  const parts: Part[] = []
  const add = (line: string, fenced: boolean) => {
    const last = parts.at(-1)
    if (last?.fenced === fenced) last.text += `\n${line}`
    else parts.push({ text: line, fenced })
  }
  let end: RegExp | undefined
  for (const line of prompt.split('\n')) {
    if (end) {
      add(line, true)
      if (end.test(line)) end = undefined
      continue
    }
    const open = opens.exec(line)
    add(line, !!open)
    if (open) end = open[1] ? new RegExp(`^\\s*</${open[1]}\\b[^>]*>\\s*$`, 'i') : line.includes('<<<') ? /^\s*(>>>|<<<\s*END\b)/i : /^\s*-{3,}\s*END /i
  }
  return parts
}
