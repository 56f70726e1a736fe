// Where to go: the page of outlets with and without a position, the map, the answer's block.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { desktop, faults, launch, phone, shoot, visitor } from './browser.mjs'
import { startServer } from './server.mjs'

// Made-up places: what ships has no positions until an operator brings them.
const own = `outlets:
  - {id: shili-yuehai, name: 示例派出所（粤海）, kind: 派出所, district: 南山区, address: 示例路 1 号, phone: 0755-00000001, hours: 每天 00:00-24:00, origin: 'gcj02 22.5305,113.9402', covers: [粤海街道, 科技园社区], serves: [人口], sources: {name: 示例, position: 示例, hours: 示例}}
  - {id: shili-nantou, name: 示例派出所（南头）, kind: 派出所, district: 南山区, address: 示例路 2 号, phone: 0755-00000002, hours: 节假日 00:00-00:01, lat: 22.54, lng: 113.92, covers: [南头街道], serves: [人口], sources: {name: 示例, position: 示例, hours: 示例}}
  - {id: shili-zizhu, name: 示例自助办证区, kind: 一体机, district: 南山区, address: 示例广场首层, hours: 24小时, lat: 22.5365, lng: 113.9455, sources: {name: 示例, position: 示例, hours: 示例}}
  - {id: shili-futian, name: 示例自助办证区（福田）, kind: 一体机, district: 福田区, address: 示例大道 3 号, hours: 24小时, lat: 22.543, lng: 114.057, sources: {name: 示例, position: 示例, hours: 示例}}
`

// A licensed source of map pictures, played: https, on another origin.
const tile = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8Dwn4EIwDiqEAAAtAYDAUL2y1AAAAAASUVORK5CYII=', 'base64')
const tiles = 'https://tiles.example'

let server, browser

