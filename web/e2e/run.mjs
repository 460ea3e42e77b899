// The way of an alert through the real binary, in a real browser: `PICKET_BIN=bin/picket node web/e2e/run.mjs`.
// SHOTS=DIR also keeps the pictures of the README there; KEEP=1 keeps all pictures and the data. Fails on any problem, and says all of them.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { againJourney } from './again.mjs'
import { wazuhAlert } from './alert.mjs'
import { authorJourney } from './author.mjs'
import { sizes, startBrowser } from './browser.mjs'
import { bulkJourney } from './bulk.mjs'
import { cacaoJourney } from './cacao.mjs'
import { formJourney } from './form.mjs'
import { graphJourney } from './graph.mjs'
import { inspectJourney } from './inspect.mjs'
import { keyboardJourney } from './keyboard.mjs'
import { languageJourney } from './language.mjs'
import { startPicket, until } from './picket.mjs'
import { queueJourney } from './queue.mjs'
import { wordsJourney } from './words.mjs'

const user = { name: 'ana.ruiz', password: 'a long sentence for the test' }
const host = 'ws-42'
const work = mkdtempSync(path.join(tmpdir(), 'picket-e2e-'))
const shots = path.join(work, 'shots')
mkdirSync(shots)

let picket, browser
const began = Date.now()
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`)

const get = async (url) => {
  const response = await fetch(url, { headers: { Accept: 'application/json' } })
  assert.ok(response.ok, `${url} answered ${response.status}`)
  return response.json()
}
const isolated = async () => {
  const found = (await get(`${picket.sandbox}/state`)).hosts.find((each) => each.name === host)
  assert.ok(found, `the sandbox knows no host ${host}`)
  return found.isolated
}

try {
  picket = await startPicket(process.env.PICKET_BIN, path.join(work, 'data'), '--playbooks', path.join(import.meta.dirname, 'playbooks'))
  browser = await startBrowser(shots)
  say(`picket is at ${picket.url}`)
  const context = await browser.context({ acceptDownloads: true })
  const page = await browser.open(context)
  page.setDefaultTimeout(20_000)
  const heading = (name) => page.getByRole('heading', { level: 1, name })

  // Nobody is signed in: every page leads to the login, which says how to get the first account.
  await page.goto(`${picket.url}/runs`)
  await page.getByText('one-time address').waitFor()
  await browser.inspect(page, 'login')

  // The first administrator.
  await page.goto(picket.setup)
  await page.getByLabel('Name', { exact: true }).fill(user.name)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.getByLabel('Password once more').fill('something else')
  await page.getByText('The two differ.').waitFor()
  await page.getByLabel('Password once more').fill(user.password)
  await browser.inspect(page, 'setup')
  await page.getByRole('button', { name: 'Set up and sign in' }).click()
  await heading('Home').waitFor()
  await page.getByRole('list', { name: 'Decisions' }).getByRole('listitem').first().waitFor()
  await browser.inspect(page, 'home', { widths: ['desk', 'laptop', 'phone'] })
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Alerts' }).click()
  await heading('Alerts').waitFor()
  assert.ok(!page.url().includes('code='), 'the used code stays in the address')
  const demo = page.getByText('Demo · sandbox connections')
  await demo.waitFor()
  await page.getByRole('status').filter({ hasText: /^live$/ }).first().waitFor()
  say('set up and signed in')

  // A Wazuh alert arrives and is seen without reloading.
  assert.equal(await isolated(), false, `${host} is isolated before anything was done`)
  const posted = await fetch(`${picket.url}/v1/hooks/wazuh`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${picket.token}` },
    body: JSON.stringify(wazuhAlert(host, '1')),
  })
  assert.equal(posted.status, 202, `the hook answered ${posted.status}: ${await posted.clone().text()}`)
  const { alert_id: alertID, run_ids: runIDs } = await posted.json()
  assert.ok(runIDs.length > 0, 'no playbook runs on the alert')
  const row = page.getByRole('row').filter({ has: page.locator(`a[href="/alerts/${alertID}"]`) })
  await row.waitFor()
  await row.getByText('Waiting').waitFor()
  await row.getByText('malicious', { exact: true }).waitFor() // what was concluded so far
  say('the alert is in the list, its run waits')
  await browser.inspect(page, 'alerts', { widths: ['desk', 'laptop', 'phone'] })

  // Filters live in the address.
  await page.getByRole('button', { name: 'Severity' }).click()
  await page.getByRole('menuitemradio', { name: 'fatal' }).click()
  await page.waitForURL(/severity=fatal/)
  await page.getByText('No alert matches').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await page.getByRole('searchbox').fill('encoded powershell')
  await page.waitForURL(/q=encoded/)
  await row.waitFor()
  await page.goto(`${picket.url}/alerts?run=waiting&source=wazuh`)
  await row.waitFor()

  // The alert's page; hostile text stays text.
  await row.getByRole('link').click()
  await page.getByRole('heading', { name: 'Facts' }).waitFor()
  const conclusion = page.getByRole('region', { name: 'Verdict' }) // on top, while its run waits
  await conclusion.getByText('Speaks for an attack').waitFor()
  await conclusion.getByRole('button', { name: 'Agree' }).waitFor()
  assert.equal(await page.locator('img[src="x"]').count(), 0, 'markup of the alert became part of the page')
  await page.getByText('\\u202egpj.exe').first().waitFor()
  await browser.inspect(page, 'alert', { widths: ['desk', 'laptop', 'phone'] })
  await page.getByRole('button', { name: 'The source’s own document' }).click()
  await page.getByRole('group', { name: 'The source’s own document' }).waitFor()

  // The run waits for a person.
  await page.locator(`a[href^="/runs/${runIDs[0]}"]`).first().click()
  const timeline = page.getByRole('treegrid', { name: 'Steps over time' })
  await timeline.getByRole('row').filter({ hasText: 'Ask for the isolation' }).waitFor()
  await browser.inspect(page, 'run-waiting', { widths: ['desk', 'laptop', 'phone'] })
  await page.getByRole('link', { name: 'Review and decide' }).first().click()

  // The card says exactly what will happen; the key A and one more confirmation release it.
  const card = page.getByRole('region', { name: 'Approval' })
  await card.getByText('edr.isolate_host').waitFor()
  await card.getByText('no real system').waitFor()
  await browser.inspect(page, 'approval', { widths: ['desk', 'laptop', 'phone'] })
  await page.keyboard.press('a')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('Encoded PowerShell out of Word, seen on the host.')
  await browser.inspect(page, 'approval-dialog', { widths: ['desk', 'phone'] })
  assert.equal(await isolated(), false, 'something was done before the decision')
  await dialog.getByRole('button', { name: 'Approve and release' }).click()
  await card.getByRole('heading', { name: 'Decision' }).waitFor()
  await until('the sandbox to isolate the host', isolated)
  await page.goto(`${picket.sandbox}/state`)
  await page.getByText(host).first().waitFor()
  say(`approved; ${host} is isolated in the sandbox`)

  // The run has ended and shows everything.
  await page.goto(`${picket.url}/runs/${runIDs[0]}`)
  await page.getByRole('heading', { level: 1 }).getByText('Completed').waitFor()
  await page.getByRole('tab', { name: 'Verdict' }).waitFor()
  await page.getByRole('link', { name: 'Evidence pack' }).waitFor() // it is archived after the run's end, and the page follows
  await browser.inspect(page, 'run', { widths: ['desk', 'laptop', 'phone'] })
  await page.getByRole('button', { name: 'Graph', exact: true }).click()
  await page.getByRole('region', { name: 'Graph of the playbook' }).getByRole('button', { name: /Isolate the host/ }).waitFor()
  await browser.inspect(page, 'run-graph', { widths: ['desk', 'phone'] })
  await page.getByRole('button', { name: 'Timeline', exact: true }).click()
  // Keys walk the timeline, a citation leads to its evidence.
  await page.getByRole('tab', { name: 'Conversation' }).click()
  await page.getByText('holds untrusted data').first().waitFor()
  await browser.inspect(page, 'conversation')
  await page.getByRole('tab', { name: 'Verdict' }).click()
  const panel = page.getByRole('complementary', { name: 'Step details' })
  // A verdict is judged: agreed with, and then corrected with a reason.
  await panel.getByRole('button', { name: 'Agree' }).click()
  await panel.getByText('agrees', { exact: true }).waitFor()
  await panel.getByRole('button', { name: 'Correct…' }).click()
  const sayIt = page.getByRole('button', { name: 'Say so' })
  await page.getByRole('radio', { name: /the rule is right/ }).check()
  assert.ok(await sayIt.isDisabled(), 'a verdict can be corrected without a reason')
  await page.getByLabel('Reason').fill('An exercise that was announced')
  await browser.inspect(page, 'judge', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await sayIt.click()
  await panel.getByText('An exercise that was announced').waitFor()
  await browser.inspect(page, 'judged', { widths: ['desk'] })
  await panel.getByRole('button', { name: /^Show the evidence/ }).first().click()
  await page.locator('[data-marked]').first().waitFor()
  say(`a citation led to ${new URL(page.url()).pathname}`)
  await page.goto(`${picket.url}/runs/${runIDs[0]}`)
  await timeline.getByRole('row').filter({ hasText: 'Isolate the host' }).click()
  await page.getByRole('tab', { name: 'Attempts' }).click()
  await panel.getByText('Released by decision').waitFor()
  await timeline.getByRole('row').filter({ hasText: 'Ask for the isolation' }).click()
  await panel.getByText('Encoded PowerShell out of Word').waitFor()
  await browser.inspect(page, 'run-decision', { widths: ['desk'] })
  await page.keyboard.press('ArrowUp')
  await page.getByRole('button', { name: 'Ledger' }).click()
  const entries = page.getByRole('region', { name: 'Ledger entries' })
  await entries.getByRole('button').filter({ hasText: 'approval.decided' }).click()
  await browser.inspect(page, 'ledger')
  await inspectJourney({ page, browser, work, say })

  // Another approval is denied: nothing changes, its run ends.
  const before = await get(`${picket.sandbox}/calls`)
  await page.goto(`${picket.url}/approvals`)
  const waiting = page.getByRole('list', { name: 'Approvals' }).getByRole('button')
  await waiting.first().waitFor()
  const deniedTitle = await card.getByRole('heading', { level: 2 }).first().innerText()
  await page.getByRole('button', { name: 'Deny…' }).click()
  await dialog.getByLabel('Reason').fill('A drill of the red team.')
  await dialog.getByRole('button', { name: 'Deny', exact: true }).click()
  await card.getByRole('heading', { name: 'Decision' }).waitFor()
  assert.equal(await card.getByRole('heading', { level: 2 }).first().innerText(), deniedTitle, 'the card became another approval')
  await card.getByRole('link', { name: 'The run' }).click()
  await page.getByText(`denied by ${user.name}`).first().waitFor()
  await browser.inspect(page, 'run-denied', { widths: ['desk'] })
  assert.deepEqual(await get(`${picket.sandbox}/calls`), before, 'a denied approval released something')
  say(`denied: ${deniedTitle}`)

  // On the phone: from the badge to a decision.
  const phone = await browser.open(context)
  phone.setDefaultTimeout(20_000)
  await phone.setViewportSize(sizes.phone)
  await phone.goto(`${picket.url}/approvals`)
  const third = phone.getByRole('list', { name: 'Approvals' }).getByRole('button').first()
  await third.waitFor()
  await browser.inspect(phone, 'inbox')
  await phone.setViewportSize(sizes.phone)
  await third.click()
  await phone.getByRole('button', { name: 'Approve…' }).click()
  await phone.getByRole('dialog').getByRole('button', { name: 'Approve and release' }).click()
  await phone.getByRole('heading', { name: 'Decision' }).waitFor()
  await until('the released call in the sandbox', async () => JSON.stringify(await get(`${picket.sandbox}/calls`)) !== JSON.stringify(before))
  await phone.getByRole('button', { name: 'Menu' }).click()
  await phone.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' }).click()
  await phone.getByRole('heading', { level: 1, name: 'Runs' }).waitFor()
  await phone.close()
  say('decided on the phone')

  // Playbooks: text and graph belong together.
  await page.goto(`${picket.url}/playbooks`)
  await page.getByRole('link', { name: 'Malware on a host' }).waitFor()
  await browser.inspect(page, 'playbooks')
  await page.getByRole('link', { name: 'Malware on a host' }).click()
  const node = page.getByRole('button', { name: /Isolate the host/ })
  await node.getByText('only after gate').waitFor()
  await node.click()
  await page.getByRole('region', { name: 'Playbook source' }).locator('[aria-current]').filter({ hasText: 'id: isolate' }).waitFor()
  await browser.inspect(page, 'playbook', { widths: ['desk', 'laptop', 'phone'] })

  // The rest of the pages.
  await page.goto(`${picket.url}/runs`)
  await page.getByRole('row').nth(3).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await browser.inspect(page, 'runs', { widths: ['desk', 'laptop', 'phone'] })
  await page.goto(`${picket.url}/connections`)
  await page.getByText('okta.suspend_user').first().waitFor()
  await browser.inspect(page, 'connections')
  await page.goto(`${picket.url}/memory`)
  await page.getByRole('button', { name: 'Propose a fact' }).first().click()
  await dialog.getByRole('button', { name: 'Propose', exact: true }).click()
  await page.getByText('This must be filled in.').first().waitFor()
  await dialog.getByLabel('What it is about').selectOption('host')
  await dialog.getByLabel('Its name or address').fill(host)
  await dialog.getByLabel('What is to be known').fill('Belongs to the red team until spring')
  await dialog.getByLabel('Where it is known from').fill('their announcement')
  await browser.inspect(page, 'memory-propose', { widths: ['desk', 'phone'] })
  await dialog.getByRole('button', { name: 'Propose', exact: true }).click()
  await page.getByRole('button', { name: 'Approve…' }).click()
  await dialog.getByLabel('Reason').fill('I have the announcement')
  await dialog.getByRole('button', { name: 'Approve', exact: true }).click()
  await page.getByText('Nothing waits for a decision').waitFor()
  await page.getByRole('button', { name: 'Known' }).click()
  await page.getByText('Belongs to the red team').waitFor()
  await browser.inspect(page, 'memory', { widths: ['desk', 'phone'] })
  await page.goto(`${picket.url}/verdicts`)
  await page.getByText('1 of 1').first().waitFor() // on the wrong side
  await page.getByRole('button', { name: 'By rule' }).click()
  await page.getByRole('heading', { name: /wazuh\/92052/ }).waitFor()
  await browser.inspect(page, 'verdicts', { widths: ['desk', 'laptop', 'phone'] })
  await page.getByLabel('At most so many alerts').fill('60')
  await page.getByRole('button', { name: 'Measure', exact: true }).click()
  await page.getByRole('region', { name: 'Verdicts of builtin by label' }).waitFor()
  await browser.inspect(page, 'measured', { widths: ['desk', 'phone'] })
  await page.locator('label').filter({ hasText: /^On/ }).locator('select').selectOption('judged')
  await page.getByRole('button', { name: 'Measure', exact: true }).click()
  await page.getByText('of the judged alerts').waitFor()
  const [set] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Judged alerts as a data set' }).click()])
  const labelled = JSON.parse(await streamText(await set.createReadStream()))
  assert.equal(labelled.label, 'benign_true_positive')
  assert.ok(labelled.evidence.some((each) => each.id === 'host'), 'the evidence of then is not in the data set')
  await page.goto(`${picket.url}/audit`)
  await page.getByRole('button', { name: 'Verify the chain' }).click()
  await page.getByText('The chain is whole').waitFor()
  await browser.inspect(page, 'audit')
  await page.goto(`${picket.url}/approvals?show=decided`)
  await page.getByRole('list', { name: 'Approvals' }).getByRole('button').nth(2).waitFor()
  await browser.inspect(page, 'decided')

  // Errors say what to do next.
  page.refusals = [/\/v1\/alerts\/alr_nothing/]
  await page.goto(`${picket.url}/alerts/alr_nothing`)
  await page.getByRole('alert').getByText('Could not load the alert').waitFor()
  await browser.inspect(page, 'error')
  await page.goto(`${picket.url}/no/such/page`)
  await page.getByText('There is no such page').waitFor()
  page.refusals = []

  // Commands and help, by keyboard.
  await page.goto(`${picket.url}/audit`)
  await heading('Audit').waitFor()
  await page.keyboard.press('?')
  await dialog.getByText('Keyboard shortcuts').waitFor()
  await browser.inspect(page, 'shortcuts')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('powershell')
  await page.getByRole('option').filter({ hasText: 'encoded PowerShell' }).first().waitFor()
  await browser.inspect(page, 'palette')
  await page.getByRole('combobox').fill(host)
  await page.getByRole('option', { name: /Search everywhere/ }).click()
  await heading('Search').waitFor()
  await page.getByRole('list', { name: 'Approvals' }).getByRole('listitem').first().waitFor()
  await browser.inspect(page, 'search', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await page.keyboard.press('ControlOrMeta+k')
  await page.getByRole('combobox').fill('playbook phishing')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Phishing mail' }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('i')
  await heading('Approvals').waitFor()

  await queueJourney({ page, picket, browser, say })
  await bulkJourney({ page, picket, browser, say })
  await againJourney({ page, picket, browser, say })
  await languageJourney({ page, picket, browser, host, isolated, say })
  await authorJourney({ page, picket, browser, say })
  await graphJourney({ page, picket, browser, say })
  await formJourney({ page, picket, browser, say })
  await cacaoJourney({ page, picket, browser, say })
  await keyboardJourney({ context, browser, picket, say })
  await wordsJourney({ browser, binary: process.env.PICKET_BIN, work, user, say })

  if (process.env.SHOTS) {
    mkdirSync(process.env.SHOTS, { recursive: true })
    for (const [picture, name] of Object.entries({
      'run-desk-light': 'run', 'editor-library-desk-light': 'editor', 'alert-desk-light': 'alert', 'approval-phone-light': 'approval',
      'compare-desk-light': 'compare', 'graph-red-desk-light': 'unproven', 'history-desk-light': 'history',
    })) copyFileSync(path.join(shots, `${picture}.png`), path.join(process.env.SHOTS, `${name}.png`))
  }

  // What each page weighs when it is opened cold.
  const storage = await context.storageState()
  for (const [name, at] of Object.entries({ alerts: '/alerts', run: `/runs/${runIDs[0]}`, approvals: '/approvals', playbook: '/playbooks/malware-on-host', editor: '/playbooks/malware-on-host/edit' })) {
    const bytes = await browser.weigh(storage, picket.url + at, name)
    say(`${name}: ${Math.round(bytes / 1000)} kB of script`)
  }

  // A theme that was chosen stays; signing out and in again.
  await page.getByRole('button', { name: /Theme and signing out/ }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await page.reload()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  await page.getByRole('button', { name: /Theme and signing out/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await heading('Sign in').waitFor()
  page.refusals = [/\/v1\/session$/]
  await page.getByLabel('Name').fill(user.name)
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  page.refusals = []
  await page.getByLabel('Password').fill(user.password)
  await page.keyboard.press('Enter')
  await heading('Home').waitFor()

  // When the server goes the page says so.
  page.refusals = [/./]
  await picket.stop()
  await page.getByRole('status').filter({ hasText: /^offline$/ }).first().waitFor()

  assert.deepEqual(browser.faults, [], `${browser.faults.length} faults:\n  ${browser.faults.join('\n  ')}`)
  await browser.close()
  if (process.env.KEEP) say(`passed; pictures are in ${shots}`)
  else {
    rmSync(work, { recursive: true, force: true })
    say('passed')
  }
} catch (error) {
  console.error(error)
  await browser?.keepLast('failed')
  if (browser?.faults.length) console.error(`also: ${browser.faults.join('\n      ')}`)
  if (picket) console.error(`--- picket's output\n${picket.output().slice(-4000).replaceAll(/(hook token: |code=|Bearer )\S+/g, '$1…')}`)
  console.error(`pictures are in ${shots}`)
  await browser?.close().catch(() => {})
  process.exitCode = 1
} finally {
  await picket?.stop()
}

async function streamText(stream) {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}
