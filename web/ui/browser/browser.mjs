// A browser page that remembers what a good page never does: errors on the console, requests
// to anybody else, and violations of the content security policy.

import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
// Pictures in docs/ are of the product itself, never of the stand-in.
const screens = process.env.SCREENSHOTS && !process.env.SHENWEI_FAKE
  ? fileURLToPath(new URL('../../../docs/screens', import.meta.url))
  : mkdtempSync(join(tmpdir(), 'shenwei-screens-'))

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }
export const desktop = { viewport: { width: 1280, height: 860 } }
export const desk = { viewport: { width: 1440, height: 900 } }

export function launch() {
  if (!existsSync(chromiumPath)) throw new Error(`no browser at ${chromiumPath}: install Debian's chromium or set CHROMIUM`)
  return chromium.launch({
    executablePath: chromiumPath,
    env: { ...process.env, LANGUAGE: 'zh_CN', LANG: 'zh_CN.UTF-8' }, // dates in fields are written as here
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--lang=zh-CN'],
  })
}

/** Opens a context whose pages record every complaint in `complaints`. */
export async function visitor(browser, url, options) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options })
  const complaints = []
  context.on('request', (r) => {
    const to = new URL(r.url())
    if (!['data:', 'blob:'].includes(to.protocol) && to.host !== new URL(url).host) complaints.push(`request to ${to}`)
  })
  context.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') complaints.push(`console: ${m.text()}`)
  })
  context.on('weberror', (e) => complaints.push(`error: ${e.error()}`))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`))
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10000)
  page.on('websocket', (ws) => {
    if (new URL(ws.url()).host !== new URL(url).host) complaints.push(`socket to ${ws.url()}`)
  })
  return { context, page, complaints }
}

export async function shoot(page, name) {
  mkdirSync(screens, { recursive: true })
  const path = join(screens, `${name}.png`)
  await page.screenshot({ path, animations: 'disabled' })
  if (!screens.endsWith('docs/screens')) console.log(`# ${path}`)
}

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/**
 * Waits until nothing fades or slides any more: text halfway through a transition has a contrast that no
 * reader ever meets. What turns for ever (a spinner) is not waited for.
 */
async function still(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((next) => requestAnimationFrame(next))
    const moves = (a) => a.playState === 'running' && Number.isFinite(a.effect?.getComputedTiming().endTime)
    // Some frames of rest, as one transition may begin just after another's end.
    for (let rest = 0; rest < 4; rest++) {
      await frame()
      if (document.getAnimations().some(moves)) rest = 0
    }
  })
}

/** Whether a target that a fixed bar hid in part is large enough once it is scrolled into sight. */
function wholeInSight(page, target) {
  return page.evaluate(async (selector) => {
    const [x, y] = [scrollX, scrollY]
    document.querySelector(selector)?.scrollIntoView({ block: 'center', behavior: 'instant' })
    const { violations } = await globalThis.axe.run({ include: [selector] }, { runOnly: { type: 'rule', values: ['target-size'] } })
    scrollTo({ left: x, top: y, behavior: 'instant' })
    return violations.length === 0
  }, target)
}

/** The accessibility faults that axe finds once the page stands still, as lines. */
export async function faults(page) {
  await still(page)
  await page.evaluate(axe)
  const { violations } = await page.evaluate((only) => globalThis.axe.run(document, { runOnly: only }), rules)
  const lines = []
  for (const v of violations) {
    for (const n of v.nodes) {
      if (v.id === 'target-size' && n.target.length === 1 && await wholeInSight(page, n.target[0])) continue
      lines.push(`${v.impact} ${v.id}: ${n.target.join(' ')} ${n.failureSummary ?? ''}`)
    }
  }
  return lines
}
