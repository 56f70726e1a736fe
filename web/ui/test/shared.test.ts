import { afterEach, describe, expect, test, vi } from 'vitest'
import { api, ApiError, retryAfter } from '../src/shared/api'
import { safeURL, telURL } from '../src/shared/link'
import { parts } from '../src/shared/plain'
import { keepIn } from '../src/shared/storage'
import { Thread, type Entry } from '../src/shared/thread'
import { reply } from './support'

afterEach(() => vi.unstubAllGlobals())

test.each([
  ['https://example.org/a?b=c', true], ['/items/CRJ-007', true], ['tel:0755-84461234', true], ['weixin://dl/business/?t=x', true],
  ['javascript:alert(1)', false], ['JaVaScRiPt:alert(1)', false], ['java\nscript:alert(1)', false], [' data:text/html,x', false],
  ['//evil.example', false], ['/\\evil.example', false], ['tel:110;ext=javascript', false], ['', false], ['vbscript:x', false],
])('the address %j may be followed: %s', (url, safe) => {
  expect(safeURL(url)).toBe(safe ? url : '')
})

test('numbers become addresses to call', () => {
  expect(telURL('0755-8446 1234')).toBe('tel:075584461234')
  expect(telURL('12110755')).toBe('sms:12110755')
  expect(telURL('无')).toBe('')
})

test('plain text falls into lines and lists', () => {
  expect(parts('一\r\n二\n- 甲\n• 乙\n\n三')).toEqual([
    { kind: 'lines', lines: ['一', '二'] }, { kind: 'list', lines: ['甲', '乙'] }, { kind: 'lines', lines: ['三'] },
  ])
  expect(parts('')).toEqual([])
})

test('refused storage is memory', () => {
  const keep = keepIn(() => { throw new DOMException('denied', 'SecurityError') })
  keep.set('k', { a: 1 })
  expect(keep.get('k')).toEqual({ a: 1 })
  keep.remove('k')
  expect(keep.get('k')).toBeNull()
})

test('spoilt storage is as none', () => {
  sessionStorage.setItem('k', '{')
  expect(keepIn(() => sessionStorage).get('k')).toBeNull()
})

test('Retry-After is seconds or a date', () => {
  expect(retryAfter('7')).toBe(7)
  expect(retryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 4000)).toBe(5)
  expect(retryAfter('soon')).toBe(0)
  expect(retryAfter(null)).toBe(0)
})

describe('a failed request', () => {
  const meets = (response: Response | Error) => {
    vi.stubGlobal('fetch', async () => {
      if (response instanceof Error) throw response
      return response
    })
    return api.site().catch((e: unknown) => e)
  }

  test('carries the server’s words, id and pause', async () => {
    const body = JSON.stringify({ error: { code: 'rate_limited', message: '请慢一点', id: 'x1' } })
    const e = await meets(new Response(body, { status: 429, headers: { 'Retry-After': '3' } }))
    expect(e).toBeInstanceOf(ApiError)
    expect(e).toMatchObject({ code: 'rate_limited', message: '请慢一点', id: 'x1', retryAfter: 3 })
  })
  test('of somebody else’s making gets words of our own', async () => {
    expect(await meets(new Response('<html>', { status: 502 }))).toMatchObject({ code: 'unavailable' })
    expect(await meets(new Response('<html>', { status: 413 }))).toMatchObject({ code: 'too_large' })
    expect(await meets(new TypeError('failed'))).toMatchObject({ code: 'offline' })
  })
})

describe('the thread', () => {
  const thread = () => {
    const entries: Entry[] = []
    return { entries, t: new Thread(entries) }
  }

  test('knows up to where nothing is missing', () => {
    const { t } = thread()
    t.stored({ seq: 1, kind: 'citizen', text: '一' })
    t.stored({ seq: 3, kind: 'citizen', text: '三' })
    expect(t.after).toBe(1)
    t.stored({ seq: 2, kind: 'reply', text: '二', reply: reply(2, '二') })
    expect(t.after).toBe(3)
  })
  test('shows the same message once, from whichever way it came', () => {
    const { entries, t } = thread()
    t.line('r1', '一')
    t.place('r1', 1)
    t.stored({ seq: 1, kind: 'citizen', ref: 'r1', text: '一' })
    t.stored({ seq: 1, kind: 'citizen', text: '一' })
    expect(entries).toHaveLength(1)
  })
  test('keeps a line above the reply that came before its number', () => {
    const { entries, t } = thread()
    t.line('r1', '一')
    t.line('r2', '二')
    t.answer(reply(2, '答一'), ['r1'])
    expect(entries.map((e) => e.text)).toEqual(['一', '答一', '二'])
  })
})
