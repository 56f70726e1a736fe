// An answer in a model's words, in a real browser against the real server and a model server that
// speaks the protocol: sentence by sentence, marked, and switched off at run time.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { desk, faults, launch, phone, shoot, visitor } from './browser.mjs'
import { begin, button } from './people.mjs'
import { startServer } from './server.mjs'

const question = '居民身份证丢失补领要带什么材料'

/** A model that says the locked text with a word of politeness, one sentence at a time, when it is told to go on. */
function startModel() {
  let goOn = []
  const model = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => { body += part })
    request.on('end', async () => {
      const text = JSON.parse(JSON.parse(body).messages[1].content)['原文']
      const said = text.startsWith('- ') ? `- 您好，${text.slice(2)}` : `您好，${text}`
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const send = (data) => response.write(`data: ${JSON.stringify(data)}\n\n`)
      for (const [i, sentence] of said.split(/(?<=[。\n])/).entries()) {
        if (i > 0) {
          const beat = setInterval(() => send({ choices: [{ index: 0, delta: { reasoning_content: '…' } }] }), 300)
          await new Promise((done) => goOn.push(done))
          clearInterval(beat)
        }
        send({ choices: [{ index: 0, delta: { content: sentence } }] })
      }
      send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
      response.end('data: [DONE]\n\n')
    })
  })
  return new Promise((done) => model.listen(0, '127.0.0.1', () => done({
    url: `http://127.0.0.1:${model.address().port}/v1`,
    /** Lets every sentence that waits go out. */
    next: () => { const all = goOn; goOn = []; all.forEach((f) => f()) },
    stop: () => { model.closeAllConnections(); model.close() },
  })))
}

let model, server, browser, context, page, complaints

before(async () => {
  model = await startModel()
  server = await startServer({ SHENWEI_LLM_BASE_URL: model.url, SHENWEI_LLM_MODEL: 'scripted', SHENWEI_LLM_WARM: 'false' })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
  model?.stop()
})

describe('an answer in a model’s words', () => {
  beforeEach(async () => {
    ({ context, page, complaints } = await visitor(browser, server.url, phone))
    await page.goto(server.url)
    await page.getByRole('heading', { name: '您好，想办什么事' }).waitFor()
  })
  afterEach(async () => {
    const heard = complaints
    await context.close()
    assert.deepEqual(heard, [], 'the page complained')
  })

  test('comes sentence by sentence, then whole, with the mark and its source', async () => {
    await page.getByLabel('您的问题').fill(question)
    await page.getByRole('button', { name: '发送' }).click()
    const worded = page.locator('.worded')
    await worded.waitFor()
    const begun = (await worded.locator('.card').innerText()).trim()
    assert.match(begun, /^(- )?您好，/)
    assert.match(await worded.innerText(), /人工智能（AI）/)
    if (process.env.SCREENSHOTS) await shoot(page, 'chat-phone-wording')
    const pump = setInterval(model.next, 50)
    const reply = page.locator('.line-reply').first()
    await reply.waitFor().finally(() => clearInterval(pump))
    assert.equal(await worded.count(), 0)
    assert.match(await reply.innerText(), /您好，/)
    assert.match(await reply.locator('.basis').innerText(), /人工智能（AI）生成合成.*依据/)
    assert.ok(await reply.locator('.basis a').count() >= 1)
    assert.deepEqual(await faults(page), [])
  })
})

describe('the administrator’s switch', () => {
  test('stands on the page for the night and holds for the next answer', async () => {
    const admin = await visitor(browser, server.url, desk)
    await begin(admin.page, server.url, await server.setupLink(), { name: 'root', display: '周敏' })
    await admin.page.goto(`${server.url}/studio/night`)
    await admin.page.getByRole('heading', { name: '人工智能改写' }).waitFor()
    await admin.page.getByText('模型 scripted').waitFor()
    await button(admin.page, '只用原文').click()
    const box = admin.page.getByRole('dialog')
    await box.getByRole('textbox').fill('措辞不对')
    await box.getByRole('button', { name: '只用原文' }).click()
    await button(admin.page, '恢复改写').waitFor()
    assert.deepEqual(await faults(admin.page), [])
    await shoot(admin.page, 'studio-night-wording')
    for (let i = 0; ; i++) {
      const pump = setInterval(model.next, 50)
      const answer = await fetch(`${server.url}/api/v1/chat`, { method: 'POST', body: JSON.stringify({ text: question }) }).then((r) => r.json())
      clearInterval(pump)
      if (!answer.ai_generated) break
      assert.ok(i < 20, 'the switch does not hold')
    }
    assert.deepEqual(admin.complaints.filter((c) => !c.includes('401')), []) // before she signed in
    await admin.context.close()
  })
})
