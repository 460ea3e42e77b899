// A playbook from words: against a server on loopback that speaks the Chat Completions API
// (https://platform.openai.com/docs/api-reference/chat/create) and is wrong the first time.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { startPicket, until } from './picket.mjs'

const name = 'lock-account'
const wanted = 'Suspend a user once a responder has said yes'
const playbook = (covers) => `name: ${name}
title: Lock an account
owner: soc
on: {manual: {}}
inputs:
  user: {type: string, required: true}
steps:
  - id: gate
    approve:
      title: Suspend the user?
      by: {role: responder}
      covers: [${covers}]
      within: 1h
  - id: suspend
    action: okta.suspend_user
    with: {user: '\${{ inputs.user }}'}
`
const tests = `cases:
  - name: approved
    manual: {inputs: {user: ana}}
    mocks: {okta.suspend_user: {example: true}}
    answers: {gate: {approve: true}}
    expect: {status: completed, calls: [{operation: okta.suspend_user}]}
`

const verdict = {
  verdict: 'suspicious', summary: 'It may be more than a drill.', indicators: [], findings: [],
  recommended: [{ operation: 'edr.isolate_host', arguments: { host_id: 'ws-42', comment: 'Recommended' }, why: 'Until somebody has looked.' }],
}

async function startWriter() {
  const asked = []
  const answers = ['suspnd', 'suspend'].map((covers) => ({ source: playbook(covers), tests, summary: 'It asks a responder and then suspends the user.' }))
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    if (body.includes(wanted)) asked.push(JSON.parse(body)) // the samples' alerts ask too, and get a verdict
    const content = /You are the triage analyst/.test(body) ? JSON.stringify(verdict) : JSON.stringify(answers[Math.max(0, Math.min(asked.length, answers.length) - 1)])
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({
      id: 'c', object: 'chat.completion', created: 1, model: 'writer-1',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      usage: { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 },
    }))
  })
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return { asked, url: `http://127.0.0.1:${server.address().port}/v1`, close: () => new Promise((resolve) => { server.close(resolve) }) }
}

export async function wordsJourney({ browser, binary, work, user, say }) {
  const writer = await startWriter()
  const data = path.join(work, 'words')
  mkdirSync(data, { recursive: true })
  writeFileSync(path.join(data, 'picket.yaml'), `models:
  default: local
  openai:
    - {name: local, base_url: "${writer.url}", model: writer-1, stream: false, allow_private: true}
  prices: {writer-1: {in: 1, out: 10}}
`)
  const picket = await startPicket(binary, data)
  const context = await browser.context()
  try {
    const page = await browser.open(context)
    page.setDefaultTimeout(20_000)
    await page.goto(picket.setup)
    await page.getByLabel('Name', { exact: true }).fill(user.name)
    await page.getByLabel('Password', { exact: true }).fill(user.password)
    await page.getByLabel('Password once more').fill(user.password)
    await page.getByRole('button', { name: 'Set up and sign in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()

    page.refusals = [/\/v1\/playbooks\/lock-account/] // there is none yet: the editor asks
    await page.goto(`${picket.url}/playbooks`)
    await page.getByRole('button', { name: 'New playbook' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByLabel('Begin with').selectOption({ label: 'my words: a model writes a proposal' })
    await dialog.getByRole('button', { name: 'Open the editor' }).click()
    await dialog.getByLabel('In your words').fill(wanted)
    await browser.inspect(page, 'words', { widths: ['desk', 'phone'] })
    await dialog.getByRole('button', { name: 'Propose' }).click()
    await dialog.getByText('It compiles and its tests pass').waitFor()
    assert.equal(writer.asked.length, 2, 'the mistake did not go back to the model')
    assert.match(JSON.stringify(writer.asked[1]), /suspnd/)
    await browser.inspect(page, 'words-proposal', { widths: ['desk', 'phone'] })
    await dialog.getByRole('button', { name: 'Put it into the editor' }).click()
    await page.getByText('not saved').waitFor()
    await page.getByRole('textbox', { name: 'Playbook source' }).getByText('okta.suspend_user').waitFor()
    await page.getByRole('button', { name: 'Save…' }).click()
    await dialog.getByLabel('What changed').fill('Proposed by a model, read by me')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Publish version 1…' }).waitFor()
    page.refusals = []
    say('a playbook from words, mended in the second round, saved by a person')

    // What a verdict recommends becomes a call that a person approves.
    await page.goto(`${picket.url}/runs`)
    await page.getByRole('link', { name: /./ }).filter({ hasText: 'Malware' }).first().click()
    await page.getByRole('tab', { name: 'Verdict' }).click()
    const panel = page.getByRole('complementary', { name: 'Step details' })
    await panel.getByRole('button', { name: 'Ask another model…' }).click()
    await dialog.getByLabel('Provider').selectOption('builtin')
    await browser.inspect(page, 'ask-again', { widths: ['desk'] })
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click()
    await dialog.getByText('They come to different verdicts.').waitFor()
    await browser.inspect(page, 'asked-again', { widths: ['desk', 'phone'] })
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.keyboard.press('Escape')
    say('two models were compared on the evidence of then')
    await panel.getByRole('button', { name: 'Ask for it…' }).click()
    await dialog.getByLabel('Reason').fill('Better now than later')
    await browser.inspect(page, 'recommended-ask', { widths: ['desk'] })
    await dialog.getByRole('button', { name: 'Ask for it' }).click()
    await page.getByRole('link', { name: 'Review and decide' }).first().click()
    const card = page.getByRole('region', { name: 'Approval' })
    await card.getByText('Better now than later').waitFor()
    await card.getByText('the verdict of step', { exact: false }).first().waitFor()
    await browser.inspect(page, 'recommended-card', { widths: ['desk', 'phone'] })
    await page.keyboard.press('a')
    await dialog.getByRole('button', { name: 'Approve and release' }).click()
    await card.getByRole('heading', { name: 'Decision' }).waitFor()
    await until('the sandbox to isolate the host', async () => (await (await fetch(`${picket.sandbox}/state`, { headers: { Accept: 'application/json' } })).json()).hosts.find((each) => each.name === 'ws-42').isolated)
    say('what a verdict recommended was approved and done')
  } finally {
    await context.close()
    await picket.stop()
    await writer.close()
  }
}
