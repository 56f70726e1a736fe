// A business site that is down: the buttons lead to the written guides, and the studio says why.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { desk, faults, launch, phone, shoot, visitor } from './browser.mjs'
import { begin } from './people.mjs'
import { startServer } from './server.mjs'

let server, browser, business

before(async () => {
  business = createServer((req, res) => {
    res.statusCode = req.url.includes('CRJ-') ? 503 : 200 // one department's pages are down
    res.end()
  })
  await new Promise((done) => business.listen(0, '127.0.0.1', done))
  server = await startServer({
    SHENWEI_LINKS_WEB: `http://127.0.0.1:${business.address().port}/do?item={code}`, SHENWEI_LINKS_INTERNAL_HOSTS: '127.0.0.1', SHENWEI_LINKS_DEAD_AFTER: '1',
  })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
  await new Promise((done) => business.close(done))
})

describe('a business site that is down', { skip: !!process.env.SHENWEI_FAKE }, () => {
  test('is known in the studio, address by address', async () => {
    const { context, page, complaints } = await visitor(browser, server.url, desk)
    await begin(page, server.url, await server.setupLink(), { name: 'admin', display: '管理员' })
    await page.goto(`${server.url}/studio/links`)
    await page.getByRole('heading', { name: '办理链接' }).waitFor()
    await page.getByText('262 个地址，72 个要看一下').waitFor()
    assert.equal(await page.locator('tbody tr').count(), 72)
    await page.getByText('HTTP 503').first().waitFor()
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'studio-links')
    await page.getByLabel('正常的也列出').check()
    assert.equal(await page.locator('tbody tr').count(), 262)
    assert.deepEqual(complaints.filter((c) => !/status of 401/.test(c)), [])
    await context.close()
  })

  test('does not lead a citizen to a dead page', async () => {
    const { context, page } = await visitor(browser, server.url, phone)
    await page.goto(server.url)
    await page.getByRole('textbox').fill('护照到期换发')
    await page.keyboard.press('Enter')
    await page.locator('.card.item a.act', { hasText: '查看办事指南' }).waitFor()
    await context.close()
  })
})
