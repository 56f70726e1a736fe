// What agents and supervisors do beside talking, against the real server: settings, holding, a crash under
// open pages, the way back to the bot, taking over, ending, pulling, calling back. Tests follow each other.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { shoot } from './browser.mjs'
import { bubble, house, reply, replyField, say, strip, tab, tickets } from './hotline.mjs'
import { button } from './people.mjs'

const hotline = house()
const { staff, clean, citizen, wantsPerson } = hotline
let server

before(async () => { server = await hotline.start() })
// While the server is down a page's requests are refused, and browsers say so.
after(() => hotline.close(/status of (401|409)|ERR_CONNECTION|WebSocket connection/))

const way = (page, name) => page.locator('.ways [aria-pressed="true"]', { hasText: name })
async function confirm(dialog) {
  await button(dialog, '确定').click()
  await dialog.waitFor({ state: 'hidden' })
}
const number = (page) => new URL(page.url()).searchParams.get('at')

describe('at work', () => {
  let a, chief, first, second, third

  test('a supervisor sets how many an agent serves; the agent reads it at once', async () => {
    await hotline.hire([['a', 'li', '李芳', '坐席'], ['chief', 'zhao', '赵敏', '班长']])
    ;({ a: { page: a }, chief: { page: chief } } = staff)
    await chief.getByRole('link', { name: '大屏' }).click()
    await button(chief, '设置 001 号').click()
    const dialog = chief.getByRole('dialog', { name: /^001 号/ })
    await dialog.getByLabel('同时最多接待几位').fill('3')
    await clean(chief)
    await button(dialog, '保存').click()
    await a.getByText('接待 0/3').waitFor()
  })

  test('a break has a reason, which the board shows', async () => {
    await button(a, '小休').click()
    await a.getByLabel('小休原因').selectOption('用餐')
    await button(a, '开始小休').click()
    await way(a, '小休').waitFor()
    await chief.getByRole('row', { name: /李芳/ }).getByText('用餐').waitFor()
    await button(a, '在线').click()
    await way(a, '在线').waitFor()
  })

  test('a conversation is held and taken up again', async () => {
    first = await citizen()
    await say(first, '护照快到期了怎么换')
    await first.locator('.line-reply').first().waitFor()
    await wantsPerson(first)
    await a.locator('.ring').waitFor()
    await a.keyboard.press('Alt+KeyA')
    await strip(first).getByText('坐席 001 号正在为您服务').waitFor()
    await a.keyboard.press('Alt+KeyH')
    const dialog = a.getByRole('dialog', { name: '挂起' })
    await dialog.getByLabel('原因').fill('等出入境核实')
    await confirm(dialog)
    await strip(first).getByText('坐席 001 号正在为您核实').waitFor()
    await a.locator('.head-talk').getByText('已挂起').waitFor()
    await a.keyboard.press('Alt+KeyH')
    await strip(first).getByText('坐席 001 号正在为您服务').waitFor()
  })

  test('the server dies under open pages: everything is as it was', async () => {
    await button(a, '忙碌').click()
    await way(a, '忙碌').waitFor()
    second = await citizen()
    await say(second, '居住证怎么续签')
    await second.locator('.line-reply').first().waitFor()
    await wantsPerson(second)
    await strip(second).getByText('您排在第 1 位').waitFor()
    await chief.getByRole('link', { name: '会话', exact: true }).click()
    await tab(chief, /排队中/)
    await tickets(chief).first().waitFor()
    await replyField(a).fill('还没写完的话')
    await a.locator('.ticket', { hasText: '草稿' }).waitFor()
    await a.waitForTimeout(1200) // the page sends drafts once a second
    await server.crash()
    await a.locator('.link').getByText(/重连|连接中/).waitFor({ state: 'hidden' })
    assert.equal(await replyField(a).inputValue(), '还没写完的话')
    await a.reload()
    await bubble(a, '护照快到期了怎么换').waitFor()
    assert.equal(await replyField(a).inputValue(), '还没写完的话')
    await way(a, '忙碌').waitFor()
    await a.getByText('接待 1/3').waitFor()
    await strip(second).getByText('您排在第 1 位').waitFor()
    await reply(a, '刚才断了一下，我还在。')
    await first.locator('.line-agent .bubble', { hasText: '我还在' }).waitFor()
    assert.equal(await first.locator('.line-agent .bubble', { hasText: '我还在' }).count(), 1)
  })

  test('back to the bot: it answers again, and the agent has nothing left', async () => {
    await a.keyboard.press('Alt+KeyB')
    const dialog = a.getByRole('dialog', { name: '交回机器人' })
    await confirm(dialog)
    await first.getByText('坐席 001 号的服务已结束').last().waitFor()
    const answers = await first.locator('.line-reply').count()
    await say(first, '身份证丢了怎么补')
    await first.locator('.line-reply').nth(answers).waitFor()
    await a.getByText('接待 0/3').waitFor()
  })

  test('a supervisor takes a conversation over; the agent sees it go', async () => {
    await a.keyboard.press('Alt+KeyG')
    await strip(second).getByText('坐席 001 号正在为您服务').waitFor()
    await chief.goto(`${server.url}/desk?at=${number(a)}`)
    await bubble(chief, '居住证怎么续签').waitFor()
    await button(chief, '接管').click()
    await strip(second).getByText('坐席 002 号正在为您服务').waitFor()
    await tickets(a).first().waitFor({ state: 'detached' })
    await reply(chief, '我是班长，由我来为您处理。')
    await second.locator('.line-agent .bubble', { hasText: '我是班长' }).waitFor()
  })

  test('a supervisor ends a conversation with a reason', async () => {
    third = await citizen()
    await wantsPerson(third)
    await a.keyboard.press('Alt+KeyG')
    await strip(third).getByText('坐席 001 号正在为您服务').waitFor()
    await chief.goto(`${server.url}/desk?at=${number(a)}`)
    await button(chief, '强制结束').click()
    const dialog = chief.getByRole('dialog', { name: '强制结束' })
    assert.ok(await button(dialog, '确定').isDisabled(), 'a reason is needed')
    await dialog.getByLabel('原因').fill('测试结束')
    await clean(chief)
    await confirm(dialog)
    await third.getByText('这次人工会话已结束').last().waitFor()
    await a.getByText('接待 0/3').waitFor()
  })

  test('a supervisor pulls a conversation from the bot', async () => {
    await chief.goto(`${server.url}/desk`)
    await tab(chief, '机器人接待')
    await chief.locator('.glance', { hasText: '身份证' }).first().click()
    await bubble(chief, '身份证丢了怎么补').waitFor()
    await shoot(chief, 'desk-pull')
    await button(chief, '介入，由我接待').click()
    await strip(first).getByText('坐席 002 号正在为您服务').waitFor()
    await reply(chief, '我来帮您看。')
    await first.locator('.line-agent .bubble', { hasText: '我来帮您看' }).waitFor()
  })

  test('who left her number is called, and reads what came of it', async () => {
    const fourth = await citizen()
    await wantsPerson(fourth)
    await button(strip(fourth), '留电话').click()
    const form = fourth.locator('form.call')
    await form.getByLabel(/^电话号码/).fill('13800138000')
    await form.getByLabel('我已阅读并同意').check()
    await button(form, '提交').click()
    await fourth.getByText(/已登记回电，编号/).last().waitFor()
    await tab(a, /排队中/)
    await button(a, '接手回拨').click()
    await a.locator('.side').getByText('138****8000').waitFor()
    await shoot(a, 'desk-call')
    await button(a, '填回拨结果').click()
    const dialog = a.getByRole('dialog', { name: '回拨结果' })
    await dialog.getByLabel('结果').selectOption('done')
    await dialog.getByLabel(/^小结（/).fill('已说明护照换发。')
    await confirm(dialog)
    await fourth.getByText('坐席已经与您通过电话').last().waitFor()
    await a.getByText('接待 0/3').waitFor()
  })
})
