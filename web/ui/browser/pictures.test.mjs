// A citizen shows her agent a picture, against the real server: the notice, one more look, what the
// agent, a colleague and the supervisor see, and the agent's picture back.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { desk as screen, faults, launch, phone, shoot, visitor } from './browser.mjs'
import { account, begin, button } from './people.mjs'
import { startServer } from './server.mjs'

let server, browser, dir
const seen = []

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'shenwei-pictures-'))
  server = await startServer({ SHENWEI_DESK_HOURS: '24h', SHENWEI_DESK_REST_HOURS: '24h' })
  browser = await launch()
})
after(async () => {
  for (const v of seen) await v.context.close()
  await browser?.close()
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
  // Browsers write every refused request on the console; these are answers, not faults.
  const refused = /status of (400|401|403|409)/
  assert.deepEqual(seen.flatMap((v) => v.complaints).filter((c) => !refused.test(c)), [], 'a page complained')
})

async function open(options) {
  const v = await visitor(browser, server.url, options)
  v.page.setDefaultTimeout(Number(process.env.PATIENCE ?? 30_000))
  seen.push(v)
  return v.page
}
const clean = async (page) => assert.deepEqual(await faults(page), [], page.url())
const picture = (page, name) => page.getByRole('button', { name: `${name}，点开看大图` })
const strip = (page) => page.locator('.chat-head .strip')

const head = '<div style="background:#1f4e9e;color:#fff;padding:24px 32px">出入境证件办理</div>'
const failed = `${head}<div style="margin:32px;padding:32px;background:#fff;border-radius:12px"><p>预约日期：11 月 30 日</p><p>办理地点：福田办证大厅</p>
  <p style="color:#b3261e">提交失败：照片不符合要求（E1042）</p></div>`
const example = `${head}<div style="margin:32px;padding:32px;background:#fff;border-radius:12px;display:flex;align-items:center">
  <div style="width:200px;height:260px;border:2px solid #9aa4b5;position:relative;overflow:hidden;margin-right:48px">
  <div style="position:absolute;left:60px;top:40px;width:80px;height:100px;border-radius:50%;background:#c3cad6"></div>
  <div style="position:absolute;left:20px;top:160px;width:160px;height:200px;border-radius:80px;background:#c3cad6"></div></div>
  <div><p>照片示例</p><p>1. 白色背景</p><p>2. 正面免冠</p><p>3. 近 6 个月内</p></div></div>`

/** A picture file of a page. */
async function screenshotFile(page, name, html) {
  const blank = await page.context().newPage()
  await blank.setContent(`<body style="margin:0;width:720px;height:540px;background:#f4f6fa;font:28px sans-serif">${html}</body>`)
  const path = join(dir, name)
  writeFileSync(path, await blank.locator('body').screenshot({ type: name.endsWith('.png') ? 'png' : 'jpeg' }))
  await blank.close()
  return path
}

