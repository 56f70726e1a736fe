// An hour at the hotline against the real server: two agents, a supervisor and five citizens at
// once. Tests follow each other and build on what came before.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { desk as screen, desktop, phone, shoot } from './browser.mjs'
import { bubble, house, reply, replyField, say, strip, tab, tickets } from './hotline.mjs'
import { button } from './people.mjs'

const question = '护照快到期了怎么换'
const number = '13812345678'

const hotline = house()
const { staff, citizens, open, clean, citizen, wantsPerson } = hotline
let server

before(async () => { server = await hotline.start() })
after(() => hotline.close())

describe('an hour at the hotline', () => {
  let a, b, chief

  test('the administrator makes two agents and a supervisor, who find the desk when they sign in', async () => {
    await hotline.hire([['a', 'li', '李芳', '坐席'], ['b', 'wang', '王强', '坐席'], ['chief', 'zhao', '赵敏', '班长']])
    ;({ a: { page: a }, b: { page: b }, chief: { page: chief } } = staff)
    assert.equal(await a.getByRole('tab', { name: '机器人接待' }).count(), 0)
    await clean(a)
  })

  test('the supervisor writes a canned reply', async () => {
    await chief.getByRole('link', { name: '常用语' }).click()
    await button(chief, '新建').click()
    const dialog = chief.getByRole('dialog', { name: '新建常用语' })
    await dialog.getByLabel(/^快捷词/).fill('hello')
    await dialog.getByLabel('标题').fill('问候')
    await dialog.getByLabel(/^内容/).fill('您好，我是 {坐席} 号坐席，编号 {编号}，我来帮您看{事项}。')
    await button(dialog, '保存').click()
    await chief.getByRole('cell', { name: '/hello' }).waitFor()
    await clean(chief)
    await chief.goto(`${server.url}/desk`)
  })

  test('a citizen is put through: it rings, the agent takes it with a key and sees what was said', async () => {
    await button(a, '在线').click()
    await a.locator('.ways [aria-pressed="true"]', { hasText: '在线' }).waitFor()
    const c = await citizen()
    await say(c, question)
    await c.locator('.line-reply').first().waitFor()
    await wantsPerson(c)
    await a.locator('.ring').waitFor()
    await shoot(a, 'desk-ring')
    await a.keyboard.press('Alt+KeyA')
    await strip(c).getByText('坐席 001 号正在为您服务').waitFor()
    await bubble(a, question).waitFor()
    await a.locator('.side').getByText('护照').first().waitFor()
    await a.locator('.suggestion').first().waitFor()
  })

  test('a draft and the place survive a reload; "/" and the suggestion fill the reply', async () => {
    const c = citizens[0].page
    await replyField(a).fill('请稍等，我看一下')
    await a.locator('.ticket', { hasText: '草稿' }).waitFor()
    await a.waitForTimeout(1500) // the page sends drafts once a second
    await a.reload()
    await a.locator('.talk .stream').waitFor()
    assert.equal(await replyField(a).inputValue(), '请稍等，我看一下')
    await c.reload()
    await strip(c).getByText('坐席 001 号正在为您服务').waitFor()

    await replyField(a).fill('/hel')
    await a.getByRole('option', { name: /hello/ }).waitFor()
    await replyField(a).press('Enter')
    assert.match(await replyField(a).inputValue(), /^您好，我是 001 号坐席，编号 HZ\S+，我来帮您看.*护照/)
    await c.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    await replyField(a).press('Enter')
    await c.locator('.line-agent .bubble', { hasText: '我是 001 号坐席' }).waitFor()
    await a.locator('.stream .state', { hasText: '已读' }).first().waitFor()
    await a.keyboard.press('Alt+KeyS')
    assert.ok((await replyField(a).inputValue()).length > 20, 'the suggestion is in the field')
    await replyField(a).fill('')
  })

  test('personal data is masked until a reason is given; a note never reaches the citizen', async () => {
    const c = citizens[0].page
    await say(c, `我的电话是${number}`)
    await bubble(a, /我的电话是\[/).waitFor()
    assert.equal(await a.getByText(number).count(), 0)
    await button(a, '显示原文').click()
    const dialog = a.getByRole('dialog', { name: '查看个人信息' })
    await button(dialog, '核对身份').click()
    await button(dialog, '查看').click()
    await a.locator('.stream').getByText(number).waitFor()
    await dialog.waitFor({ state: 'hidden' })

    await a.keyboard.press('Alt+KeyN')
    await a.getByRole('textbox', { name: '内部备注' }).fill('这位市民很着急，请优先')
    await button(a, '存为备注').click()
    await bubble(a, '这位市民很着急').waitFor()
    await reply(a, '护照可以在网上预约换发。')
    await c.locator('.line-agent .bubble', { hasText: '网上预约' }).waitFor()
    assert.equal(await c.getByText('这位市民很着急').count(), 0)
    await clean(a)
    await clean(c)
    await shoot(a, 'desk-talk')
    await shoot(c, 'chat-phone-person')
  })

  test('knowledge is searched; a reply is kept as knowledge; a work order gets a number', async () => {
    await a.keyboard.press('Alt+KeyK')
    await a.keyboard.type('港澳通行证多少钱')
    await a.keyboard.press('Enter')
    await a.locator('section', { has: a.getByRole('heading', { name: '知识检索' }) }).locator('.suggestion').first().waitFor()
    await a.locator('.person-line', { hasText: '网上预约' }).getByRole('button', { name: '存为知识' }).click()
    const keep = a.getByRole('dialog', { name: '存为知识' })
    await keep.getByLabel(/^市民会怎么问/).fill('换护照能不能先在网上约')
    await button(keep, '存为草稿').click()
    await a.getByText('已存为知识草稿').waitFor()
    await keep.waitFor({ state: 'hidden' })
    await a.keyboard.press('Alt+KeyO')
    const order = a.getByRole('dialog', { name: '新建工单' })
    await order.getByLabel('标题').fill('护照换发核实')
    await order.getByLabel('诉求内容').fill('市民要求核实护照换发进度。')
    await order.getByLabel('联系电话').fill(number)
    await button(order, '建工单').click()
    await a.locator('.side a', { hasText: /^GD/ }).click()
    await a.getByRole('heading', { name: '护照换发核实' }).waitFor()
    await button(a, '签收').click()
    await a.locator('.panel .facts').getByText('办理中').waitFor()
    assert.equal(await a.getByText(number).count(), 0)
    await clean(a)
    await shoot(a, 'desk-orders')
    await a.getByRole('link', { name: '会话', exact: true }).click()
    await tickets(a).first().click()
  })

  test('five citizens at once: places in the queue, one gives up, one leaves her number', async () => {
    await button(a, '忙碌').click()
    for (let i = 1; i < 5; i++) {
      const c = await citizen(i === 1 ? desktop : phone)
      await say(c, '居住证怎么续签')
      await c.locator('.line-reply').first().waitFor()
      await wantsPerson(c)
      await strip(c).getByText(`您排在第 ${i} 位`).waitFor()
    }
    const [, second, third, , fifth] = citizens.map((v) => v.page)
    await clean(third)
    await shoot(third, 'chat-phone-queue')
    await shoot(second, 'chat-desktop-queue')
    await button(strip(fifth), '取消排队').click()
    await fifth.getByText('已取消排队').last().waitFor()

    await button(strip(third), '留电话').click()
    const form = third.locator('form.call')
    await form.waitFor()
    await clean(third)
    await form.getByLabel(/^电话号码/).fill('1380013')
    await button(form, '提交').click()
    await form.getByText('请先阅读个人信息告知').waitFor()
    await form.getByLabel('我已阅读并同意').check()
    await button(form, '提交').click()
    await form.getByText(/电话不对|号码不对|请填/).waitFor()
    await form.getByLabel(/^电话号码/).fill('13800138000')
    await shoot(third, 'chat-phone-callback')
    await button(form, '提交').click()
    await third.getByText(/已登记回电，编号/).last().waitFor()
  })

  test('the next in the queue is taken with a key, and is told by whom', async () => {
    const second = citizens[1].page
    await a.keyboard.press('Alt+KeyG')
    await strip(second).getByText('坐席 001 号正在为您服务').waitFor()
    await reply(a, '您好，居住证可以在网上续签。')
    await second.locator('.line-agent').waitFor()
    await tab(a, /排队中/)
    await a.locator('#ticket-list .item').nth(1).waitFor()
    assert.equal(await a.locator('#ticket-list .item').count(), 2) // one waits, one is to be called
    await shoot(a, 'desk-queue')
    await tab(a, /会话中/)
  })

  test('a conversation goes to a colleague, who keeps the whole of it', async () => {
    const first = citizens[0].page
    await tickets(a).filter({ hasText: '13' }).or(tickets(a)).first().waitFor()
    await a.locator('.ticket', { hasText: '网上预约' }).click()
    await bubble(a, question).waitFor()
    await button(b, '在线').click()
    await b.locator('.ways [aria-pressed="true"]', { hasText: '在线' }).waitFor()
    await b.locator('.ring').waitFor() // the fourth citizen is offered to whom is free
    await b.keyboard.press('Alt+KeyA')
    await strip(citizens[3].page).getByText('坐席 002 号正在为您服务').waitFor()
    await a.keyboard.press('Alt+KeyT')
    const dialog = a.getByRole('dialog', { name: '转接' })
    await dialog.getByLabel('转给坐席').selectOption(await dialog.locator('option', { hasText: '002 号' }).getAttribute('value'))
    await dialog.getByLabel(/陪同转接/).check()
    await dialog.getByLabel('原因').fill('需要出入境的同事')
    await shoot(a, 'desk-transfer')
    await clean(a)
    await button(dialog, '确定').click()
    await b.locator('.ring', { hasText: '有会话转给您' }).waitFor()
    await b.keyboard.press('Alt+KeyA')
    await strip(first).getByText('坐席 002 号正在为您服务').waitFor()
    await bubble(b, question).waitFor()
    await bubble(b, '这位市民很着急').waitFor()
  })

  test('the supervisor looks on unseen, whispers, and sees the board', async () => {
    const first = citizens[0].page
    await chief.getByRole('link', { name: '会话', exact: true }).click()
    await chief.goto(`${server.url}/desk${new URL(b.url()).search}`)
    await bubble(chief, question).waitFor()
    await chief.getByText('静默查看').waitFor()
    // The colleague who had it still has it open, and is named; the supervisor never is.
    assert.equal(await b.locator('.collision', { hasText: '003 号' }).count(), 0)
    await b.locator('.collision', { hasText: '001 号' }).waitFor()
    await chief.getByLabel('备注的种类').selectOption('whisper')
    await chief.getByRole('textbox', { name: '内部备注' }).fill('先问清楚是不是急用')
    await button(chief, '提示坐席').click()
    await bubble(b, '先问清楚是不是急用').waitFor()
    assert.equal(await first.getByText('先问清楚是不是急用').count(), 0)
    await clean(chief)
    await shoot(chief, 'desk-look')
    await chief.getByRole('link', { name: '大屏' }).click()
    await chief.getByRole('cell', { name: '李芳' }).waitFor()
    await clean(chief)
    await shoot(chief, 'desk-board')
  })

  test('the help card says what the keyboard does', async () => {
    await b.locator('.stream').focus()
    await b.keyboard.press('?')
    await b.getByRole('dialog', { name: '键盘' }).getByText('接听正在振铃的会话').waitFor()
    await clean(b)
    await shoot(b, 'desk-keys')
    await b.keyboard.press('Escape')
    await b.getByRole('dialog', { name: '键盘' }).waitFor({ state: 'hidden' })
  })

  test('it ends with a code; the citizen rates it and keeps the record', async () => {
    const first = citizens[0].page
    await b.keyboard.press('Alt+KeyE')
    const dialog = b.getByRole('dialog', { name: '结束会话' })
    await dialog.getByLabel('小结分类').selectOption('answered')
    await dialog.getByLabel(/^小结（/).fill('已说明网上预约换发。')
    await button(dialog, '确定').click()
    await button(first, '解决了').click()
    await first.getByRole('button', { name: /^5 星/ }).click()
    await button(first, '说得清楚').click()
    await clean(first)
    await first.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    await shoot(first, 'chat-phone-rate')
    await button(first, '提交评价').click()
    await first.getByText('谢谢您的评价').last().waitFor()
    const [file] = await Promise.all([first.waitForEvent('download'), button(first, '保存对话记录').click()])
    assert.match(file.suggestedFilename(), /^HZ\S+\.txt$/)
    await b.getByRole('button', { name: /^整理完成/ }).click()
  })

  test('a supervisor draws a sample, fills the sheet, and reads the report', async () => {
    await chief.getByRole('link', { name: '质检' }).click()
    await button(chief, '随机抽取').click()
    await chief.locator('.panel .bare').first().click()
    await bubble(chief, question).waitFor()
    await chief.getByLabel(/^响应及时/).fill('12')
    await clean(chief)
    await shoot(chief, 'desk-quality')
    await button(chief, '保存评分').click()
    await chief.getByRole('cell', { name: '97' }).waitFor()
    await chief.getByRole('link', { name: '报表' }).click()
    await chief.getByRole('cell', { name: '机器人独立接待' }).waitFor()
    await clean(chief)
    await shoot(chief, 'desk-report')
  })

  test('the citizen comes back within 72 hours, to the same agent', async () => {
    const first = citizens[0].page
    await button(first, '找回这位坐席').click()
    await b.locator('.ring').waitFor()
    await b.keyboard.press('Alt+KeyA')
    await strip(first).getByText('坐席 002 号正在为您服务').waitFor()
  })

  test('on a telephone the list and the conversation are one after the other', async () => {
    await b.setViewportSize({ width: 390, height: 844 })
    await b.locator('.talk .stream').waitFor()
    const wide = await b.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.equal(wide, 0, 'sideways scrolling')
    await shoot(b, 'desk-phone')
    await b.setViewportSize(screen.viewport)
  })

  test("an agent's page closes: her citizen is told and stands at the head of the queue", async () => {
    const second = citizens[1].page
    await button(b, '忙碌').click()
    await staff.a.context.close()
    await second.getByText('坐席的连接断了').last().waitFor({ timeout: 180_000 })
    await strip(second).getByText('您排在第 1 位').waitFor()
    await shoot(second, 'chat-desktop-lost')
    await b.keyboard.press('Alt+KeyG')
    await strip(second).getByText('坐席 002 号正在为您服务').waitFor()
    await bubble(b, '居住证可以在网上续签').waitFor()
  })
})
