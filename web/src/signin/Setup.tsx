import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { call, keepCSRF, Problem } from '@/api/client'
import type { Session } from '@/api/nouns'
import { forget, sessionQuery } from '@/api/queries'
import { Button, buttonClass } from '@/ui/button'
import { Input } from '@/ui/page'
import { ActionError } from '@/ui/states'
import { Frame } from './Frame'

const route = getRouteApi('/setup')
const shortest = 12 // the API's minimum

export function Setup() {
  const { code } = route.useSearch()
  const router = useRouter()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const differs = again !== '' && again !== password
  const setUp = useMutation({
    mutationFn: () => call<Session>('POST', '/v1/session/setup', { body: { code, name: name.trim(), password } }),
    onSuccess: async (session) => {
      forget(client)
      keepCSRF(session.csrf)
      client.setQueryData(sessionQuery.queryKey, session)
      await router.invalidate()
      await router.navigate({ to: '/', replace: true }) // replace: the used code does not stay in the history
    },
  })
  useEffect(() => {
    document.title = 'Set up · Picket'
  }, [])
  if (!code) {
    return (
      <Frame title="A code is missing" sub="Open the whole address that Picket printed where it was started; it ends in ?code= and a code.">
        <Link to="/login" search={{}} className={buttonClass({ size: 'md', className: 'w-full' })}>Go to sign in</Link>
      </Frame>
    )
  }
  const used = setUp.error instanceof Problem && (setUp.error.status === 401 || setUp.error.status === 409)
  return (
    <Frame title="Welcome to Picket" sub="Choose a name and a password. This address works once.">
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (!differs && again === password) setUp.mutate()
        }}
      >
        <label className="block text-xs font-medium">
          Name
          <Input name="name" autoComplete="username" autoFocus required maxLength={64} value={name} onChange={(e) => setName(e.target.value)} className="mt-1" />
        </label>
        <label className="block text-xs font-medium">
          Password
          <Input
            name="password" type="password" autoComplete="new-password" required minLength={shortest} maxLength={1024}
            aria-describedby="password-rule" value={password} onChange={(e) => setPassword(e.target.value)} className="mt-1"
          />
        </label>
        <p id="password-rule" className="!mt-1 text-2xs text-muted">
          At least {shortest} characters. A sentence is good.{password && password.length < shortest ? ` ${shortest - password.length} to go.` : ''}
        </p>
        <label className="block text-xs font-medium">
          Password once more
          <Input
            name="again" type="password" autoComplete="new-password" required maxLength={1024}
            aria-invalid={differs} value={again} onChange={(e) => setAgain(e.target.value)} className="mt-1"
          />
        </label>
        {differs && <p role="status" className="!mt-1 text-2xs text-crit-text">The two differ.</p>}
        <ActionError error={setUp.error} />
        {used && (
          <p className="text-xs text-muted">
            If it was you who used it, <Link to="/login" search={{}} className="text-accent-text underline underline-offset-2">sign in</Link>.
            Otherwise start Picket again to get another.
          </p>
        )}
        <Button type="submit" variant="primary" size="md" className="w-full" disabled={setUp.isPending || differs}>
          {setUp.isPending ? 'Setting up…' : 'Set up and sign in'}
        </Button>
      </form>
    </Frame>
  )
}
