// A run is run again from a step on, with what came before taken over, and the two are compared.
import { sizes } from './browser.mjs'

export async function againJourney({ page, picket, browser, say }) {
  await page.setViewportSize(sizes.desk)
  await page.goto(`${picket.url}/runs?status=completed&playbook=malware-on-host`)
  await page.locator('a[href^="/runs/run_"]').first().click()
  await page.getByRole('button', { name: 'Run again…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('It begins with').selectOption('triage')
  await browser.inspect(page, 'again', { widths: ['desk', 'phone'] })
  const before = page.url()
  await dialog.getByRole('button', { name: 'Run it' }).click()
  await page.waitForURL((url) => /\/runs\/run_/.test(url.pathname) && url.href !== before)
  await page.getByRole('link', { name: 'an earlier run' }).waitFor()
  const timeline = page.getByRole('treegrid', { name: 'Steps over time' })
  await timeline.getByRole('row').nth(1).click()
  await page.getByText(/taken over from the run/).first().waitFor()
  await browser.inspect(page, 'run-again', { widths: ['desk'] })
  await page.getByRole('link', { name: 'Compare' }).click()
  await page.getByRole('heading', { level: 1, name: 'Compare runs' }).waitFor()
  await page.getByText(/steps differ|step by step/).first().waitFor()
  await page.getByLabel('Show all steps').check()
  await page.getByRole('button').filter({ hasText: 'triage' }).first().click()
  await page.getByRole('region', { name: 'The second run' }).waitFor()
  await browser.inspect(page, 'compare', { widths: ['desk', 'laptop', 'phone'] })
  say('a run was run again from a step on, and compared with the first')
}
