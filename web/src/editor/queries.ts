import { queryOptions } from '@tanstack/react-query'
import { call, get, type Schemas } from '@/api/client'

export type Version = Schemas['PlaybookVersion']
export type Compared = Schemas['Compared']
export type VersionRef = { source: string } | { playbook: string } | { digest: string }

/** What is written: a playbook or an agent, by name. */
export type Subject = { kind: 'playbook' | 'agent'; name: string }

export const pathOf = ({ kind, name }: Subject) => `/v1/${kind}s/${encodeURIComponent(name)}`

export const historyQuery = (of: Subject) =>
  queryOptions({
    queryKey: [of.kind, of.name, 'versions'],
    queryFn: ({ signal }) => get<Schemas['VersionHistory']>(`${pathOf(of)}/versions`, undefined, signal),
  })

export const versionQuery = (of: Subject, number: number) =>
  queryOptions({
    queryKey: ['version', of.kind, of.name, number], // it never changes
    queryFn: ({ signal }) => get<Version>(`${pathOf(of)}/versions/${number}`, undefined, signal),
    staleTime: Infinity,
  })

export const compare = (old: VersionRef, updated: VersionRef, signal?: AbortSignal) =>
  call<Compared>('POST', '/v1/playbooks/diff', { body: { old, new: updated }, signal })
