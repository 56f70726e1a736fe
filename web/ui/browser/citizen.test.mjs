// The citizens' page for everybody: elders, screen readers, keyboards, other languages, bad networks
// and old browsers, in a real browser against the real server.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
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
afterEach(async () => {
  await context?.close()
  context = null
})

async function open(options = phone, path = '/') {
  ({ context, page, complaints } = await visitor(browser, server.url, options))
  await page.goto(server.url + path)
  if (path === '/') await page.locator('.popular li').first().waitFor()
}
async function say(text, n = 0) {
  await page.locator('textarea').fill(text)
  await page.locator('textarea').press('Enter')
  await page.locator('.line-reply').nth(n).waitFor()
}
const replies = () => page.locator('.line-reply')
const button = (name, exact = true) => page.getByRole('button', { name, exact })
const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

describe('the elders\' view', () => {
  test('is one tap away, large, and has its targets and distances', async () => {
    await open()
    await button('长辈版').click()
    await say(question)
    await page.locator('.line-citizen .state', { hasText: '已发送' }).waitFor()
    const sizes = await page.evaluate(() => {
      const px = (e, p) => parseFloat(getComputedStyle(e)[p])
      const seen = [...document.querySelectorAll('main *, form *, header *')].filter((e) => e.childNodes.length && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length && !e.closest('.away'))
      const small = seen.filter((e) => px(e, 'fontSize') < 18).map((e) => `${e.textContent.trim().slice(0, 12)} ${px(e, 'fontSize')}`)
      const tight = seen.filter((e) => px(e, 'lineHeight') / px(e, 'fontSize') < 1.3).map((e) => `${e.textContent.trim().slice(0, 12)} ${getComputedStyle(e).lineHeight}`)
      const targets = [...document.querySelectorAll('button, .act, .tap, summary, label')].filter((e) => e.getClientRects().length)
        .map((e) => [e.textContent.trim().slice(0, 12), e.getBoundingClientRect()]).filter(([, b]) => b.height < 59.99 || b.width < 59.99).map(([t, b]) => `${t} ${b.width} × ${b.height}`)
      return { body: px(document.body, 'fontSize'), small, tight, targets }
    })
    assert.equal(sizes.body, 20)
    assert.deepEqual([sizes.small, sizes.tight, sizes.targets], [[], [], []])
    const person = await page.locator('.big').getByRole('button', { name: '找人工' }).boundingBox()
    assert.ok(person.height >= 60 && person.width >= 60)
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'chat-phone-elder')

    await button('字大一点').click()
    await button('字大一点').click()
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontSize), '30px')
    assert.equal(await sideways(), 0)
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.deepEqual(await faults(page), [])

    await page.locator('.big').getByRole('button', { name: '找人工' }).click()
    await page.locator('.line-reply .hotline').waitFor()
    await page.goto(`${server.url}/items/CRJ-007`)
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontSize), '30px')
    assert.deepEqual(await faults(page), [])
    assert.equal(await sideways(), 0)
    await button('标准版').click()
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontSize), '16px')
    assert.deepEqual(complaints, [])
  })

  test('holds at two and four times the size, and without colours or motion', async () => {
    for (const elder of [false, true]) {
      await open({ viewport: { width: 320, height: 256 } }) // 1280 × 1024 at 400 %
      if (elder) await button('长辈版').click()
      await say(question)
      assert.equal(await sideways(), 0, `elder ${elder}`)
      await page.locator('textarea').scrollIntoViewIfNeeded()
      assert.deepEqual(await faults(page), [])
      await page.setViewportSize({ width: 640, height: 512 })
      assert.equal(await sideways(), 0)
      await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
      assert.equal(await page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running').length), 0)
      const edges = await page.locator('.item.card').first().evaluate((e) => getComputedStyle(e).borderTopStyle)
      assert.equal(edges, 'solid')
      assert.deepEqual(await faults(page), [])
      await context.close()
    }
  })
})

