import { afterEach, expect, test, vi } from 'vitest'
import { crj007, replies } from '../dev/answers.mjs'
import type { Block, Reply } from '../src/shared/api'
import type { CardActions } from '../src/shared/actions'
import ReplyMessage from '../src/shared/ReplyMessage.vue'
import { mount, reply, settle, words, type Mounted } from './support'

let mounted: Mounted | undefined
afterEach(() => mounted?.done())

function show(more: object, actions?: Partial<CardActions>): HTMLElement {
  mounted = mount(ReplyMessage, { reply: reply(2, '', more as Partial<Reply>) }, actions)
  return mounted.root.querySelector('.reply')!
}
const block = (b: Block, text = '') => show({ text, blocks: [b] })
const hrefs = (root: Element, selector = 'a') => [...root.querySelectorAll(selector)].map((a) => a.getAttribute('href'))
const orderOf = (root: Element, ...texts: string[]) => texts.map((t) => words(root).indexOf(t))

test('an item shows the conclusion, then the button, then what was asked, materials to tick, facts', () => {
  const root = show(replies.item)
  const order = orderOf(root, '可以换', '去办理', '从受理那天算起', '原往来港澳通行证', '零跑腿', '网上办限16周岁', '查看办事指南')
  expect(order).toEqual([...order].sort((a, b) => a - b))
  expect(order[0]).toBeGreaterThan(0)
  expect(root.querySelector('a.act')!.getAttribute('href')).toBe('/go/CRJ-007')
  expect(words(root)).toContain('60元/张')
  expect(hrefs(root, '.more a')).toEqual(['/items/CRJ-007'])
  expect(root.querySelectorAll('.asked li')).toHaveLength(2)
})

test('an item without lists, links or texts still shows', () => {
  const root = block({ type: 'item', item: {
    code: 'X-1', name: '事项', police_type: '人口', summary: '', facet: '', trips: '零跑腿', fee: '', time_limit: '',
    materials: null, links: null,
  } })
  expect(words(root)).toContain('事项')
  expect(root.querySelector('.act')).toBeNull()
})

test('materials are folded where the answer has listed them', () => {
  const item = { ...crj007, facet: 'material', facet_text: '要带三样' }
  const root = block({ type: 'item', item: item as Block['item'] })
  const list = root.querySelector<HTMLDetailsElement>('details.packing')!
  expect(words(list.querySelector('summary'))).toBe('要带的材料（3 样）')
  expect(list.open).toBe(false)
})

test('a link with an unsafe address is words, not a link', () => {
  const item = { ...crj007, links: [{ kind: 'web', label: '去办理', url: 'javascript:alert(1)' }] }
  const root = block({ type: 'item', item: item as Block['item'] })
  expect(words(root)).toContain('去办理')
  expect(root.innerHTML).not.toContain('javascript:')
})

test('a link to elsewhere opens beside the conversation and gives nothing away', () => {
  const item = { ...crj007, links: [{ kind: 'web', label: '去办理', url: 'https://example.org/CRJ-007' }] }
  const a = block({ type: 'item', item: item as Block['item'] }).querySelector('a.act')!
  expect(a.getAttribute('target')).toBe('_blank')
  expect(a.getAttribute('rel')).toBe('noopener noreferrer')
})

test('text is never read as HTML; lines and lists show', () => {
  const root = block({ type: 'text', text: '<b onclick=x>一</b>\n二\n\n- 甲\n- 乙' })
  expect(root.querySelector('b')).toBeNull()
  expect(words(root)).toContain('<b onclick=x>一</b>')
  expect(root.querySelectorAll('br')).toHaveLength(1)
  expect([...root.querySelectorAll('li')].map(words)).toEqual(['甲', '乙'])
})

test('caution begins with the numbers', () => {
  const root = show(replies.caution)
  const card = root.querySelector('.caution')!
  expect(words(card).startsWith('110 报警')).toBe(true)
  expect(hrefs(card)).toEqual(['tel:110', 'tel:96110'])
})

test('emergency begins with the number to call; 12110 is a text message', () => {
  const card = show(replies.emergency).querySelector('.emergency')!
  expect(words(card).startsWith('110')).toBe(true)
  expect(hrefs(card)).toEqual(['tel:110', 'tel:120', 'sms:12110'])
  expect(card.querySelectorAll('li')).toHaveLength(4)
})

test('hotline shows the ticket, the place in the queue, the numbers and what to have ready', () => {
  const card = show(replies.handoff).querySelector('.hotline')!
  expect(words(card.querySelector('.ticket'))).toBe('受理编号2211-0042人工队列第 3 位')
  expect(hrefs(card)).toEqual(['tel:12345', 'tel:12367'])
  expect(words(card)).toContain('护照、通行证、签注、签证')
  expect(words(card)).toContain('请准备好')
})

