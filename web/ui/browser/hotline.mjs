// The people of the hotline in a browser test: staff at their desks, citizens on the chat page.

import assert from 'node:assert/strict'
import { desk as screen, faults, launch, phone, visitor } from './browser.mjs'
import { account, begin } from './people.mjs'
import { startServer } from './server.mjs'

export const tab = (page, name) => page.getByRole('tab', { name }).click()
export const tickets = (page) => page.locator('#ticket-list .ticket')
export const replyField = (page) => page.getByRole('textbox', { name: '回复市民' })
export const bubble = (page, text) => page.locator('.stream .bubble', { hasText: text })
export const strip = (page) => page.locator('.chat-head .strip')

export async function say(page, text) {
  await page.getByLabel('您的问题').fill(text)
  await page.getByRole('button', { name: '发送' }).click()
}

export async function reply(page, text) {
  await page.keyboard.press('Alt+KeyR')
  await replyField(page).fill(text)
  await replyField(page).press('Enter')
  // The row may come a moment before the word that it was taken, while the line still stands as 发送中.
  await bubble(page, text).last().waitFor()
  await page.locator('.stream').getByText('发送中…').waitFor({ state: 'hidden' })
  await bubble(page, text).waitFor()
}

/** A server, a browser, and everybody who has a page open. */
export function house() {
  let server, browser
  const seen = []
  const staff = {}
  const citizens = []

  async function start() {
    server = await startServer({ SHENWEI_DESK_HOURS: '24h', SHENWEI_DESK_REST_HOURS: '24h' })
    browser = await launch()
    return server
  }

  /** Ends everything; refused names complaints of browsers that are answers, not faults. */
  async function close(refused = /status of (401|409)/) {
    for (const v of seen) await v.context.close()
    await browser?.close()
    await server?.stop()
    // Browsers write every refused request on the console.
    assert.deepEqual(seen.flatMap((v) => v.complaints).filter((c) => !refused.test(c)), [], 'a page complained')
  }

  async function open(options) {
    const v = await visitor(browser, server.url, options)
    v.page.setDefaultTimeout(Number(process.env.PATIENCE ?? 30_000))
    seen.push(v)
    return v
  }

  async function clean(page) {
    // A message that fades has no contrast any more.
    await page.waitForFunction(() => !document.querySelector('[class*="-enter-active"], [class*="-leave-active"]'))
    assert.deepEqual(await faults(page), [], page.url())
  }

  /** The administrator makes accounts, [key, name, display, role] each; their people find the desk when they sign in. */
  async function hire(list) {
    const admin = (await open(screen)).page
    await begin(admin, server.url, await server.setupLink(), { name: 'admin', display: '管理员' })
    for (const [key, name, display, role] of list) {
      const link = await account(admin, server.url, name, display, [role])
      staff[key] = await open(screen)
      await begin(staff[key].page, server.url, link)
      await staff[key].page.waitForURL('**/desk')
      await staff[key].page.getByRole('tab', { name: '会话中' }).waitFor()
    }
  }

  async function citizen(options = phone) {
    const v = await open(options)
    await v.page.goto(server.url)
    await v.page.getByRole('heading', { name: '您好，想办什么事' }).waitFor()
    citizens.push(v)
    return v.page
  }

  async function wantsPerson(page) {
    await page.locator('.chat-head').getByRole('button', { name: '转人工' }).click()
    await strip(page).waitFor()
  }

  return { staff, citizens, start, close, open, clean, hire, citizen, wantsPerson }
}
