// Chromium with what every page is held to: no console error, no violation that axe finds, nothing wider than the screen.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const jsBudget = 250_000 // bytes, compressed, of one page that is opened cold
const editorBudget = 450_000

export const sizes = { desk: { width: 1440, height: 900 }, laptop: { width: 1024, height: 720 }, phone: { width: 390, height: 844 } }

const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

export async function startBrowser(shots) {
  // Chromium was seen to crash before it showed anything; a second crash is a fault. No page has been opened yet.
  const browser = await launch().catch((error) => {
    console.log(`the browser did not start, and is started again: ${String(error).split('\n')[0]}`)
    return launch()
  })
  const faults = []

  const watch = (page) => {
    page.on('console', (message) => {
      // A refused request is logged by the browser itself; those that the journey provokes are announced by expectRefusal.
      if (message.type() !== 'error' && message.type() !== 'warning') return
      const at = message.location().url
      if (page.refusals?.some((pattern) => pattern.test(at)) && /Failed to load resource/.test(message.text())) return
      faults.push(`console ${message.type()} on ${page.url()}: ${message.text()} (${at})`)
    })
    page.on('pageerror', (error) => faults.push(`exception on ${page.url()}: ${error.message}`))
    page.on('response', (response) => {
      if (response.status() >= 500) faults.push(`${response.status()} from ${response.url()}`)
    })
    return page
  }

  return {
    faults,
    close: () => browser.close(),
    /** Keeps a picture of what every open page shows. */
    async keepLast(name) {
      const pages = browser.contexts().flatMap((context) => context.pages())
      await Promise.all(pages.map((page, i) => page.screenshot({ path: path.join(shots, `${name}-${i}.png`) }).catch(() => {})))
    },
    async context(options = {}) {
      const context = await browser.newContext({ viewport: sizes.desk, colorScheme: 'light', ...options })
      return context
    },
    open: async (context) => watch(await context.newPage()),

    /** Looks at a page in light and dark: axe, and nothing wider than the screen; keeps pictures. */
    async inspect(page, name, { themes = ['light', 'dark'], widths = ['desk', 'phone'] } = {}) {
      for (const width of widths) {
        await page.setViewportSize(sizes[width])
        for (const theme of themes) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
          await page.waitForTimeout(250) // layout after a resize, colours after a change of theme
          const label = `${name} ${width} ${theme}`
          await page.screenshot({ path: path.join(shots, `${label.replaceAll(' ', '-')}.png`) })
          await page.evaluate(axeSource)
          const result = await page.evaluate(async (tags) => {
            const { violations } = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } })
            return violations.map((v) => `${v.id} (${v.impact}): ${v.help}; ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? n.html.slice(0, 120)}`).join(' | ')}`)
          }, axeTags)
          for (const violation of result) faults.push(`axe, ${label}: ${violation}`)
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
          if (wide > 0) faults.push(`${label}: the page is ${wide} px wider than the screen`)
        }
      }
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
      await page.setViewportSize(sizes.desk)
    },

    /** The compressed bytes of script that a page needs when nothing is cached. */
    async weigh(storage, url, name) {
      const context = await browser.newContext({ viewport: sizes.desk, storageState: storage })
      const page = await context.newPage()
      const weights = []
      page.on('requestfinished', (request) => {
        if (request.resourceType() === 'script') weights.push(request.sizes().then((s) => s.responseBodySize))
      })
      await page.goto(url)
      await page.locator('h1').first().waitFor()
      await page.waitForTimeout(700)
      const bytes = (await Promise.all(weights)).reduce((a, b) => a + b, 0)
      const most = name === 'editor' ? editorBudget : jsBudget
      if (bytes > most) faults.push(`${name} needs ${Math.round(bytes / 1000)} kB of script, more than ${most / 1000}`)
      await context.close()
      return bytes
    },
  }
}