describe('without eyes or a mouse', () => {
  test('everything is done with the keyboard, in the order of the page', async () => {
    await open(desktop)
    const seen = []
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab')
      seen.push(await page.evaluate(() => [document.activeElement.tagName, document.activeElement.closest('.tools, header, main, form')?.className.split(' ')[0] ?? '', document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle !== 'none'].join(' ')))
      if (seen.at(-1).startsWith('TEXTAREA')) break
    }
    const places = [...new Set(seen.map((s) => s.split(' ')[1]))]
    assert.deepEqual(places, ['tools', 'chat-head', 'stream', 'composer'])
    assert.deepEqual(seen.filter((s) => s.endsWith('false')), [], 'the focus shows')
    await page.keyboard.type(question)
    await page.keyboard.press('Enter')
    await replies().first().waitFor()
    await page.keyboard.press('Shift+Tab')
    assert.ok(await page.evaluate(() => !!document.activeElement.closest('.line-reply, .stream')))
  })

  test('a screen reader hears each new message once, and old ones not at all', async () => {
    await open()
    const listen = () => page.evaluate(() => {
      globalThis.heard = []
      const live = (n) => n.parentElement?.closest('[aria-live="polite"], [role="log"], [role="status"], [role="alert"]')
      new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => {
        const region = n.nodeType === 3 ? live(n) : n.matches('[aria-live], [role="log"]') ? null : live(n)
        if (region && n.textContent.trim()) globalThis.heard.push(n.textContent.trim())
      }))).observe(document.body, { childList: true, subtree: true })
    })
    await listen()
    await say(question)
    await say('要多少钱', 1)
    await page.locator('.line-citizen .state', { hasText: '已发送' }).waitFor()
    const heard = (await page.evaluate(() => globalThis.heard)).filter((t) => t.startsWith('深微：'))
    assert.equal(heard.length, 2)
    assert.equal(new Set(heard).size, 2)
    await page.reload()
    await listen()
    await replies().nth(1).waitFor()
    assert.deepEqual((await page.evaluate(() => globalThis.heard)).filter((t) => t.startsWith('深微：')), [])
  })

  test('a reply is read aloud where the browser has a voice', async () => {
    await open()
    await page.evaluate(() => {
      globalThis.spoken = []
      speechSynthesis.speak = (u) => globalThis.spoken.push([u.lang, u.text])
    })
    await say(question)
    await button('朗读').click()
    const spoken = await page.evaluate(() => globalThis.spoken)
    assert.ok(spoken.length > 1 && spoken.every(([lang]) => lang === 'zh-CN'))
    assert.ok(spoken.map(([, text]) => text).join('').includes('通行证'))
    await button('停止朗读').click()
    await button('朗读').waitFor()
  })
})

describe('in other languages', () => {
  test('the page and its answers are in traditional Chinese', async () => {
    await open()
    await button('繁體中文').click()
    await button('轉人工').waitFor()
    await say('护照丢了怎么补')
    const words = await replies().first().innerText()
    assert.match(words, /普通護照補發/)
    assert.doesNotMatch(words, /护照|办理|证件/)
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'chat-phone-hant')
    await page.reload()
    await button('轉人工').waitFor()
  })

  test('the language follows the question until it is fixed', async () => {
    await open({ ...phone, locale: 'en-US' })
    await button('Talk to a person').waitFor()
    await say('I lost my passport')
    assert.match(await replies().first().innerText(), /passport/i)
    assert.deepEqual(await faults(page), [])
    await shoot(page, 'chat-phone-english')
    await say('护照换发要多少钱', 1)
    await button('转人工').waitFor()
    await say('護照過期點換領', 2)
    await button('轉人工').waitFor()
    await button('English').click()
    await button('Talk to a person').waitFor()
    await say('护照换发要多少钱', 3)
    assert.match(await replies().nth(3).innerText(), /Apply/)
    assert.deepEqual(complaints, [])
  })
})

describe('for a reader of English', () => {
  const han = /[\u4e00-\u9fff]/
  test('a card is in English, its documents, conditions and steps too', async () => {
    await open({ ...phone, locale: 'en-GB' })
    await button('Talk to a person').waitFor()
    assert.match((await page.locator('.popular .name').allInnerTexts()).join(), /accommodation registration|residence permit/i)
    await say('I stay at my friend\'s apartment do I need register')
    const card = page.locator('.item.card').first()
    await card.locator('details').evaluateAll((all) => all.forEach((d) => { d.open = true }))
    const words = (await card.innerText()).replace(/"[^"]*"|\([^()]*\)/g, '').split('\n').filter((l) => han.test(l) && !l.startsWith('Item CRJ'))
    assert.deepEqual(words, [])
    for (const part of ['What to bring (3)', 'Passport or Mainland Travel Permit', 'within 24 hours', 'Steps']) assert.ok((await card.innerText()).includes(part), part)
    await say('register a new company seal', 1)
    await replies().nth(1).waitFor()
    await card.getByRole('link', { name: 'Full guide' }).click()
    await page.waitForURL('**/items/CRJ-070?lang=en')
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
    await page.getByRole('heading', { name: 'What to bring' }).waitFor()
    await button('Large print').waitFor()
    assert.deepEqual(await faults(page), [])
    await page.getByRole('link', { name: 'Places' }).click()
    await page.getByRole('heading', { name: 'Offices and self-service terminals' }).waitFor()
    assert.equal(await button('Search').isVisible(), true)
    assert.deepEqual(await faults(page), [])
    assert.equal(await sideways(), 0)
    await page.getByRole('link', { name: '繁體' }).click()
    await page.getByRole('heading', { name: '網點和自助機' }).waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-Hant')
    assert.doesNotMatch(await page.locator('main').innerText(), /网点|时间|办理/)
    assert.deepEqual(await faults(page), [])
    assert.deepEqual(complaints, [])
  })

  test('the questions of 能不能办 are in English and in traditional characters', async () => {
    await open({ ...phone, locale: 'en-GB' })
    await button('Which service?').click()
    await button('Residence permits (foreigners)').click()
    for (const answer of ['A first residence permit', 'Work']) await button(answer).click()
    const found = page.locator('.found')
    await found.getByRole('heading').waitFor()
    assert.doesNotMatch((await page.locator('.panel').innerText()), han)
    assert.deepEqual(await faults(page), [])
    await button('繁體中文').click()
    await page.locator('.said').getByText('來深圳做', { exact: false }).first().waitFor()
    await found.getByText('外國人').first().waitFor()
    assert.doesNotMatch(await page.locator('.panel').innerText(), /办|证|这|[A-Za-z]{9}/)
  })
})

