// How fast the pages are in Chromium against the real binary: `PICKET_BIN=bin/picket node web/e2e/budgets.mjs`, as `make bench` does.
// It prints figures beside what we want them to be, and fails on none: how fast a machine is says nothing about the code.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { wazuhAlert } from './alert.mjs'
import { sizes, startBrowser } from './browser.mjs'
import { startPicket, until } from './picket.mjs'

const work = mkdtempSync(path.join(tmpdir(), 'picket-budgets-'))
const playbooks = path.join(work, 'playbooks')
const shots = path.join(work, 'shots')
mkdirSync(playbooks)
mkdirSync(shots)
writeFileSync(path.join(playbooks, 'rows.yaml'), `name: rows
owner: soc
on: {manual: {}}
steps:
  - id: each
    foreach:
      items: 1..500
      at_once: 50
      at_most: 500
      steps:
        - {id: note, set: {n: '\${{ item }}'}}
`)
writeFileSync(path.join(playbooks, 'large.yaml'), `name: large
owner: soc
on: {manual: {}}
steps:
${Array.from({ length: 50 }, (_, i) => `  - {id: step_${i}, set: {text: '\${{ repeat("x", 1000000) }}'}}`).join('\n')}
`)
const many = `name: many-steps
owner: soc
on: {manual: {}}
steps:
${Array.from({ length: 500 }, (_, i) => `  - {id: step_${i}, title: Step ${i}, set: {n: ${i}}}`).join('\n')}
`

const figures = []
const note = (what, value, unit, want) => figures.push(`${what.padEnd(52)} ${String(Math.round(value)).padStart(6)} ${unit}   (wanted: at most ${want} ${unit})`)
const middle = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const p95 = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length * 0.95)]

const rows = (at) => at.locator('a[href^="/alerts/alr_"]').first()

const picket = await startPicket(process.env.PICKET_BIN, path.join(work, 'data'), '--playbooks', playbooks, '--no-library')
const browser = await startBrowser(shots)
try {
  const context = await browser.context()
  const page = await browser.open(context)
  page.setDefaultTimeout(60_000)
  await page.goto(picket.setup)
  await page.getByLabel('Name', { exact: true }).fill('ana')
  await page.getByLabel('Password', { exact: true }).fill('a long sentence for the test')
  await page.getByLabel('Password once more').fill('a long sentence for the test')
  await page.getByRole('button', { name: 'Set up and sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
  let sent = 0
  const post = async (n) => {
    const answer = await fetch(`${picket.url}/v1/hooks/wazuh`, {
      method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${picket.token}` }, body: JSON.stringify(wazuhAlert(`ws-${n}`, `b${n}`)),
    })
    if (answer.status === 429) {
      await new Promise((resolve) => { setTimeout(resolve, 300) })
      return post(n)
    }
    if (answer.status !== 202) throw new Error(`the hook answered ${answer.status}`)
    return undefined
  }
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (sent < (process.env.ALERTS ?? 10_000)) await post(sent++)
  }))
  const storage = await context.storageState()

  /** The times from the start of a navigation until something is there, each with an empty cache. */
  const opened = async (url, what) => {
    const times = []
    for (let i = 0; i < 5; i++) {
      const cold = await browser.context({ storageState: storage })
      const fresh = await browser.open(cold)
      await fresh.goto('about:blank')
      const began = performance.now()
      await fresh.goto(url, { waitUntil: 'commit' })
      await what(fresh)
      times.push(performance.now() - began)
      await cold.close()
    }
    return middle(times)
  }
  note('alerts page, until its rows can be used', await opened(`${picket.url}/alerts`, (at) => rows(at).waitFor()), 'ms', 1000)

  for (const [name, what] of [['rows', '500 items'], ['large', '50 outputs of 1 MB']]) {
    await page.goto(`${picket.url}/playbooks/${name}`)
    await page.getByRole('button', { name: 'Start…' }).click()
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.waitForURL(/\/runs\/run_/)
    await until('the run to end', () => page.getByRole('heading', { level: 1 }).getByText('Completed').isVisible(), 120_000)
    note(`run page of ${what}, until its rows can be used`, await opened(page.url().split('?')[0], (at) => at.getByRole('treegrid', { name: 'Steps over time' }).getByRole('row').nth(3).waitFor()), 'ms', 1500)
  }

  // Through ten thousand rows, 120 pixels a frame; further pages are loaded on the way.
  await page.setViewportSize(sizes.desk)
  await page.goto(`${picket.url}/alerts`)
  await rows(page).waitFor()
  const frames = await page.evaluate(async () => {
    const list = [...document.querySelectorAll('*')].find((each) => each.scrollHeight > each.clientHeight + 200 && getComputedStyle(each).overflowY !== 'visible' && each.querySelector('a[href^="/alerts/alr_"]'))
    const times = []
    let last = performance.now()
    let still = 0
    while (times.length < 3400 && still < 200) {
      await new Promise(requestAnimationFrame)
      const now = performance.now()
      times.push(now - last)
      last = now
      const before = list.scrollTop
      list.scrollTop += 120
      still = list.scrollTop === before ? still + 1 : 0
    }
    return { times, reached: Math.round(list.scrollTop / 40) }
  })
  note(`scrolling through ${frames.reached.toLocaleString('en')} rows of alerts, a frame (p95)`, p95(frames.times), 'ms', 50)

  // A playbook of five hundred steps under the hands of somebody who types.
  await page.goto(`${picket.url}/playbooks/many-steps/edit`)
  const source = page.getByRole('textbox', { name: 'Playbook source' })
  await source.click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(many)
  const compiles = page.getByText('It compiles', { exact: false })
  await compiles.waitFor()
  await page.getByRole('region', { name: 'Graph of the playbook' }).getByText('Step 499').waitFor()
  const keys = []
  for (let i = 0; i < 60; i++) {
    const began = performance.now()
    await page.keyboard.type('#')
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)) }))
    keys.push(performance.now() - began)
  }
  note('500 steps in the editor: a key, until it is drawn (p95)', p95(keys), 'ms', 100)
  const began = performance.now()
  await page.keyboard.type(' \n  - {id: step_0, set: {n: 1}}')
  await page.getByRole('list', { name: 'Problems' }).getByRole('listitem').first().waitFor()
  note('500 steps in the editor: a mistake, until it is told', performance.now() - began, 'ms', 1500)
  await page.evaluate(() => localStorage.clear())
  console.log(figures.join('\n'))
} finally {
  await browser.close()
  await picket.stop()
  rmSync(work, { recursive: true, force: true })
}
