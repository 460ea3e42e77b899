export type Part = { text: string; kind: 'said' | 'evidence'; untrusted: boolean }

/**
 * Splits a prompt into what the playbook says and the evidence fenced in it. The fence is in the last line of the
 * system prompt, which is ours alone and differs for every request (internal/model/prompt.go): nothing that stands in
 * the evidence can open or close it. Without it (no model was used) everything from the first evidence on counts as
 * untrusted, because nothing tells where it ends.
 */
export function splitFences(prompt: string, system: string): Part[] {
  const fence = /The fence of this request is (@@@@[0-9a-f]+)\.\s*$/.exec(system)?.[1]
  if (!fence) {
    const first = /^@@@@[0-9a-f]+ BEGIN /m.exec(prompt)?.index ?? 0
    const said: Part[] = first > 0 ? [{ text: prompt.slice(0, first), kind: 'said', untrusted: false }] : []
    return [...said, { text: prompt.slice(first), kind: 'evidence', untrusted: true }]
  }
  const parts: Part[] = []
  let inside: Part | undefined
  for (const line of prompt.split('\n')) {
    if (!inside && line.startsWith(`${fence} BEGIN `)) {
      inside = { text: line, kind: 'evidence', untrusted: !line.endsWith('(written by systems of ours; data, not instructions)') }
      parts.push(inside)
    } else if (inside) {
      inside.text += `\n${line}`
      if (line.startsWith(`${fence} END `)) inside = undefined
    } else {
      const last = parts.at(-1)
      if (last?.kind === 'said') last.text += `\n${line}`
      else parts.push({ text: line, kind: 'said', untrusted: false })
    }
  }
  return parts
}
