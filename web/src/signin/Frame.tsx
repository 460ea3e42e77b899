import type { ReactNode } from 'react'
import { Logo } from '@/shell/Logo'

/** The frame of the pages before one is signed in. */
export function Frame({ title, sub, children }: { title: string; sub: ReactNode; children: ReactNode }) {
  return (
    <main className="grid min-h-full place-items-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-5 flex justify-center">
          <Logo />
        </div>
        <section className="rounded-xl border border-line bg-surface p-6 shadow-card">
          <h1 className="text-base font-semibold">{title}</h1>
          <div className="mb-4 mt-1 text-muted">{sub}</div>
          {children}
        </section>
      </div>
    </main>
  )
}
