/** The parts of an RFC 6901 pointer: "/a~1b/0" is ["a/b", "0"]. */
export function pointerParts(pointer: string): string[] {
  if (pointer === '' || pointer === '/') return []
  return pointer.replace(/^\//, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What a pointer points at; undefined where it leads nowhere. */
export function atPointer(document: unknown, pointer: string): unknown {
  let value = document
  for (const part of pointerParts(pointer)) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}
