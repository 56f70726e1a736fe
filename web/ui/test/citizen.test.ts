// What the citizens' page adds for everybody: words in three languages, what a screen reader
// hears, what stays on the device, the checklist.

import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { replies } from '../dev/answers.mjs'
import { Announcer } from '../src/chat/announce'
import { forgetDevice, History } from '../src/chat/history'
import type { Reply } from '../src/shared/api'
import { Conversation } from '../src/shared/conversation'
import MaterialList from '../src/shared/MaterialList.vue'
import { wrap } from '../src/shared/sheet'
import ReplyMessage from '../src/shared/ReplyMessage.vue'
import { partsToSay } from '../src/shared/speak'
import { keepIn } from '../src/shared/storage'
import type { Entry } from '../src/shared/thread'
import { setView, view } from '../src/shared/view'
import { fix, fixed, follow, lang, preferred, show, t, teach } from '../src/shared/words'
import { FakeServer, memoryKeep, mount, reply, settle, words } from './support'

const book = (name: string) => JSON.parse(readFileSync(`src/shared/words/${name}.json`, 'utf8')) as Record<string, string>
const books = { en: book('en'), 'zh-Hant': book('zh-Hant') }

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  teach('en', books.en)
  teach('zh-Hant', books['zh-Hant'])
})
afterEach(async () => {
  await fix('')
  await show('zh-Hans')
  setView({ elder: false, size: 0 })
})

/** Every text that a page of the citizens asks for by t('…'). */
function asked(): string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => /^(chat|shared)\/.*\.(vue|ts)$/.test(f) && !f.startsWith('shared/staff'))
  return [...new Set(files.flatMap((f) => [...readFileSync(`src/${f}`, 'utf8').matchAll(/\bt\('([^']*)'/g)].map((m) => m[1]!)))]
}

test('every text has its words in both other languages, with the same gaps', () => {
  const keys = asked().filter((k) => /[\u4e00-\u9fff]/.test(k))
  expect(keys.length).toBeGreaterThan(120)
  for (const [name, words] of Object.entries(books)) {
    for (const key of keys) {
      expect(words[key], `${name}: ${key}`).toBeTruthy()
      expect(words[key]!.match(/\{\d\}/g)?.sort() ?? []).toEqual(key.match(/\{\d\}/g)?.sort() ?? [])
    }
  }
  for (const [key, said] of Object.entries(books.en)) expect(said, key).not.toMatch(/[\u4e00-\u9fff]/)
})

test('no text of the citizens\' pages stands outside of t()', () => {
  for (const dir of ['chat', 'shared', 'shared/blocks']) {
    for (const file of readdirSync(`src/${dir}`).filter((f) => f.endsWith('.vue'))) {
      const text = readFileSync(`src/${dir}/${file}`, 'utf8')
      const template = text.slice(text.indexOf('<template>'), text.lastIndexOf('</template>'))
      const bare = template.replace(/t\('[^']*'/g, '').replace(/深微/g, '')
      expect(bare.match(/[\u4e00-\u9fff]+/g), `${dir}/${file}`).toBeNull()
    }
  }
})

test('the page speaks the language of the last reply unless one is fixed', async () => {
  expect([preferred('zh-HK'), preferred('zh-TW'), preferred('en-GB'), preferred('zh-CN'), preferred('ja')]).toEqual(['zh-Hant', 'zh-Hant', 'en', 'zh-Hans', 'zh-Hans'])
  follow('zh-Hant')
  await settle()
  expect(t('发送')).toBe('發送')
  expect(document.documentElement.lang).toBe('zh-Hant')
  await fix('en')
  follow('zh-Hans')
  await settle()
  expect([lang.value, fixed.value, t('第 {0} 位', 3)]).toEqual(['en', 'en', 'No. 3'])
})

test('words that cannot be fetched leave the page as it is', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('offline') }))
  teach('en', undefined as never)
  await fix('en')
  expect([lang.value, t('发送')]).toEqual(['zh-Hans', '发送'])
  vi.unstubAllGlobals()
  teach('en', books.en)
})

test('a typed line says its own language, a button\'s that of the page, and a fixed one wins', () => {
  const server = new FakeServer()
  let wanted = ''
  const c = new Conversation({ api: server.api, dial: server.dial, keep: memoryKeep(), lang: () => wanted })
  c.start()
  server.greet()
  c.say('typed')
  c.say('转人工', 'en')
  c.choose('CRJ-007', 'label', 'zh-Hant')
  wanted = 'zh-Hans'
  c.say('typed')
  expect(server.wire.said.map((f) => f.lang)).toEqual([undefined, 'en', 'zh-Hant', 'zh-Hans'])
  c.stop()
})

const entry = (kind: Entry['kind'], key: string, text: string, more: Partial<Entry> = {}): Entry =>
  ({ key, kind, epoch: 0, seq: 1, ref: '', text, state: 'sent', problem: '', reply: null, author: '', event: '', at: '', picture: null, preview: '', ...more })

test('a screen reader hears each new line once, and nothing that was there before', () => {
  const a = new Announcer(2000, 0)
  const old = [entry('citizen', 'c1', '问', { at: 'x' }), entry('reply', 'r1', '旧', { reply: reply(2, '旧') })]
  expect(a.fresh(old, 500)).toEqual([])
  const now = [...old, entry('citizen', 'c2', '再问', { seq: Infinity }), entry('reply', 'r2', '新', { reply: reply(4, '新') }), entry('agent', 'm5', '您好', { author: '8' })]
  expect(a.fresh(now, 600).map((s) => s.text)).toEqual(['深微：新', '坐席 8 号：您好'])
  expect(a.fresh(now, 9000)).toEqual([])
})