before(async () => {
  server = await startServer({
    SHENWEI_PLACES_TILES_URL: `${tiles}/{z}/{x}/{y}.png`, SHENWEI_PLACES_TILES_ATTRIBUTION: '示例测绘院 <审图号> GS(2026)0000号', SHENWEI_PLACES_TILES_SYSTEM: 'gcj02',
  }, { 'outlets/own.yaml': own })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const names = (page) => page.locator('ul.outlets h2').allTextContents()

describe('the page of outlets', { skip: !!process.env.SHENWEI_FAKE }, () => {
  test('puts the nearest first where a position is given', async () => {
    const { context, page, complaints } = await visitor(browser, server.url, {
      ...phone, permissions: ['geolocation'], geolocation: { latitude: 22.5366, longitude: 113.9456, accuracy: 20 },
    })
    await page.goto(`${server.url}/outlets`)
    assert.deepEqual(await faults(page), [])
    await page.getByRole('button', { name: '用我的位置，近的在前' }).click()
    await page.getByText('已按距离排列，近的在前。').waitFor()
    const list = await names(page)
    assert.equal(list[0], '示例自助办证区')
    assert.ok(list.indexOf('示例派出所（粤海）') < list.indexOf('示例自助办证区（福田）'))
    assert.match(await page.locator('ul.outlets li').first().innerText(), /约 \d+ 米/)
    assert.ok(!page.url().includes('22.5'), 'no position in the address')
    await page.getByText('24 小时开放').first().waitFor()
    const amap = await page.getByRole('link', { name: '高德地图' }).first().getAttribute('href')
    const [lng, lat] = new URL(amap).searchParams.get('position').split(',').map(Number)
    assert.ok(Math.abs(lat - 22.5365) > 0.002 && Math.abs(lng - 113.9455) > 0.004, 'map apps get GCJ-02')
    assert.deepEqual(await faults(page), [])
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.equal(wide, 0, 'sideways scrolling')
    await page.getByRole('button', { name: '用我的位置，近的在前' }).scrollIntoViewIfNeeded()
    await shoot(page, 'outlets-phone')
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('says what to do when there is no position, and when it is of another city', async () => {
    const { context, page } = await visitor(browser, server.url, phone)
    await page.goto(`${server.url}/outlets`)
    await context.clearPermissions()
    await page.getByRole('button', { name: '用我的位置，近的在前' }).click()
    await page.getByText('没有得到位置').waitFor()
    await page.getByLabel('在哪一带').fill('科技园社区')
    await page.getByRole('button', { name: '查找' }).click()
    await page.getByText('“科技园社区”由示例派出所（粤海）负责。').waitFor()
    assert.equal((await names(page))[0], '示例派出所（粤海）')
    await context.close()
    const far = await visitor(browser, server.url, { ...phone, permissions: ['geolocation'], geolocation: { latitude: 39.9, longitude: 116.4 } })
    await far.page.goto(`${server.url}/outlets`)
    await far.page.getByRole('button', { name: '用我的位置，近的在前' }).click()
    await far.page.getByText('可能在别的城市').waitFor()
    assert.ok(!(await far.page.locator('[data-found]').innerText()).includes('公里'.concat('\n')), 'no distances')
    await far.context.close()
  })

  test('reads without JavaScript', async () => {
    const { context, page } = await visitor(browser, server.url, { ...phone, javaScriptEnabled: false })
    await page.goto(`${server.url}/outlets`)
    assert.equal(await page.getByRole('button', { name: '用我的位置' }).isVisible(), false)
    await page.getByLabel('时间').selectOption('24h')
    await page.getByRole('button', { name: '查找' }).click()
    assert.deepEqual(await names(page), ['示例派出所（粤海）', '示例自助办证区', '示例自助办证区（福田）'])
    await context.close()
  })

  test('fetches a map only when somebody wants to see it', async () => {
    const { context, page, complaints } = await visitor(browser, server.url, desktop)
    let pictures = 0
    await context.route(`${tiles}/**`, (route) => {
      pictures++
      return route.fulfill({ contentType: 'image/png', body: tile })
    })
    await page.goto(`${server.url}/outlets?place=${encodeURIComponent('南山区')}`)
    await page.getByRole('button', { name: '在地图上看' }).waitFor()
    assert.equal(await page.locator('script[data-leaflet]').count(), 0)
    assert.deepEqual(complaints, [])
    await page.getByRole('button', { name: '在地图上看' }).click()
    await page.locator('.leaflet-tile-loaded').first().waitFor()
    assert.ok(pictures > 0)
    assert.equal(await page.locator('.map path.leaflet-interactive').count(), 3)
    await page.getByText('示例测绘院 <审图号> GS(2026)0000号').waitFor()
    // Only the pictures come from elsewhere, and the policy lets nothing else.
    assert.deepEqual(complaints.filter((c) => !c.startsWith(`request to ${tiles}/`)), [])
    await context.close()
  })

  test('is where an answer leads', async () => {
    const { context, page, complaints } = await visitor(browser, server.url, phone)
    await page.goto(server.url)
    await page.getByRole('textbox').fill('粤海街道身份证到期换领在哪里办')
    await page.keyboard.press('Enter')
    const card = page.locator('.card').filter({ hasText: '示例派出所（粤海）' })
    await card.getByText('辖区派出所').waitFor()
    await card.getByRole('link', { name: '高德地图' }).first().waitFor()
    await card.getByRole('link', { name: '查看全部网点' }).click()
    await page.getByRole('heading', { level: 1, name: /网点/ }).waitFor()
    assert.equal((await names(page))[0], '示例派出所（粤海）')
    assert.deepEqual(complaints, [])
    await context.close()
  })
})


describe('an answer that is read again later', { skip: !!process.env.SHENWEI_FAKE }, () => {
  test('says as of when a place was open, and no longer that it is', async () => {
    const { context, page } = await visitor(browser, server.url, phone)
    await page.clock.install()
    await page.goto(server.url)
    await page.getByRole('textbox').fill('南头街道身份证到期换领在哪里办')
    await page.keyboard.press('Enter')
    const card = page.locator('.card').filter({ hasText: '示例派出所（南头）' })
    await card.getByText('现在不开放').first().waitFor()
    await page.clock.fastForward(400 * 24 * 3600 * 1000) // past the next opening, whenever that is
    await card.getByText(/\d+月\d+日 \d\d:\d\d 时不开放/).first().waitFor()
    assert.equal(await card.getByText('现在不开放').count(), 0)
    await context.close()
  })
})
