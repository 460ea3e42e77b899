// A playbook is written: from an empty text to a finished run, with a mistake found and mended, tests, versions and the way back.
import assert from 'node:assert/strict'
import { sizes } from './browser.mjs'

const name = 'note-the-host'

const text = `name: ${name}
title: Note the host
owner: soc
on: {manual: {}}
inputs:
  host: {type: string, required: true}
steps:
  - id: look
    action: net.clasify
    with: {ip: 203.0.113.9}
  - id: note
    set:
      summary: \${{ inputs.host }} was looked at
outputs:
  summary: \${{ steps.note.output.summary }}
`

const tests = `cases:
  - name: the host is in the summary
    manual: {inputs: {host: ws-1}}
    expect:
      status: completed
      outputs: {summary: ws-1 was looked at}
`

export async function authorJourney({ page, picket, browser, say }) {
  const heading = (title) => page.getByRole('heading', { level: 1, name: title })
  const source = page.getByRole('textbox', { name: 'Playbook source' })
  const problems = page.getByRole('list', { name: 'Problems' })
  const compiles = page.getByText('It compiles', { exact: false })
  const graph = page.getByRole('region', { name: 'Graph of the playbook' })
  const dialog = page.getByRole('dialog')
  const write = async (editor, written) => {
    await editor.click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.insertText(written)
  }

  // A playbook that came with Picket opens with its tests.
  await page.setViewportSize(sizes.desk)
  await page.goto(`${picket.url}/playbooks/malware-on-host/edit`)
  await compiles.waitFor()
  await graph.getByRole('button', { name: /Isolate the host/ }).click()
  await page.getByText('Add a step after it').waitFor()
  await browser.inspect(page, 'editor-library', { widths: ['desk'] })
  await page.getByRole('tab', { name: 'Tests' }).click()
  await page.getByRole('button', { name: 'Run the tests' }).click()
  await page.getByText(/[0-9]+ passed, 0 failed/).waitFor()

  // A case is stepped through: what has ended so far stands on the graph with its values, and the text goes along.
  await page.getByRole('button', { name: /^Step through/ }).first().click()
  const walk = page.getByRole('region', { name: /^Stepping through/ })
  const last = Number(/1 of ([0-9]+)/.exec(await walk.innerText())?.[1])
  assert.ok(last > 3, 'the case has steps')
  const reached = async () => walk.locator('[data-step] [role=img]').count()
  const early = await reached()
  await walk.getByRole('button', { name: 'Next step' }).click()
  await walk.getByText(`2 of ${last}`).waitFor()
  assert.ok(await walk.getByRole('region', { name: 'Values of the step' }).getByText('Output', { exact: true }).count() > 0, 'the step has its value')
  await browser.inspect(page, 'editor-walk', { widths: ['desk'] })
  await walk.getByRole('slider', { name: 'Step of the case' }).press('End')
  await walk.getByText(`${last} of ${last}`).waitFor()
  await walk.getByText('The run ended completed; its outputs').waitFor()
  assert.ok(await reached() > early, 'more of the graph has ended')
  await walk.getByRole('button', { name: 'Back to the tests' }).click()
  await page.getByText(/[0-9]+ passed, 0 failed/).waitFor()
  await page.getByRole('tab', { name: 'Changes' }).click()
  await page.getByText('Nothing differs from what runs now').waitFor()

  // From the list to an empty playbook, by name.
  await page.setViewportSize(sizes.desk)
  await page.goto(`${picket.url}/playbooks`)
  await page.getByRole('button', { name: 'New playbook' }).click()
  await dialog.getByLabel('Name').fill('Note the host')
  await page.getByText('Small letters, digits and dashes').waitFor()
  await dialog.getByLabel('Name').fill(name)
  await browser.inspect(page, 'playbook-new', { widths: ['desk', 'phone'] })
  page.refusals = [/\/v1\/playbooks\/note-the-host/] // there is none yet: the editor asks
  await page.keyboard.press('Enter')
  await heading(name).waitFor()
  await compiles.waitFor()

  // Whatever is added holds as it is added.
  for (const [title, id] of [['Ask a person', 'approve'], ['first branch that holds', 'choose'], ['several things at once', 'parallel'], ['each item', 'foreach'],
    ['when something fails', 'try'], ['Let a model conclude', 'model'], ['Wait for a time', 'wait'], ['Compute values', 'set']]) {
    await graph.getByRole('button').filter({ hasText: 'note' }).first().click()
    await page.getByRole('button', { name: 'Add a step after it' }).click()
    await dialog.getByLabel('What to add').fill(title)
    await page.keyboard.press('Enter')
    await graph.getByText(id, { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await graph.getByText(id, { exact: true }).first().waitFor({ state: 'detached' })
  }

  // A mistake is found at its place and mended by its fix.
  await write(source, text)
  await problems.getByText('the connector net has no operation clasify').waitFor()
  assert.ok(await page.locator('.cm-lintRange-error').count() > 0, 'the mistake is not marked in the text')
  await browser.inspect(page, 'editor-mistake', { widths: ['desk'] })
  await page.setViewportSize(sizes.desk)
  await problems.getByRole('button', { name: /net\.classify/ }).last().click()
  await compiles.waitFor()
  await graph.getByRole('button').filter({ hasText: 'net.classify' }).waitFor()
  say('a mistake was mended by its fix')

  // Completion knows the operations.
  await source.click()
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.insertText('labels: []\nke')
  await page.keyboard.press('ControlOrMeta+z')
  await source.getByText('net.classify').click()
  await page.keyboard.press('End')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('ControlOrMeta+Space')
  await page.locator('.cm-tooltip-autocomplete').getByText('net.classify').waitFor()
  await browser.inspect(page, 'editor-completion', { widths: ['desk'], themes: ['dark'] })
  await page.keyboard.press('Enter')
  await compiles.waitFor()

  // The graph edits the text: one step more, moved, renamed everywhere, taken back.
  await graph.getByRole('button').filter({ hasText: 'note' }).last().click()
  await page.getByRole('button', { name: 'Add a step after it' }).click()
  await dialog.getByLabel('What to add').fill('end the run')
  await browser.inspect(page, 'editor-add', { widths: ['desk'] })
  await page.keyboard.press('Enter')
  await graph.getByRole('button').filter({ hasText: 'ends the run' }).waitFor()
  await page.getByRole('button', { name: 'Move up' }).click()
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await graph.getByRole('button').filter({ hasText: 'ends the run' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Rename' }).click()
  await page.getByLabel(/^New id of/).fill('noted')
  await page.getByRole('button', { name: 'Rename everywhere' }).click()
  await source.getByText('steps.noted.output.summary').waitFor()
  await browser.inspect(page, 'editor', { widths: ['desk', 'laptop', 'phone'] })
  await page.setViewportSize(sizes.desk)
  say('the graph changed the text')

  // Its tests: one fails, and passes once it is right.
  await page.getByRole('tab', { name: 'Tests' }).click()
  const testText = page.getByRole('textbox', { name: 'Tests of the playbook' })
  await write(testText, tests.replace('ws-1 was', 'ws-2 was'))
  await page.getByRole('button', { name: 'Run the tests' }).click()
  await page.getByText('0 passed, 1 failed').waitFor()
  await browser.inspect(page, 'editor-tests', { widths: ['desk'] })
  await write(testText, tests)
  await page.getByRole('button', { name: 'Run the tests' }).click()
  await page.getByText('1 passed, 0 failed').waitFor()

  // Saved by key, then published with a reason; it runs.
  await source.click()
  await page.keyboard.press('ControlOrMeta+s')
  await dialog.getByLabel('What changed').fill('The first version')
  await browser.inspect(page, 'editor-save', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Publish version 1…' }).click()
  await dialog.getByLabel('Reason').fill('Reviewed by two')
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByText('version 1 runs').waitFor()
  await page.getByRole('link', { name: 'View' }).click()
  await page.getByRole('button', { name: 'Start…' }).click()
  await page.getByLabel('host (needed)').fill('ws-42')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/runs\/run_/)
  await page.getByRole('heading', { level: 1 }).getByText('Completed').waitFor()
  await page.getByRole('treegrid', { name: 'Steps over time' }).getByRole('row').filter({ hasText: 'noted' }).click()
  await page.getByText('ws-42 was looked at').first().waitFor()
  say('from an empty text to a finished run')

  // Somebody else saves: one is told before anything is replaced.
  await page.goto(`${picket.url}/playbooks/${name}/edit`)
  await compiles.waitFor()
  await source.getByText('Note the host').click()
  await page.keyboard.press('End')
  await page.keyboard.insertText(' again')
  await page.getByText('not saved').waitFor()
  const other = await page.context().newPage()
  await other.goto(`${picket.url}/playbooks/${name}/edit`)
  await other.getByText('It compiles', { exact: false }).waitFor()
  await other.getByRole('button', { name: 'Drop it' }).click()
  await other.getByRole('textbox', { name: 'Playbook source' }).getByText('Note the host').click()
  await other.keyboard.press('End')
  await other.keyboard.insertText(', for all')
  await other.keyboard.press('ControlOrMeta+s')
  await other.getByLabel('What changed').fill('For all')
  await other.keyboard.press('Enter')
  await other.getByText('version 2', { exact: true }).waitFor()
  await other.close()
  await page.keyboard.press('ControlOrMeta+s')
  await dialog.getByLabel('What changed').press('Enter')
  await page.getByText('Somebody saved this playbook meanwhile').waitFor()
  await dialog.getByText('title', { exact: false }).first().waitFor()
  await browser.inspect(page, 'editor-conflict', { widths: ['desk'] })
  await dialog.getByText('Both of you changed line 2').waitFor()
  await dialog.getByRole('button', { name: 'Go on writing' }).click()

  // What was changed elsewhere in the text is brought together with theirs.
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await source.getByText('summary: ${{ inputs.host }} was looked at').click()
  await page.keyboard.press('End')
  await page.keyboard.insertText(' twice')
  await page.keyboard.press('ControlOrMeta+s')
  await dialog.getByLabel('What changed').press('Enter')
  await dialog.getByRole('button', { name: 'Bring both together' }).click()
  await dialog.waitFor({ state: 'detached' })
  await source.getByText('Note the host, for all').waitFor()
  await source.getByText('was looked at twice').waitFor()
  await page.getByText('not saved').waitFor()
  await page.keyboard.press('ControlOrMeta+s')
  await dialog.getByLabel('What changed').press('Enter')
  await page.getByText('version 3', { exact: true }).waitFor()

  // The history, and the way back.
  await page.getByRole('tab', { name: 'Versions' }).click()
  const versions = page.getByRole('list', { name: 'Versions' })
  await versions.getByText('For all').waitFor()
  await versions.getByRole('button', { name: 'Against the text' }).nth(1).click()
  await versions.getByLabel('Difference of the texts').waitFor()
  await browser.inspect(page, 'editor-versions', { widths: ['desk', 'laptop'] })
  await page.setViewportSize(sizes.desk)
  await versions.getByRole('button', { name: 'Publish…' }).first().click()
  await dialog.getByText('changes the title from Note the host to').waitFor()
  await browser.inspect(page, 'editor-publish', { widths: ['desk'] })
  await dialog.getByLabel('Reason').fill('The newest')
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByText('version 3 runs').waitFor()
  await versions.getByRole('button', { name: 'Publish…' }).last().click()
  await dialog.getByLabel('Reason').fill('Back to what was reviewed')
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByText('version 1 runs').waitFor()
  page.refusals = []
  say('versions: a conflict seen, two changes brought together, published, and rolled back')

  // A text that is not saved outlives its tab.
  await source.getByText('for all').click()
  await page.keyboard.press('End')
  await page.keyboard.insertText(' and again')
  await page.getByText('not saved').waitFor()
  await page.waitForTimeout(500)
  page.once('dialog', (asked) => void asked.accept())
  await page.goto(`${picket.url}/playbooks/${name}/edit`)
  await page.getByRole('button', { name: 'Put it into the editor' }).click()
  await source.getByText('for all and again').waitFor()
  await page.evaluate(() => localStorage.clear())
  page.once('dialog', (asked) => void asked.accept())
  await page.goto(`${picket.url}/playbooks`)
  await page.getByText('version 3 not published').waitFor()

  // An agent is a text with versions too; the playbooks that use it use what is published.
  await page.getByRole('region', { name: 'Agents' }).getByRole('link', { name: 'Account analyst' }).click()
  const agentText = page.getByRole('textbox', { name: 'Agent source' })
  await page.getByText('It holds').waitFor()
  await agentText.getByText('Account analyst').click()
  await page.keyboard.press('End')
  await page.keyboard.insertText(', in a hurry')
  await page.keyboard.press('Enter')
  await page.keyboard.insertText('tols: []')
  await problems.getByText('tols', { exact: false }).first().waitFor()
  await browser.inspect(page, 'agent-mistake', { widths: ['desk'] })
  await page.keyboard.press('ControlOrMeta+z')
  await page.getByText('It holds').waitFor()
  await page.keyboard.press('ControlOrMeta+s')
  await dialog.getByLabel('What changed').fill('It has less time')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Publish version 1…' }).click()
  await dialog.getByText('in a hurry', { exact: false }).first().waitFor()
  await dialog.getByLabel('Reason').fill('Agreed in the team')
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
  await versions.getByText('runs now').waitFor()
  await page.getByRole('heading', { level: 1 }).getByText('in a hurry').waitFor()
  await browser.inspect(page, 'agent', { widths: ['desk', 'phone'] })
  await page.setViewportSize(sizes.desk)
  await versions.getByRole('button', { name: 'Go back to it…' }).click()
  await dialog.getByLabel('Reason').fill('It was too short')
  await dialog.getByRole('button', { name: 'Go back to the file' }).click()
  await versions.getByText('The file').waitFor()
  await page.getByText('in a hurry').first().waitFor() // the text in the editor stays
  say('an agent was changed, published, and taken back')

  // A new one.
  page.refusals = [/\/v1\/agents\/night-watch/] // there is none yet: the page asks
  page.once('dialog', (asked) => void asked.accept())
  await page.goto(`${picket.url}/playbooks`)
  await page.getByRole('button', { name: 'New playbook' }).click()
  await dialog.getByLabel('Name').fill('night-watch')
  await dialog.getByLabel('Begin with').selectOption({ label: 'an agent that playbooks can share' })
  await dialog.getByRole('button', { name: 'Open the editor' }).click()
  await page.getByText('It holds').waitFor()
  await page.getByRole('button', { name: 'Save…' }).click()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Publish version 1…' }).waitFor()
  page.refusals = []
}