test('history keeps ten conversations for thirty days, the newest first, and clears all', () => {
  const h = new History()
  for (let i = 0; i < 12; i++) h.note(`c${i}`, `t${i}`, `第${i}个问题`, 1000 + i)
  h.note('c5', 't5', '后来的话', 5000)
  expect(h.list(6000).map((p) => p.conversation)).toEqual(['c5', 'c11', 'c10', 'c9', 'c8', 'c7', 'c6', 'c4', 'c3', 'c2'])
  expect(h.list(6000)[0]!.title).toBe('第5个问题')
  h.note('', 't', 'x', 6000)
  h.note('c', '', 'x', 6000)
  expect(h.list(6000)).toHaveLength(10)
  expect(h.list(6000 + 31 * 24 * 3600 * 1000)).toEqual([])
  localStorage.setItem('shenwei.view', '{}')
  forgetDevice()
  expect([localStorage.getItem('shenwei.past'), localStorage.getItem('shenwei.view')]).toEqual([null, '{}'])
})

test('what storage says is not believed', () => {
  localStorage.setItem('shenwei.past', '{"not":"a list"}')
  expect(new History().list()).toEqual([])
  localStorage.setItem('shenwei.past', '[null,{"conversation":1}]')
  expect(new History().list()).toEqual([])
})

test('storage that is full is told, and what was written stays for the time being', () => {
  const full = keepIn(() => ({ getItem: () => null, setItem: () => { throw new DOMException('full', 'QuotaExceededError') }, removeItem: () => undefined }) as unknown as Storage)
  expect(full.safe()).toBe(true)
  full.set('k', 'v')
  expect([full.safe(), full.get('k')]).toEqual([false, 'v'])
})

test('the elders\' view stands on the root element and is kept', () => {
  setView({ elder: true, size: 2 })
  expect([document.documentElement.getAttribute('data-mode'), document.documentElement.getAttribute('data-size')]).toEqual(['elder', '2'])
  expect(JSON.parse(localStorage.getItem('shenwei.view')!)).toEqual({ elder: true, size: 2 })
  setView({ elder: false })
  expect([document.documentElement.hasAttribute('data-mode'), view.value.size]).toEqual([false, 2])
})

test('materials are ticked, stay ticked, and copy as a list', async () => {
  const copied: string[] = []
  Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async (text: string) => void copied.push(text) } })
  const props = { code: 'CRJ-007', title: '换发', materials: ['通行证', '身份证'], facts: ['零跑腿', ''], review: '2027-01-01' }
  let m = mount(MaterialList, props)
  m.root.querySelectorAll<HTMLInputElement>('input')[1]!.click()
  m.done()
  m = mount(MaterialList, props)
  expect([...m.root.querySelectorAll<HTMLInputElement>('input')].map((i) => i.checked)).toEqual([false, true])
  m.root.querySelector('button')!.click()
  await settle()
  expect(copied[0]).toBe('换发\n零跑腿\n1. 通行证\n2. 身份证\n深微 · 知识库原文，事项 CRJ-007  复核日期 2027-01-01\n以办理页面和窗口公告为准')
  expect(words(m.root)).toContain('清单已复制。')
  m.done()
})

test('a picture\'s lines break where they must, but not inside a word', () => {
  const measure = (s: string) => s.length
  expect(wrap('一二三四五六', 4, measure)).toEqual(['一二三四', '五六'])
  expect(wrap('see the application page', 12, measure)).toEqual(['see the ', 'application ', 'page'])
  expect(wrap('', 4, measure)).toEqual([])
})

test('what is read aloud comes in parts that a voice can finish', () => {
  const parts = partsToSay(`${'长句子。'.repeat(100)}\n第二行`)
  expect(Math.max(...parts.map((p) => p.length))).toBeLessThanOrEqual(165)
  expect(parts.join('')).toBe(`${'长句子。'.repeat(100)}第二行`)
})

test('an item and its guide are one card, conditions before papers, papers before steps', () => {
  const item = (replies.item as Partial<Reply>).blocks!.find((b) => b.type === 'item')!
  const sections = ['condition', 'material', 'how', 'place'].map((facet) => ({ facet, title: `段${facet}`, text: '内容' }))
  const check = vi.fn()
  const m = mount(ReplyMessage, { reply: reply(2, '', { blocks: [{ ...item, item: { ...item.item!, matter: '通行证', sources: ['官网'], review: '2027-01-01' } }, { type: 'steps', sections }] }) }, { check })
  expect(m.root.querySelectorAll('.steps')).toHaveLength(0)
  const text = words(m.root)
  const order = ['段condition', '要带的材料', '段how', '零跑腿', '段place', '复核日期', '来源：官网'].map((w) => text.indexOf(w))
  expect(order).toEqual([...order].sort((a, b) => a - b))
  expect(order[0]).toBeGreaterThan(0)
  m.root.querySelector<HTMLElement>('.related .chip')!.click()
  expect(check).toHaveBeenCalledWith('通行证')
  m.done()
})
