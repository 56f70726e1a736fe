// The pages that read without JavaScript, on a phone and on paper.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { faults, launch, phone, shoot, visitor } from './browser.mjs'
import { startServer } from './server.mjs'

let server, browser

before(async () => {
  server = await startServer()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

// printed is how many pages a page takes on paper.
async function printed(page, path) {
  await page.goto(server.url + path)
  const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true })
  return (pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length
}

describe('the guide pages', () => {
  test('list items by police type, life event and audience on a phone', async () => {
    const { context, page, complaints } = await visitor(browser, server.url, phone)
    for (const [path, words] of [['/items', '出入境'], ['/items?by=life', '来深圳'], ['/items?by=audience', '外国人']]) {
      await page.goto(server.url + path)
      await page.getByRole('heading', { name: words, exact: true }).waitFor()
      assert.deepEqual(await faults(page), [], path)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.equal(wide, 0, `sideways scrolling on ${path}`)
    }
    await page.goto(`${server.url}/items?by=life`)
    await shoot(page, 'list-life-phone')
    await page.goto(`${server.url}/articles/beipian-yi-zhuanzhang`)
    await page.getByRole('link', { name: '拨打 110' }).waitFor()
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'article-phone')
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('say to search engines what they are, and print as they read', async () => {
    const { context, page, complaints } = await visitor(browser, server.url, { viewport: { width: 794, height: 1123 } })
    await page.goto(`${server.url}/items/CRJ-007`)
    const data = JSON.parse(await page.locator('script[type="application/ld+json"]').textContent())
    assert.equal(data['@graph'][0]['@type'], 'GovernmentService')
    assert.equal(data['@graph'][0].name, await page.getByRole('heading', { level: 1 }).textContent())
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.getByRole('link', { name: '问一问' }).first().isVisible(), false)
    await shoot(page, 'guide-print')
    assert.deepEqual(complaints, [], 'structured data is no script to the policy')
    await context.close()
  })

  test('print on one page each', async () => {
    const { context, page } = await visitor(browser, server.url, phone)
    const { items } = await (await fetch(`${server.url}/api/v1/items`)).json()
    const paths = items.filter((_, i) => i % 13 === 0).map((it) => `/items/${it.code}`)
    for (const path of [...paths, '/articles/beipian-yi-zhuanzhang', '/articles/baojing-dianhua', '/privacy']) {
      assert.equal(await printed(page, path), 1, path)
    }
    await context.close()
  })
})
