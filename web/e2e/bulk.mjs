// Approvals that ask for the same operation on other targets are decided together, each as a decision of its own.
import assert from 'node:assert/strict'
import { wazuhAlert } from './alert.mjs'
import { sizes } from './browser.mjs'
import { until } from './picket.mjs'

export async function bulkJourney({ page, picket, browser, say }) {
  const hosts = ['mac-08', 'srv-web-1']
  const state = async () => (await (await fetch(`${picket.sandbox}/state`)).json()).hosts.filter((host) => hosts.includes(host.name) && host.isolated).length
  await page.setViewportSize(sizes.desk)
  const posted = await Promise.all(hosts.map(async (host, i) => {
    const answer = await fetch(`${picket.url}/v1/hooks/wazuh`, {
      method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${picket.token}` }, body: JSON.stringify(wazuhAlert(host, `bulk${i}`)),
    })
    return (await answer.json()).run_ids[0]
  }))
  const waiting = async () => page.evaluate(async (runs) => (await Promise.all(runs.map(async (run) => (await (await fetch(`/v1/approvals?run_id=${run}&status=pending`)).json()).items[0]))).filter(Boolean), posted)
  const approvals = await until('both runs to ask', async () => {
    const found = await waiting()
    return found.length === hosts.length && found
  })
  const before = await state()
  await page.goto(`${picket.url}/approvals?id=${approvals[0].id}`)
  await page.getByRole('region', { name: 'Approval' }).getByText('edr.isolate_host').first().waitFor()
  await page.keyboard.press('a')
  const dialog = page.getByRole('dialog')
  const other = dialog.getByRole('list', { name: 'Approvals alike' }).getByRole('checkbox', { name: approvals[1].title })
  await other.first().check()
  await dialog.getByLabel('Reason').fill('The same campaign')
  await browser.inspect(page, 'bulk', { widths: ['desk', 'phone'] })
  await dialog.getByRole('button', { name: 'Approve and release 2' }).click()
  await dialog.waitFor({ state: 'detached' })
  await until('both hosts to be isolated', async () => (await state()) === hosts.length)
  assert.equal((await waiting()).length, 0)
  say(`two approvals were decided together (${before} of the hosts were isolated before)`)
}