test('choices are numbered buttons that choose by code or id; extras say their line', () => {
  const choose = vi.fn()
  const say = vi.fn()
  const root = show(replies.choices, { choose, say })
  const options = [...root.querySelectorAll<HTMLButtonElement>('.option')]
  expect(options.map((o) => words(o.querySelector('.n')))).toEqual(['1', '2', '3', '4'])
  options[1]!.click()
  options[3]!.click()
  expect(choose.mock.calls).toEqual([['CRJ-008', '证件丢了、坏了，补一张'], ['gangao-weekend', '只想知道周末开不开门']])
  root.querySelectorAll<HTMLButtonElement>('.extra button')[0]!.click()
  expect(say).toHaveBeenCalledWith('都不是')
})

test('steps are folded when they say so', () => {
  const sections = [{ facet: 'how', title: '办理流程', text: '一\n二' }]
  expect(block({ type: 'steps', folded: true, sections }).querySelector('details')!.hasAttribute('open')).toBe(false)
  mounted!.done()
  expect(block({ type: 'steps', sections }).querySelector('details')!.hasAttribute('open')).toBe(true)
})

test('outlets say how far, whether open, whose area, and open in map apps', () => {
  const root = block({
    type: 'outlets', title: '离您较近的地方', outlets: [{ id: 'a', name: '甲所', kind: '派出所', district: '南山区' }, { id: 'b', name: '乙所', kind: '派出所', district: '南山区' }],
    metres: [846, -1], visits: [
      { state: 'open', says: '现在开放，18:00 关闭', responsible: true, maps: [{ kind: 'map', label: '高德地图', url: 'https://uri.amap.com/marker?position=1,2' }, { kind: 'map', label: '坏', url: 'javascript:alert(1)' }] }, {},
    ],
    links: [{ kind: 'web', label: '查看全部网点', url: '/outlets?item=RK-001' }],
  })
  expect(words(root)).toContain('约 850 米')
  expect(words(root)).toContain('现在开放，18:00 关闭')
  expect(words(root)).toContain('辖区派出所')
  expect(hrefs(root)).toEqual(['https://uri.amap.com/marker?position=1,2', '/outlets?item=RK-001'])
  expect(words(root)).not.toContain('-1')
})

test('a button that leads on to another site opens beside the conversation', () => {
  const item = { ...crj007, links: [{ kind: 'web', label: '去办理', url: '/go/CRJ-007?c.huji=x' }] }
  const a = block({ type: 'item', item: item as Block['item'] }).querySelector('a.act')!
  expect(a.getAttribute('target')).toBe('_blank')
  expect(a.getAttribute('rel')).toBe('noopener noreferrer')
})

test('outlets show place, hours and telephone', () => {
  const root = show(replies.outlets)
  expect(words(root)).toContain('示例路 1 号')
  expect(hrefs(root, '.phone')).toEqual(['tel:075500000001'])
})

test('a thumb down asks why and sends both', async () => {
  const rate = vi.fn(async () => undefined)
  const root = show({ blocks: [{ type: 'rating', title: '有用吗' }] }, { rate })
  root.querySelectorAll<HTMLButtonElement>('.ask button')[1]!.click()
  await settle()
  const reasons = [...root.querySelectorAll<HTMLButtonElement>('.chip')]
  expect(reasons.map(words)).toEqual(['答非所问', '已过时', '看不懂', '链接打不开'])
  reasons[1]!.click()
  await settle()
  expect(rate.mock.calls).toEqual([[2, -1, ''], [2, -1, '已过时']])
  expect(words(root)).toContain('已记下「已过时」')
})

test('a vote that did not arrive says so', async () => {
  const root = show({ blocks: [{ type: 'rating' }] }, { rate: async () => { throw new Error('offline') } })
  root.querySelectorAll<HTMLButtonElement>('.ask button')[0]!.click()
  await settle()
  expect(words(root)).toContain('没有记下')
})

test('an unknown card is said once in the words of the reply', () => {
  const root = show({ text: '全文', blocks: [{ type: 'text', text: '开头' }, { type: 'map' }, { type: 'constructor' }] })
  expect(words(root)).toBe('深微：开头全文')
  mounted!.done()
  expect(words(show({ text: '全文', blocks: null }))).toBe('深微：全文')
})

test('generated words carry the label, and an answer names what it rests on', () => {
  expect(words(show(replies.caution).querySelector('.basis'))).toMatch(/人工智能（AI）生成合成.*知识条目/)
  mounted!.done()
  const basis = show(replies.item).querySelector('.basis')!
  expect(words(basis)).toBe('知识库原文，依据 事项 CRJ-007')
  expect(hrefs(basis)).toEqual(['/items/CRJ-007'])
})