describe('what helps to get it done', () => {
  test('a few taps lead to the item, its papers and how often one must come', async () => {
    await open()
    await button('能不能办').click()
    await button('普通护照').click()
    for (const answer of ['办过', '还没过期，要换新的', '不在深圳']) await button(answer).click()
    await page.getByRole('heading', { name: '普通护照换发' }).waitFor()
    assert.match(await page.locator('.found .trips').innerText(), /一次跑动/)
    assert.ok(await page.locator('.found input[type=checkbox]').count() > 0)
    assert.deepEqual(await faults(page), [])
    await button('上一步').click()
    for (const answer of ['在深圳', '满了', '留过', '不是']) await button(answer).click()
    await page.locator('.found .trips', { hasText: '零跑腿' }).waitFor()
    await page.evaluate(() => scrollTo(0, 0))
    await shoot(page, 'chat-phone-matter')
    await button('看完整回答').click()
    await replies().first().waitFor()
    assert.match(await replies().first().innerText(), /CRJ-002/)
    assert.deepEqual(complaints, [])
  })

  test('popular items come by police type and change, papers become a picture', async () => {
    await open()
    const names = () => page.locator('.popular .name').allInnerTexts()
    const first = await names()
    await page.locator('.popular .turn').click()
    assert.notDeepEqual(await names(), first)
    await page.locator('.types').getByRole('button', { name: '交警' }).click()
    assert.ok((await page.locator('.popular .meta').allInnerTexts()).every((t) => t.startsWith('交警')))
    await page.locator('.popular li button').first().click()
    await replies().first().waitFor()
    await button('复制清单').waitFor()
    const download = page.waitForEvent('download')
    await button('存为图片').click()
    assert.match((await download).suggestedFilename(), /^[A-Z]+-\d+\.png$/)
  })

  test('what was asked is found again on this device, and cleared', async () => {
    await open()
    await say(question)
    const other = await context.newPage()
    await other.goto(server.url)
    await other.getByRole('button', { name: '记录', exact: true }).click()
    await other.getByRole('button', { name: question.slice(0, 10), exact: false }).click()
    await other.locator('.line-reply').first().waitFor()
    assert.match(await other.locator('.line-reply').innerText(), /往来港澳通行证换发/)
    await other.getByRole('button', { name: '记录', exact: true }).click()
    await other.getByRole('button', { name: '清除全部记录' }).click()
    await other.getByRole('button', { name: '确定清除' }).click()
    await other.getByRole('heading', { name: '您好，想办什么事' }).waitFor()
    await other.waitForFunction(() => !Object.keys(localStorage).some((k) => k === 'shenwei.past') && !document.querySelector('.line-reply'))
  })
})

