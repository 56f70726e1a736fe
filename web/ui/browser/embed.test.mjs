// The assistant in other sites' pages: two servers on loopback, ours and a city's.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { after, before, describe, test } from 'node:test'
import { desktop, faults, launch, phone, shoot, visitor } from './browser.mjs'
import { startServer } from './server.mjs'

let server, browser, city, stranger

// host serves a page that does nothing but load our script, under a strict policy of its own.
async function host() {
  const pages = createServer((_, res) => {
    res.setHeader('Content-Type', 'text/html; charset=utf-8')
    res.setHeader('Content-Security-Policy', `default-src 'none'; style-src 'self'; script-src ${server.url}; frame-src ${server.url}`)
    res.end(`<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>市民服务网（示例）</title></head>
<body><main><h1>市民服务网（示例）</h1><p>这是另一个网站的页面，右下角的按钮由一行脚本加上。</p><p>办事指南、通知公告、政策解读……</p></main>
<script src="${server.url}/embed.js" data-label="问公安业务" async></script></body></html>`)
  })
  await new Promise((done) => pages.listen(0, '127.0.0.1', done))
  return { url: `http://localhost:${pages.address().port}`, stop: () => new Promise((done) => pages.close(done)), pages }
}

before(async () => {
  const probe = createServer()
  await new Promise((done) => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address()
  await new Promise((done) => probe.close(done))
  server = await startServer({ SHENWEI_SITE_ALLOWED_ORIGINS: `http://localhost:${port}` })
  browser = await launch()
  city = await host()
  // The city's page is where the server was told that it would be.
  await city.stop()
  await new Promise((done) => city.pages.listen(port, '127.0.0.1', done))
  city.url = `http://localhost:${port}`
  stranger = await host()
})
after(async () => {
  await browser?.close()
  await Promise.all([city, stranger].map((h) => h && new Promise((done) => { h.pages.closeAllConnections(); h.pages.close(done) })))
  await server?.stop()
})

describe('the assistant in another site\'s page', { skip: !!process.env.SHENWEI_FAKE }, () => {
  test('is loaded by a script of less than 5 kB', async () => {
    const body = Buffer.from(await (await fetch(`${server.url}/embed.js`)).arrayBuffer())
    assert.ok(body.length > 500 && body.length < 5000, `${body.length} bytes raw`)
    assert.ok(gzipSync(body).length < 2500)
  })

  test('answers, keeps no cookie and closes', async () => {
    const { context, page, complaints } = await visitor(browser, city.url, desktop)
    const foreign = (c) => !c.startsWith(`request to ${server.url}`) && !c.startsWith(`socket to ${server.url.replace('http', 'ws')}`)
    await page.goto(city.url)
    const button = page.getByRole('button', { name: '问公安业务' })
    await button.click()
    const frame = page.frameLocator('iframe')
    await frame.getByRole('textbox').fill('护照到期换发要多少钱')
    await frame.getByRole('textbox').press('Enter')
    await frame.locator('.card.item').first().waitFor()
    assert.deepEqual((await context.cookies(server.url)).filter((c) => c.name), [], 'cookies')
    const inside = page.frames().find((f) => f.url().startsWith(server.url))
    assert.equal(await inside.evaluate(() => document.documentElement.classList.contains('embedded')), true)
    // A guide opens beside the page and not in the little frame.
    const [guide] = await Promise.all([context.waitForEvent('page'), frame.getByRole('link', { name: /办事指南/ }).first().click()])
    await guide.getByRole('heading', { level: 1 }).waitFor()
    await guide.close()
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'embed-desktop')
    await frame.getByRole('button', { name: '收起' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    assert.equal(await button.evaluate((b) => b === document.activeElement), true, 'focus comes back')
    await button.click()
    await frame.locator('.card.item').first().waitFor() // the conversation is still there
    await page.keyboard.press('Escape')
    assert.deepEqual(complaints.filter(foreign), [])
    await context.close()
  })

  test('fills a phone\'s screen', async () => {
    const { context, page } = await visitor(browser, city.url, phone)
    await page.goto(city.url)
    await page.getByRole('button', { name: '问公安业务' }).click()
    const frame = page.frameLocator('iframe')
    await frame.getByRole('textbox').waitFor()
    const box = await page.locator('iframe').boundingBox()
    assert.ok(box.width > 380 && box.height > 800, JSON.stringify(box))
    await frame.getByRole('button', { name: '收起' }).click()
    await page.getByRole('button', { name: '问公安业务' }).waitFor()
    await context.close()
  })

  test('works where the browser refuses storage and cookies to frames', async () => {
    const { context, page } = await visitor(browser, city.url, desktop)
    await context.addInitScript(() => {
      if (window === window.top) return
      for (const name of ['sessionStorage', 'localStorage']) {
        Object.defineProperty(window, name, { get() { throw new DOMException('refused', 'SecurityError') } })
      }
    })
    await page.goto(city.url)
    await page.getByRole('button', { name: '问公安业务' }).click()
    const frame = page.frameLocator('iframe')
    await frame.getByRole('textbox').fill('身份证丢了怎么补')
    await frame.getByRole('textbox').press('Enter')
    await frame.locator('.card.item').first().waitFor()
    await context.close()
  })

  test('is refused to a site that the operator has not named, and says so', async () => {
    const { context, page } = await visitor(browser, stranger.url, desktop)
    await page.goto(stranger.url)
    await page.getByRole('button', { name: '问公安业务' }).click()
    await page.frameLocator('iframe').getByText('没有获准嵌入').waitFor()
    // Nor by the name of another one: the browser keeps the answer from being framed.
    const blocked = page.waitForEvent('console', (m) => /frame-ancestors/.test(m.text()))
    await page.evaluate(([ours, name]) => {
      document.querySelector('iframe').src = `${ours}/embed?o=${encodeURIComponent(name)}`
    }, [server.url, city.url])
    await blocked
    for (const f of page.frames().filter((f) => f !== page.mainFrame())) assert.equal(await f.locator('#app').count(), 0, 'framed under another name')
    await context.close()
  })
})
