import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Navigate, useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { call, keepCSRF, Problem } from '@/api/client'
import type { Session } from '@/api/nouns'
import { forget, sessionQuery } from '@/api/queries'
import { Button } from '@/ui/button'
import { Input } from '@/ui/page'
import { ActionError } from '@/ui/states'
import { Frame } from './Frame'
import { safeNext } from './next'

const route = getRouteApi('/login')

export function Login() {
  const { next } = route.useSearch()
  const router = useRouter()
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const passwordField = useRef<HTMLInputElement>(null)
  const signIn = useMutation({
    mutationFn: () => call<Session>('POST', '/v1/session', { body: { name, password } }),
    onSuccess: async (fresh) => {
      forget(client)
      keepCSRF(fresh.csrf)
      client.setQueryData(sessionQuery.queryKey, fresh)
      await router.invalidate()
      router.history.push(safeNext(next))
    },
    onError: () => {
      setPassword('')
      passwordField.current?.focus()
    },
  })
  useEffect(() => {
    document.title = 'Sign in · Picket'
  }, [])
  if (session?.authenticated && !signIn.isSuccess) return <Navigate to="/alerts" replace />
  return (
    <Frame title="Sign in" sub={session?.setup ? null : 'With the name and password you chose.'}>
      {session?.setup && (
        <p className="mb-4 rounded-md bg-wait-soft px-3 py-2 text-xs text-wait-text">
          Nobody has an account yet. Open the one-time address that Picket printed where it was started
          (it contains <code className="font-mono">/setup?code=</code>) to become its first administrator.
        </p>
      )}
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault()
          signIn.mutate()
        }}
      >
        <label className="block text-xs font-medium">
          Name
          <Input name="name" autoComplete="username" autoFocus required maxLength={128} value={name} onChange={(e) => setName(e.target.value)} className="mt-1" />
        </label>
        <label className="block text-xs font-medium">
          Password
          <Input
            ref={passwordField}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            maxLength={1024}
            value={password}
            onChange={(e) => setPassword(e.target.value)}
            className="mt-1"
          />
        </label>
        {signIn.error && (
          <ActionError
            error={signIn.error instanceof Problem && signIn.error.status === 429 && signIn.error.retryAfter
              ? new Error(`${signIn.error.message}. Try again in ${signIn.error.retryAfter} s.`)
              : signIn.error}
          />
        )}
        <Button type="submit" variant="primary" size="md" className="w-full" disabled={signIn.isPending}>
          {signIn.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </Frame>
  )
}
