// A run that is over is looked into: the events of its history, its replay, and the pack of its evidence. The page shows its ledger.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'

export async function inspectJourney({ page, browser, work, say }) {
  await page.getByRole('button', { name: 'History', exact: true }).click()
  const events = page.getByRole('region', { name: 'Events' })
  await events.getByText('WorkflowExecutionStarted').waitFor()
  await page.getByRole('searchbox').fill('VERDICT')
  await page.waitForURL(/q=VERDICT/)
  await events.getByText('WorkflowTaskStarted').waitFor({ state: 'detached' }) // it speaks of no verdict
  await events.getByRole('button').filter({ hasText: 'WorkflowExecutionStarted' }).click()
  await page.getByRole('group', { name: 'WorkflowExecutionStarted' }).waitFor()
  await browser.inspect(page, 'history', { widths: ['desk', 'phone'] })
  await page.getByRole('searchbox').fill('')
  await page.getByRole('link', { name: 'events', exact: true }).click()
  await page.waitForURL(/of=/)
  await page.getByTitle('Show the events of all steps').click()
  await page.getByRole('button', { name: 'Check the replay' }).click()
  await page.getByText(/events replayed as they were/).waitFor()
  const [history] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download', exact: true }).click()])
  assert.match(history.suggestedFilename(), /history/)
  const [pack] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Evidence pack' }).click()])
  const file = path.join(work, pack.suggestedFilename())
  await pack.saveAs(file)
  const checked = execFileSync(path.resolve(process.env.PICKET_BIN), ['audit', 'evidence', file], { encoding: 'utf8' })
  assert.match(checked, /files and \d+ entries hold/)
  say(`the run was searched, replayed and taken along: ${checked.trim()}`)
}
