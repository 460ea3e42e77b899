// From an alert to the decision on what it led to, and back to the alert to close it, with no pointer at all.
import assert from 'node:assert/strict'
import { wazuhAlert } from './alert.mjs'
import { sizes } from './browser.mjs'
import { until } from './picket.mjs'

export async function keyboardJourney({ context, browser, picket, say }) {
  const posted = await fetch(`${picket.url}/v1/hooks/wazuh`, {
    method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${picket.token}` }, body: JSON.stringify(wazuhAlert('dc-01', 'keys')),
  })
  const { alert_id: alert, run_ids: [run] } = await posted.json()
  const page = await browser.open(context)
  page.setDefaultTimeout(20_000)
  await page.setViewportSize(sizes.desk)
  await page.addInitScript(() => {
    for (const kind of ['pointerdown', 'mousedown', 'click']) addEventListener(kind, (event) => { if (event.detail > 0) window.pointed = true }, true)
  })
  await page.goto(`${picket.url}/`)
  await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
  const key = (...keys) => keys.reduce((before, each) => before.then(() => page.keyboard.press(each)), Promise.resolve())
  /** Goes on with Tab until something has the focus. */
  const tabTo = async (what, key_ = 'Tab') => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press(key_)
      if (await what.evaluate((at) => at === document.activeElement).catch(() => false)) return
    }
    assert.fail('the Tab key never comes there')
  }

  // The newest alert is the first: J chooses it, Enter opens it.
  await key('g', 'a')
  await page.locator(`a[href="/alerts/${alert}"]`).first().waitFor()
  await key('j', 'Enter')
  await page.waitForURL(new RegExp(alert))
  await page.getByRole('region', { name: 'Verdict' }).waitFor()

  // Its approval, among those that wait.
  const approvals = await until('the run to ask', async () => page.evaluate(async (id) => (await (await fetch(`/v1/approvals?run_id=${id}&status=pending`)).json()).items, run))
  await key('g', 'i')
  const card = page.getByRole('region', { name: 'Approval' })
  await card.waitFor()
  for (const way of ['k', 'j']) { // up to the first, and down from there
    for (let moved = true; moved && !page.url().includes(approvals[0].id);) {
      const before = page.url()
      await key(way)
      moved = await page.waitForURL((url) => url.href !== before, { timeout: 3000 }).then(() => true, () => false)
    }
  }
  assert.ok(page.url().includes(approvals[0].id), 'J does not come to the approval')
  await card.getByText('dc-01').first().waitFor()
  await key('d')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').waitFor()
  await page.keyboard.type('A drill that was announced')
  await key('Control+Enter')
  await dialog.waitFor({ state: 'detached' })
  await card.getByRole('heading', { name: 'Decision' }).waitFor()

  // Back to the alert by its id, and closed.
  await key('Control+k')
  await page.getByRole('combobox').waitFor()
  await page.keyboard.type(alert)
  await page.getByRole('option', { name: /Open alert/ }).waitFor()
  await key('Enter')
  const close = page.getByRole('button', { name: 'Close…' })
  await close.waitFor()
  await tabTo(close)
  await key('Enter')
  await tabTo(dialog.getByRole('radio', { name: /True positive/ }).first())
  await key('ArrowDown') // the radio below: benign
  await tabTo(dialog.getByLabel('Reason'))
  await page.keyboard.type('A drill')
  await tabTo(dialog.getByRole('button', { name: 'Close it' }))
  await key('Enter')
  await page.getByRole('heading', { name: 'Changes (1)' }).waitFor()
  assert.equal(await page.evaluate(() => window.pointed), undefined, 'something was pointed at')
  await page.close()
  say('an alert was looked at, decided and closed by keys alone')
}