describe('with a bad network', () => {
  test('the page tells the truth and loses no line', async () => {
    await open()
    await say(question)
    await context.setOffline(true)
    await page.locator('.status', { hasText: '没有连上网络' }).waitFor()
    await page.locator('textarea').fill('要多少钱')
    await page.locator('textarea').press('Enter')
    await page.locator('.line-citizen .state', { hasText: '连上后自动发送' }).waitFor()
    await page.locator('textarea').fill('写了一半')
    await context.setOffline(false)
    await replies().nth(1).waitFor({ timeout: 30000 })
    assert.equal(await page.locator('.line-citizen').count(), 2)
    await page.reload()
    await replies().nth(1).waitFor()
    assert.equal(await page.locator('textarea').inputValue(), '写了一半')
    assert.equal(await page.locator('.line-citizen').count(), 2)
  })

  test('a part that cannot be fetched says so, and the rest goes on', async () => {
    await open({ ...phone, serviceWorkers: 'block' }) // it keeps every part
    await context.route(/part-(Matter|History)Panel/, (route) => route.abort())
    await button('记录').click()
    await page.getByText('这一部分没有取到，请检查网络。').waitFor()
    await say('护照换发要多少钱')
    await context.unroute(/part-(Matter|History)Panel/)
    await button('记录').click()
    await button('重新打开页面').click()
    await replies().first().waitFor()
    await button('记录').click()
    await page.getByRole('heading', { name: '本机记录' }).waitFor()
  })

  test('is installable, opens without a network and says so', async () => {
    await open(desktop)
    const cdp = await context.newCDPSession(page)
    const { errors, data } = await cdp.send('Page.getAppManifest')
    assert.deepEqual(errors, [])
    assert.equal(JSON.parse(data).display, 'standalone')
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => new Promise((done) => (navigator.serviceWorker.controller ? done() : navigator.serviceWorker.addEventListener('controllerchange', () => done(), { once: true })))))
    await context.setOffline(true)
    await page.goto(server.url)
    // Whether the browser knows that it has no network, or only that the server does not answer.
    await page.locator('.status', { hasText: /没有连上网络|正在重连|连接中/ }).waitFor()
    await page.goto(`${server.url}/items/CRJ-007`)
    await page.getByRole('heading', { name: '没有连上网络' }).waitFor()
    assert.equal(await page.getByRole('link', { name: '110' }).first().getAttribute('href'), 'tel:110')
  })

  test('the first load takes at most 150 kB over the wire, all told', async () => {
    ({ context, page, complaints } = await visitor(browser, server.url, phone))
    const cdp = await context.newCDPSession(page)
    await cdp.send('Network.enable')
    let bytes = 0
    cdp.on('Network.loadingFinished', (e) => { bytes += e.encodedDataLength })
    await page.goto(server.url, { waitUntil: 'networkidle' })
    await page.evaluate(() => navigator.serviceWorker.ready)
    await page.waitForLoadState('networkidle')
    // What the worker keeps besides: its own requests are not the page's. Files with a hash come from the browser's cache.
    const shell = JSON.parse(/const shell = (\[.*?\])/.exec(await (await fetch(`${server.url}/sw.js`)).text())[1])
    for (const path of shell.filter((f) => !/-[0-9a-f]{8}\.(js|css)$/.test(f))) {
      const answer = await fetch(server.url + path)
      bytes += Number(answer.headers.get('content-length')) + 300
    }
    console.log(`# first load: ${bytes} bytes`)
    assert.ok(bytes > 20_000 && bytes <= 150_000, `${bytes} bytes`)
    assert.deepEqual(complaints, [])
  })
})

describe('where little works', () => {
  test('without JavaScript guide pages read and the chat page names the way', async () => {
    await open({ ...phone, javaScriptEnabled: false }, '/items/CRJ-007')
    assert.match(await page.locator('main').innerText(), /往来港澳通行证换发/)
    await page.goto(server.url)
    assert.equal(await page.getByRole('link', { name: '12345' }).first().getAttribute('href'), 'tel:12345')
    await page.getByRole('link', { name: '全部办事指南' }).first().click()
    await page.getByRole('heading', { name: '全部事项' }).waitFor()
  })

  test('a browser that cannot start the page shows the telephone numbers', async () => {
    ({ context, page } = await visitor(browser, server.url, phone))
    // What an old web view does: it does not run modules, or stops at syntax that it does not know.
    await page.route('**/assets/index-*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: 'this is no syntax' }))
    await page.goto(server.url)
    await page.getByRole('heading', { name: '深微 · 深圳公安办事助手' }).waitFor()
    assert.equal(await page.locator('#old').getByRole('link', { name: '110' }).getAttribute('href'), 'tel:110')
    await shoot(page, 'chat-phone-old')
  })

  test('cookies and storage refused, or full, a question is answered all the same', async () => {
    for (const refuse of ['refused', 'full']) {
      ({ context, page, complaints } = await visitor(browser, server.url, phone))
      await context.addInitScript((how) => {
        if (how === 'full') {
          Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }
          return
        }
        for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('refused', 'SecurityError') } })
        Object.defineProperty(document, 'cookie', { get: () => '', set: () => undefined })
      }, refuse)
      await page.goto(server.url)
      await button('长辈版').click()
      await say(question)
      await say('要多少钱', 1)
      assert.deepEqual(complaints, [], refuse)
      await context.close()
    }
  })

  test('3,000 characters are pasted, sent and answered; 4,001 are refused in words', async () => {
    await open()
    await say('我的护照快到期了，'.repeat(334).slice(0, 3000))
    assert.equal(await sideways(), 0)
    await page.locator('textarea').fill('字'.repeat(4001))
    await page.locator('#composer-problem', { hasText: '4,001' }).waitFor()
    assert.deepEqual(complaints, [])
  })
})
