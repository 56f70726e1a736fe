// The whole way of a citizen in a real browser against the real server.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { desktop, faults, launch, phone, shoot, visitor } from './browser.mjs'
import { startServer } from './server.mjs'

const question = '港澳通行证快到期了，周末能换吗'

let server, browser, context, page, complaints

before(async () => {
  server = await startServer()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

async function open(options) {
  ({ context, page, complaints } = await visitor(browser, server.url, options))
  await page.goto(server.url)
  await page.getByRole('heading', { name: '您好，想办什么事' }).waitFor()
}

async function say(text) {
  await page.getByLabel('您的问题').fill(text)
  await page.getByRole('button', { name: '发送' }).click()
}

const replies = () => page.locator('.line-reply')
async function replyNumber(n) {
  await replies().nth(n).waitFor()
  return replies().nth(n)
}

describe('a citizen with a phone', () => {
  beforeEach(() => open(phone))
  afterEach(async () => {
    const heard = complaints
    await context.close()
    assert.deepEqual(heard, [], 'the page complained')
  })

  test('is told what this is and finds the popular items', async () => {
    const head = page.locator('.chat-head')
    assert.match(await head.innerText(), /智能客服/)
    assert.match(await head.innerText(), /不是报警平台/)
    assert.equal(await head.getByRole('link', { name: '110' }).getAttribute('href'), 'tel:110')
    await page.locator('.popular li').nth(3).waitFor()
    assert.ok(await page.locator('.popular li').count() >= 4)
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'chat-phone-welcome')
  })

  test('asks in her own words, gets item CRJ-007, and opens its guide', async () => {
    await say(question)
    const reply = await replyNumber(0)
    const card = reply.locator('.item').first()
    const words = await card.innerText()
    for (const part of ['往来港澳通行证换发', '60元', '7个工作日', '居民身份证']) assert.ok(words.includes(part), `${part} in ${words}`)
    assert.match(await card.locator('a.act').first().getAttribute('href'), /CRJ-007/)
    await page.locator('.line-citizen .state', { hasText: '已发送' }).waitFor()
    await shoot(page, 'chat-phone-answer')
    assert.deepEqual(await faults(page), [])

    await card.getByRole('link', { name: '查看办事指南' }).click()
    await page.waitForURL('**/items/CRJ-007')
    assert.match(await page.locator('main.guide h1').innerText(), /港澳通行证/)
    await page.locator('a.primary').first().waitFor()
    await shoot(page, 'guide-phone')
    assert.deepEqual(await faults(page), [])
    await page.goBack()
    await page.locator('.item', { hasText: '往来港澳通行证换发' }).first().waitFor()
  })

  test('finds a suggestion with the keyboard', async () => {
    await page.getByLabel('您的问题').fill('港澳通行证')
    await page.getByRole('option').first().waitFor()
    const wanted = await page.getByRole('option').first().innerText()
    await page.getByLabel('您的问题').press('ArrowDown')
    await page.getByLabel('您的问题').press('Enter')
    await replyNumber(0)
    assert.equal(await page.locator('.line-citizen .bubble').innerText(), wanted)
  })

  test('is put in the queue with numbers to call and a ticket', async () => {
    await page.getByRole('button', { name: '转人工' }).first().click()
    const reply = await replyNumber(0)
    const numbers = reply.locator('.hotline .numbers a')
    assert.ok(await numbers.count() > 0)
    for (const href of await numbers.evaluateAll((all) => all.map((a) => a.getAttribute('href')))) assert.match(href, /^(tel|sms):\d+$/)
    assert.match(await reply.locator('.ticket').innerText(), /受理编号\s*\S+/)
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'chat-phone-handoff')
  })

  test('in danger reads 110 first', async () => {
    await say('楼下有人拿刀')
    const reply = await replyNumber(0)
    const first = reply.locator('section, .bubble').first()
    assert.match(await first.getAttribute('class'), /emergency/)
    assert.match((await first.innerText()).trim(), /^110/)
    const call = first.locator('a').first()
    assert.equal(await call.getAttribute('href'), 'tel:110')
    await page.waitForFunction(() => {
      const box = document.querySelector('.emergency a').getBoundingClientRect()
      return box.top >= 0 && box.bottom <= innerHeight
    })
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'chat-phone-emergency')
  })

  test('keeps the conversation over a reload', async () => {
    await say(question)
    await replyNumber(0)
    await page.reload()
    await replyNumber(0)
    assert.equal(await page.locator('.line-citizen').count(), 1)
    assert.equal(await replies().count(), 1)
    assert.match(await replies().first().innerText(), /往来港澳通行证换发/)
    await say('转人工')
    await replyNumber(1)
  })

  test('has buttons large enough for a thumb and no sideways scrolling', async () => {
    await say(question)
    await replyNumber(0)
    const small = await page.locator('button:visible, .act:visible, .tap:visible, summary:visible').evaluateAll((all) =>
      all.map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44 || box.width < 44).map(([text, box]) => `${text} ${box.width} × ${box.height}`))
    assert.deepEqual(small, [])
    for (const width of [360, 390, 195]) {
      await page.setViewportSize({ width, height: 800 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.equal(wide, 0, `sideways scrolling at ${width} px`)
    }
  })
})

describe('a citizen without sockets', () => {
  test('is answered over plain requests', async () => {
    const { context, page } = await visitor(browser, server.url, phone)
    await page.routeWebSocket('**/ws/chat', (ws) => ws.close())
    await page.goto(server.url)
    await page.getByLabel('您的问题').fill(question)
    await page.getByRole('button', { name: '发送' }).click()
    await page.locator('.item', { hasText: '往来港澳通行证换发' }).waitFor({ timeout: 20000 })
    assert.equal(await page.locator('.line-reply').count(), 1)
    await context.close()
  })
})

describe('a citizen at a desk', () => {
  test('reads the same page on a wide screen, light and dark', async () => {
    await open(desktop)
    await say(question)
    await replyNumber(0)
    await shoot(page, 'chat-desktop')
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.deepEqual(await faults(page), [])
    await page.goto(`${server.url}/items/CRJ-007`)
    assert.deepEqual(await faults(page), [])
    assert.deepEqual(complaints, [])
    await context.close()
  })
})
