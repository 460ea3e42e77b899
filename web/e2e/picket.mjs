// Starts the real binary on a free port with data of its own, and reads from its greeting where everything is.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const startWithin = 120_000 // a cold machine creates the databases first

export async function startPicket(binary, data, ...more) {
  if (!binary || !existsSync(binary)) throw new Error('PICKET_BIN must be the path of a built picket (make build)')
  const child = spawn(path.resolve(binary), ['serve', '--demo', '--data', data, '--listen', '127.0.0.1:0', ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let ended
  const collect = (chunk) => {
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  const over = new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      ended = `picket ended with ${signal ?? code}`
      resolve()
    })
  })

  const stop = async () => {
    if (ended) return
    child.kill('SIGINT')
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await over
    clearTimeout(timer)
  }
  try {
    const setup = await until('the greeting on stdout', () => /(http:\/\/\S+\/setup\?code=\S+)/.exec(output)?.[1] ?? failIf(ended, output), startWithin)
    const sandbox = await until('the sandbox line', () => /^\s*sandbox: (\S+)/m.exec(output)?.[1] ?? failIf(ended, output))
    const token = await until('the hook token line', () => /^\s*hook token: (\S+)/m.exec(output)?.[1] ?? failIf(ended, output))
    const url = new URL(setup).origin
    await until('/healthz', async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok || failIf(ended, output), startWithin)
    return { url, setup, sandbox, token, stop, output: () => output }
  } catch (error) {
    await stop()
    throw error
  }
}

function failIf(ended, output) {
  if (ended) throw new Error(`${ended}\n${output}`)
  return undefined
}

/** Asks until the answer is truthy, and gives it. */
export async function until(what, ask, within = 30_000) {
  const deadline = Date.now() + within
  let last
  for (;;) {
    try {
      last = await ask()
    } catch (error) {
      if (Date.now() >= deadline || error.message.startsWith('picket ended')) throw error
      last = undefined
    }
    if (last) return last
    if (Date.now() >= deadline) throw new Error(`waited ${within / 1000} s for ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 150)
    })
  }
}