describe('pictures between a citizen and an agent', () => {
  let agent, other, chief, citizen

  test('two agents and a supervisor are at work, and a citizen is served', async () => {
    const admin = await open(screen)
    await begin(admin, server.url, await server.setupLink(), { name: 'admin', display: '管理员' })
    const people = []
    for (const [name, display, roles] of [['li', '李芳', ['坐席']], ['wang', '王强', ['坐席']], ['zhao', '赵敏', ['班长']]]) {
      const link = await account(admin, server.url, name, display, roles)
      const page = await open(screen)
      await begin(page, server.url, link)
      await page.waitForURL('**/desk')
      await page.getByRole('tab', { name: '会话中' }).waitFor()
      people.push(page)
    }
    ;[agent, other, chief] = people
    await button(agent, '在线').click()
    await agent.locator('.ways [aria-pressed="true"]', { hasText: '在线' }).waitFor()
    citizen = await open(phone)
    await citizen.goto(server.url)
    await citizen.getByLabel('您的问题').fill('网上预约换护照提交不了')
    await citizen.getByRole('button', { name: '发送', exact: true }).click()
    await citizen.locator('.line-reply').first().waitFor()
    assert.equal(await citizen.getByRole('button', { name: '给坐席发图片' }).count(), 0, 'no picture while nobody is there to look at it')
    await citizen.locator('.chat-head').getByRole('button', { name: '转人工' }).click()
    await strip(citizen).waitFor()
    await agent.locator('.ring').waitFor()
    await agent.keyboard.press('Alt+KeyA')
    await strip(citizen).getByText('坐席 001 号正在为您服务').waitFor()
  })

  test('she reads the notice, chooses, looks once more and sends', async () => {
    await citizen.getByRole('button', { name: '给坐席发图片' }).click()
    const notice = citizen.getByRole('region', { name: '发送图片前请阅读' })
    await notice.getByText('请不要发送身份证').waitFor()
    assert.match(await notice.innerText(), /30 天后自动删除/)
    await clean(citizen)
    const choosing = citizen.waitForEvent('filechooser')
    await notice.getByRole('button', { name: '同意并选择图片' }).click()
    await (await choosing).setFiles(await screenshotFile(citizen, 'page.png', failed))
    const confirm = citizen.getByRole('region', { name: '发送图片', exact: true })
    await confirm.getByRole('img', { name: '要发送的图片' }).waitFor()
    await clean(citizen)
    await confirm.getByRole('button', { name: '发送图片' }).click()
    await picture(citizen, '我发的图片').waitFor()
    await citizen.locator('.mine .state', { hasText: /已发送|已读/ }).last().waitFor()
  })

  test('the agent sees it in the thread and large, with the keyboard, too', async () => {
    const thumb = picture(agent, '市民发的图片')
    await thumb.locator('img').waitFor()
    await thumb.focus()
    await agent.keyboard.press('Enter')
    const dialog = agent.getByRole('dialog', { name: '市民发的图片' })
    await dialog.getByRole('img').waitFor()
    assert.deepEqual(await dialog.getByRole('img').evaluate((i) => [i.naturalWidth, i.naturalHeight]), [1440, 1080])
    await clean(agent)
    await agent.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok(await thumb.evaluate((b) => b === document.activeElement), 'the focus is where it was')
    await agent.getByRole('textbox', { name: '回复市民' }).fill('看到了：照片要换成白底的，我发您一张示例。')
    await agent.getByRole('textbox', { name: '回复市民' }).press('Enter')
  })

  test('the agent sends one back, after one more look', async () => {
    const choosing = agent.waitForEvent('filechooser')
    await button(agent, '发图片').click()
    await (await choosing).setFiles(await screenshotFile(agent, 'example.jpg', example))
    const confirm = agent.getByRole('region', { name: '发送图片', exact: true })
    await confirm.getByText('发送这张图片给市民？').waitFor()
    await confirm.getByRole('button', { name: '发送图片' }).click()
    await picture(citizen, '坐席 001 号发的图片').locator('img').waitFor()
    await picture(agent, '坐席 001 号发的图片').locator('img').waitFor()
    await confirm.waitFor({ state: 'detached' })
    await shoot(agent, 'desk-picture')
    await clean(agent)
    await citizen.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    await shoot(citizen, 'chat-picture')
    await clean(citizen)
  })

  test('the notice is not asked again; a script with the name of a picture is refused in words', async () => {
    const script = join(dir, 'photo.jpg')
    writeFileSync(script, '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    const choosing = citizen.waitForEvent('filechooser')
    await citizen.getByRole('button', { name: '给坐席发图片' }).click()
    await (await choosing).setFiles(script)
    await citizen.getByRole('region', { name: '发送图片', exact: true }).getByRole('button', { name: '发送图片' }).click()
    await citizen.locator('.mine .failed', { hasText: '这个文件不是图片' }).waitFor()
  })

  test('after a reload both are still there', async () => {
    await citizen.reload()
    await picture(citizen, '我发的图片').locator('img').waitFor()
    await picture(citizen, '坐席 001 号发的图片').click()
    await citizen.getByRole('dialog').getByRole('img').waitFor()
    await citizen.getByRole('button', { name: '关闭' }).click()
  })

  test('a supervisor who looks on sees it; a colleague does not', async () => {
    const look = async (page) => {
      await page.goto(agent.url())
      await page.locator('.talk .stream').waitFor()
    }
    await look(chief)
    await picture(chief, '市民发的图片').locator('img').waitFor()
    await look(other)
    await other.locator('.stream').getByText('只有正在服务的坐席和班长可以查看图片').first().waitFor()
    assert.equal(await other.locator('.stream img').count(), 0)
  })
})
