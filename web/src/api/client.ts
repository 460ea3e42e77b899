import type { components } from './schema'

export type Schemas = components['schemas']

/** An answer that is no success, as the server's RFC 9457 document describes it. Status 0: no answer at all. */
export class Problem extends Error {
  readonly status: number
  readonly title: string
  readonly requestID: string | undefined
  readonly fields: Schemas['FieldError'][]
  readonly retryAfter: number | undefined

  constructor(status: number, title: string, document?: Partial<Schemas['Problem']>, retryAfter?: number) {
    super(document?.detail || document?.title || title)
    this.status = status
    this.title = document?.title ?? title
    this.requestID = document?.instance
    this.fields = document?.errors ?? []
    this.retryAfter = retryAfter
  }
}

let csrf = ''
let signedOut: () => void = () => {}

/** Keeps the token that GET /v1/session gave, for whatever changes something. */
export function keepCSRF(token: string) {
  csrf = token
}

/** Is called when an answer says that nobody is signed in any more. */
export function onSignedOut(handler: () => void) {
  signedOut = handler
}

/** A key for one intended change. (crypto.randomUUID is missing where the page came over plain HTTP.) */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')

type Query = Record<string, string | number | undefined>

type Options = { query?: Query; body?: unknown; signal?: AbortSignal; key?: string }

/** Has it looked at whether somebody is still signed in; the tail of the ledger ends with the session. */
export const suspectSignedOut = () => signedOut()

/** Sends a request; the answer's JSON, or a Problem. `key` makes repeating a change safe: the same key, the same answer. */
export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options: Options = {}): Promise<T> {
  const url = new URL(path, location.origin)
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value))
  }
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json' }
  if (method !== 'GET') {
    if (csrf) headers['X-Picket-CSRF'] = csrf
    headers['Idempotency-Key'] = options.key ?? newKey()
  }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  let response: Response
  try {
    response = await fetch(url, {
      method,
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, 'The server does not answer')
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T
  const document = (await response.json().catch(() => undefined)) as Partial<Schemas['Problem']> | undefined
  if (response.status === 401 && !path.startsWith('/v1/session')) signedOut()
  const retryAfter = Number(response.headers.get('Retry-After')) || undefined
  throw new Problem(response.status, `${response.status} ${response.statusText}`.trim(), document, retryAfter)
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>('GET', path, { query, signal })

/** A page of a list. */
export type List<T> = { items: T[]; next: string }
