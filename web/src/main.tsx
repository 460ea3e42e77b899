import './styles.css'
import './nonce'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { onSignedOut } from '@/api/client'
import { sessionQuery } from '@/api/queries'
import { client, router } from '@/router'

// A session that ended while the page was open: ask who we are again, which leads to the login page and back.
onSignedOut(() => {
  client
    .fetchQuery({ ...sessionQuery, staleTime: 0, retry: false })
    .then((session) => (session.authenticated ? undefined : router.invalidate()))
    .catch(() => undefined) // the server is away: the page says so by itself
})

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
