import { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { Problem } from '@/api/client'
import { sessionQuery } from '@/api/queries'
import { alertSearch } from '@/alerts/search'
import { runSearch, runsSearch } from '@/runs/search'
import { Crash, NotFound } from '@/shell/Crash'
import { Shell } from '@/shell/Shell'

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
})

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
})

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: text(search.next) }),
  component: lazyRouteComponent(() => import('@/signin/Login'), 'Login'),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: (search: Record<string, unknown>): { code?: string } => ({ code: search.code === undefined ? undefined : String(search.code) }),
  component: lazyRouteComponent(() => import('@/signin/Setup'), 'Setup'),
})

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.ensureQueryData(sessionQuery)
    if (!session.authenticated) throw redirect({ to: '/login', search: { next: location.href === '/' ? undefined : location.href } })
  },
  component: Shell,
})

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: lazyRouteComponent(() => import('@/home/Home'), 'Home'),
})

const alerts = createRoute({
  getParentRoute: () => app,
  path: '/alerts',
  validateSearch: alertSearch,
  component: lazyRouteComponent(() => import('@/alerts/Alerts'), 'Alerts'),
})

const alert = createRoute({
  getParentRoute: () => app,
  path: '/alerts/$id',
  validateSearch: (search: Record<string, unknown>): { at?: string } => ({ at: typeof search.at === 'string' ? search.at : undefined }),
  component: lazyRouteComponent(() => import('@/alerts/Alert'), 'AlertPage'),
})

const approvals = createRoute({
  getParentRoute: () => app,
  path: '/approvals',
  validateSearch: (search: Record<string, unknown>): { id?: string; show?: 'decided' } => ({
    id: text(search.id),
    show: search.show === 'decided' ? 'decided' : undefined,
  }),
  component: lazyRouteComponent(() => import('@/approvals/Approvals'), 'Approvals'),
})

const runs = createRoute({
  getParentRoute: () => app,
  path: '/runs',
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import('@/runs/Runs'), 'Runs'),
})

const run = createRoute({
  getParentRoute: () => app,
  path: '/runs/$id',
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import('@/runs/Run'), 'RunPage'),
})

const everywhere = createRoute({
  getParentRoute: () => app,
  path: '/search',
  validateSearch: (given: Record<string, unknown>): { q?: string } => ({ q: typeof given.q === 'number' ? String(given.q) : text(given.q)?.slice(0, 200) }),
  component: lazyRouteComponent(() => import('@/search/Search'), 'Search'),
})

const compare = createRoute({
  getParentRoute: () => app,
  path: '/runs/$id/compare',
  validateSearch: (search: Record<string, unknown>): { with?: string } => ({ with: text(search.with) }),
  component: lazyRouteComponent(() => import('@/runs/Compare'), 'Compare'),
})

const playbooks = createRoute({
  getParentRoute: () => app,
  path: '/playbooks',
  component: lazyRouteComponent(() => import('@/playbooks/Playbooks'), 'Playbooks'),
})

const playbook = createRoute({
  getParentRoute: () => app,
  path: '/playbooks/$name',
  validateSearch: (search: Record<string, unknown>): { step?: string } => ({ step: text(search.step) }),
  component: lazyRouteComponent(() => import('@/playbooks/Playbook'), 'PlaybookPage'),
})

const editor = createRoute({
  getParentRoute: () => app,
  path: '/playbooks/$name/edit',
  validateSearch: (search: Record<string, unknown>): { from?: string; words?: boolean } => ({ from: text(search.from), words: search.words === true ? true : undefined }),
  component: lazyRouteComponent(() => import('@/editor/Editor'), 'Editor'),
})

const agent = createRoute({
  getParentRoute: () => app,
  path: '/agents/$name',
  component: lazyRouteComponent(() => import('@/editor/AgentEditor'), 'AgentEditor'),
})

const connections = createRoute({
  getParentRoute: () => app,
  path: '/connections',
  component: lazyRouteComponent(() => import('@/connections/Connections'), 'Connections'),
})

const memory = createRoute({
  getParentRoute: () => app,
  path: '/memory',
  validateSearch: (search: Record<string, unknown>): { show?: 'proposed' | 'all' } => ({ show: search.show === 'proposed' || search.show === 'all' ? search.show : undefined }),
  component: lazyRouteComponent(() => import('@/memory/Memory'), 'Memory'),
})

const verdicts = createRoute({
  getParentRoute: () => app,
  path: '/verdicts',
  validateSearch: (search: Record<string, unknown>): { by?: 'rule' | 'playbook' } => ({ by: search.by === 'rule' || search.by === 'playbook' ? search.by : undefined }),
  component: lazyRouteComponent(() => import('@/verdicts/Verdicts'), 'Verdicts'),
})

const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  component: lazyRouteComponent(() => import('@/audit/Audit'), 'Audit'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    setup,
    app.addChildren([home, everywhere, alerts, alert, approvals, runs, run, compare, playbooks, playbook, editor, agent, connections, memory, verdicts, audit]),
  ]),
  context: { client },
  defaultErrorComponent: Crash,
  defaultPreload: 'intent',
  defaultPendingMs: 300,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
