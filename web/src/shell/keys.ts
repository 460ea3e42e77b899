import { useEffect, useRef } from 'react'

type Handler = (event: KeyboardEvent) => void

/** Tells whether the key is meant for a field, a menu or a dialog rather than for the page. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true
  if (document.querySelector('[role=dialog], [role=menu]')) return true
  return !!target?.closest('input, textarea, select, [contenteditable=true]')
}

/** Single-key shortcuts of what is on the page. Keys are as in KeyboardEvent.key, lower case. */
export function useKeys(keys: Record<string, Handler>) {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (isTaken(event)) return
      latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key]?.(event)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
}
