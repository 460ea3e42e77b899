// A step is changed in its form: arguments from the operation's schema, an expression with the compiler's completion; the text follows.
import { sizes } from './browser.mjs'

export async function formJourney({ page, picket, browser, say }) {
  const compiles = page.getByText('It compiles', { exact: false })
  const graph = page.getByRole('region', { name: 'Graph of the playbook' })
  const source = page.getByRole('textbox', { name: 'Playbook source' })
  const form = page.getByRole('region', { name: 'The step as a form' })
  await page.setViewportSize(sizes.desk)
  await page.goto(`${picket.url}/playbooks/malware-on-host/edit`)
  await compiles.waitFor()
  await graph.getByRole('button', { name: /Find the host/ }).click()
  await page.getByRole('tab', { name: 'Step' }).click()
  await form.getByText('Arguments of edr.find_host').waitFor()
  await form.getByLabel('Title').fill('Look the host up')
  await page.keyboard.press('Enter')
  await source.getByText('title: Look the host up').waitFor()
  // A member of an expression tells what it was in the last run.
  const word = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.querySelector('.cm-content'), NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.data.indexOf('alert.host.name')
      if (at < 0) continue
      const range = document.createRange()
      range.setStart(node, at + 12)
      range.setEnd(node, at + 14)
      const box = range.getBoundingClientRect()
      if (box.top > 150 && box.bottom < 700) return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    }
    return undefined
  })
  await page.mouse.move(word.x, word.y, { steps: 3 })
  await page.getByText('in the last run:').waitFor()
  await page.mouse.move(5, 5)
  const name = form.getByLabel('name (needed)')
  await name.fill('${{ alert.ho')
  await form.getByRole('option', { name: /host/ }).first().waitFor()
  await browser.inspect(page, 'step-form', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await name.fill('${{ alert.h')
  await name.pressSequentially('o')
  await form.getByRole('option', { name: /host/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await form.getByRole('listbox').waitFor({ state: 'detached' })
  await page.waitForTimeout(100) // the caret goes behind what was taken
  await page.keyboard.press('End')
  await page.keyboard.type('.name ?? "" }}')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  await source.getByText('alert.host.name ?? ""').first().waitFor()
  await compiles.waitFor()
  // What can be referred to is listed without knowing how an expression begins.
  await name.fill('')
  await form.getByRole('button', { name: 'What name can refer to' }).click()
  await form.getByRole('option', { name: /alert/ }).first().waitFor()
  await page.keyboard.press('Escape')
  await form.getByRole('listbox').waitFor({ state: 'detached' })
  await name.fill('${{ alert.host.name ?? "" }}')
  await page.keyboard.press('Enter')
  await form.getByLabel('On an error').fill('nonsense')
  await page.keyboard.press('Enter')
  await page.getByRole('list', { name: 'Problems' }).getByRole('listitem').first().waitFor()
  for (let i = 0; i < 8 && await source.getByText('title: Look the host up').count() > 0; i++) await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await compiles.waitFor()
  await source.getByText('title: Look the host up').waitFor({ state: 'detached' })

  // The outline finds a step by its name, from the text and back.
  await source.click()
  await page.keyboard.press('ControlOrMeta+Shift+o')
  await page.keyboard.type('isolate')
  await page.getByRole('list', { name: 'Outline' }).getByRole('button').first().waitFor()
  await browser.inspect(page, 'outline', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await page.getByRole('searchbox', { name: 'Find in the outline' }).press('Enter')
  await source.locator('.cm-activeLine').getByText(/isolate/).waitFor()

  // A run that was becomes a case of the tests, and passes.
  await page.getByRole('tab', { name: 'Tests' }).click()
  await page.getByRole('button', { name: 'A case of a run…' }).click()
  const dialog = page.getByRole('dialog')
  const runs = dialog.getByRole('list', { name: 'Runs' })
  await runs.getByRole('listitem').first().waitFor()
  await browser.inspect(page, 'case-of-run', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await runs.getByRole('button').filter({ hasText: 'Credential dumping' }).last().click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Run the tests' }).click()
  await page.getByText(/[0-9]+ passed, 0 failed/).waitFor()
  await page.getByText(/as the run of/).last().waitFor()
  await page.evaluate(() => localStorage.clear())
  say('a step was changed in its form')
}
