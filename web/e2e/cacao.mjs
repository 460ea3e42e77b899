// A playbook of another tool comes in as a CACAO 2.0 document: what has no counterpart is said, and the editor opens with it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { sizes } from './browser.mjs'

export async function cacaoJourney({ page, picket, browser, say }) {
  const archive = readFileSync(path.join(import.meta.dirname, '../../playbooks/cacao/testdata/import/drawn.txtar'), 'utf8')
  const document = archive.slice(archive.indexOf('-- cacao.json --') + 17).split('\n-- ')[0]
  const dialog = page.getByRole('dialog')
  await page.setViewportSize(sizes.desk)
  await page.goto(`${picket.url}/playbooks`)
  await page.getByRole('button', { name: 'New playbook' }).click()
  await dialog.getByLabel('Name').fill('drawn-elsewhere')
  await dialog.getByLabel('Begin with').selectOption('/cacao')
  await page.keyboard.press('Tab')
  await dialog.getByRole('button', { name: 'Open the editor' }).click()
  page.refusals = [/\/v1\/playbooks/] // a document that is none, and a playbook that is not there yet
  await dialog.getByLabel('Or its text').fill('{"type": "playbook"}')
  await dialog.getByRole('button', { name: 'Read it' }).click()
  await dialog.getByText('no CACAO 2.0 playbook').waitFor()
  await dialog.getByLabel('Or its text').fill(document)
  await dialog.getByLabel('Who answers for it').fill('soc')
  await browser.inspect(page, 'cacao', { widths: ['desk', 'phone'] })
  await dialog.getByRole('button', { name: 'Read it' }).click()
  await dialog.getByRole('list', { name: 'What has no counterpart' }).getByRole('listitem').first().waitFor()
  await browser.inspect(page, 'cacao-report', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await dialog.getByRole('button', { name: 'Open the editor' }).click()
  await page.getByRole('heading', { level: 1, name: 'drawn-elsewhere' }).waitFor()
  await page.getByRole('textbox', { name: 'Playbook source' }).getByText('owner: soc').waitFor()
  // What is not saved is asked about before it is left.
  let asked = 0
  const leave = (asking) => {
    asked++
    void asking.accept()
  }
  page.on('dialog', leave)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Playbooks' }).click()
  await page.getByRole('heading', { level: 1, name: 'Playbooks' }).waitFor()
  page.off('dialog', leave)
  assert.ok(asked > 0, 'an unsaved text is left without a word')
  page.refusals = []
  await page.evaluate(() => localStorage.clear())
  say('a CACAO document was read, and opened in the editor')
}
