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
  await graph.getByRole('img', { name: 'approval A', exact: true }).waitFor()
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
  await isolate.nth(1).waitFor()
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await isolate.nth(1).waitFor({ state: 'detached' })

  // Whatever a step is wrapped in holds as it stands.
  const write = async (text) => {
    await source.click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.insertText(text)
  }
  await write('name: malware-on-host\nowner: soc\non: {manual: {}}\nsteps:\n  - id: note\n    set: {v: 1}\n')
  const note = graph.getByRole('button', { name: /note/ }).first()
  for (const [title, verb] of [['Try', 'try'], ['Choose', 'choose'], ['For each', 'foreach'], ['Repeat', 'repeat'], ['Branches at once', 'parallel']]) {
    const wrapped = graph.getByText(`${verb}_note`, { exact: true }).first()
    await note.focus()
    await page.keyboard.press('w')
    if (verb === 'try') await browser.inspect(page, 'wrap', { widths: ['desk'] })
    await dialog.getByRole('button', { name: new RegExp(`^${title}`) }).click()
    await wrapped.waitFor()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await wrapped.waitFor({ state: 'detached' })
  }

  // Without its approval the containment is red, with the way to it; the compiler's fix asks.
  await write(`name: malware-on-host
owner: soc
on: {manual: {}}
steps:
  - id: early
    choose:
      - when: now().Hour() < 6
        steps:
          - {id: gate, approve: {title: 'At night?', by: {role: responder}, covers: [isolate], within: 1h, on_timeout: deny}}
  - {id: note, set: {v: 1}}
  - id: isolate
    action: edr.isolate_host
    with: {host_id: abc, comment: contained}
`)
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
