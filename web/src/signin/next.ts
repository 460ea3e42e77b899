/** Where to go after signing in: only a page of ours, whatever the address says. */
export function safeNext(next: string | undefined): string {
  if (!next || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return '/'
  if (/^\/(login|setup)\b/.test(next)) return '/'
  return next
}
