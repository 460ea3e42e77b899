// The graph of the editor: overlays, folding, zoom, keys, wrapping in blocks, and the red way where an approval is missing.
import assert from 'node:assert/strict'
import { sizes } from './browser.mjs'

export async function graphJourney({ page, picket, browser, say }) {
  const source = page.getByRole('textbox', { name: 'Playbook source' })
  const compiles = page.getByText('It compiles', { exact: false })
  const graph = page.getByRole('region', { name: 'Graph of the playbook' })
  const dialog = page.getByRole('dialog')
  await page.setViewportSize(sizes.desk)
  await page.goto(`${picket.url}/playbooks/malware-on-host/edit`)
  await compiles.waitFor()
  await page.getByRole('button', { name: 'Approvals', exact: true }).click()
  await graph.getByRole('img', { name: 'approval A' }).waitFor()
  await graph.getByRole('img', { name: 'released by approval A' }).first().waitFor()
  await browser.inspect(page, 'graph-approvals', { widths: ['desk'] })
  await page.getByRole('button', { name: 'Attacker’s text' }).click()
  await graph.getByText('may be an attacker’s').first().waitFor()
  await browser.inspect(page, 'graph-taint', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await page.getByRole('button', { name: 'Attacker’s text' }).click()

  // Keys walk, fold and zoom.
  const isolate = graph.getByRole('button', { name: /Isolate the host/ })
  await page.getByRole('button', { name: 'Fold all blocks' }).click()
  await graph.getByText('steps folded').first().waitFor()
  await browser.inspect(page, 'graph-folded', { widths: ['desk'] })
  await page.getByRole('button', { name: 'Unfold all blocks' }).click()
  await isolate.waitFor()
  const width = async () => (await isolate.boundingBox()).width
  await isolate.focus()
  await page.keyboard.press('0')
  const fits = await width()
  await page.keyboard.press('+')
  await page.waitForTimeout(200)
  assert.ok((await width()) > fits, 'the plus key does not zoom')
  await page.keyboard.press('0')
  await page.keyboard.press('ArrowUp')
  assert.notEqual(await page.evaluate(() => document.activeElement.dataset.step), 'isolate', 'the arrow does not move')
  await isolate.focus()
  await page.keyboard.press('d')
  await graph.getByText('isolate_copy').first().waitFor()
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await graph.getByText('isolate_copy').first().waitFor({ state: 'detached' })

  // Whatever a step is wrapped in holds as it stands.
  for (const [title, verb] of [['Try', 'try'], ['For each', 'foreach'], ['Repeat', 'repeat'], ['Branches at once', 'parallel'], ['Choose', 'choose']]) {
    await graph.getByRole('button', { name: /Find the host/ }).first().focus()
    await page.keyboard.press('w')
    if (verb === 'try') await browser.inspect(page, 'wrap', { widths: ['desk'] })
    await dialog.getByRole('button', { name: new RegExp(`^${title}`) }).click()
    await graph.getByText(`${verb}_host`, { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await graph.getByText(`${verb}_host`, { exact: true }).first().waitFor({ state: 'detached' })
  }

  // Without its approval the containment is red, with the way to it.
  await source.click()
  await page.keyboard.press('ControlOrMeta+f')
  await page.keyboard.insertText('covers: [isolate]')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await page.keyboard.insertText('covers: []')
  await page.getByText('The way on which nobody is asked is red').waitFor()
  await graph.getByText('reached on the red way').waitFor()
  await browser.inspect(page, 'graph-red', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await compiles.waitFor()
  await graph.getByText('reached on the red way').waitFor({ state: 'detached' })
  await page.evaluate(() => localStorage.clear())
  say('the graph was laid over, folded, zoomed, walked by keys, and showed the way without an approval')
}
