// Parts of the studio that take what people write and paste.

import { afterEach, expect, test, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import { ApiError } from '../src/shared/api'
import { accounts, call, useToken, whenLost, withQuery } from '../src/shared/staff/api'
import DiffView from '../src/studio/parts/DiffView.vue'
import LinesField from '../src/studio/parts/LinesField.vue'
import RenderedHtml from '../src/studio/parts/RenderedHtml.vue'
import { mount, settle, words, type Mounted } from './support'

let mounted: Mounted | undefined
afterEach(() => {
  mounted?.done()
  mounted = undefined
  vi.unstubAllGlobals()
  useToken('')
})

test('rendered Markdown keeps its text and loses everything that could act', () => {
  mounted = mount(RenderedHtml, {
    html: '<p onclick="x()">一<strong>二</strong></p><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">坏</a><a href="https://gdzwfw.gov.cn/">好</a><object data="/"></object><ul><li>三</li></ul>',
  })
  const root = mounted.root
  expect(root.querySelector('script, img, object, [onclick]')).toBeNull()
  expect(words(root)).toBe('一二坏好三')
  expect([...root.querySelectorAll('a')].map((a) => a.getAttribute('href'))).toEqual([null, 'https://gdzwfw.gov.cn/'])
})

function lines(begin: string[]) {
  const value = ref(begin)
  const Holder = defineComponent(() => () => h(LinesField, {
    name: '问法', modelValue: value.value, hints: new Map([[0, [{ field: 'asks', index: 0, kind: 'duplicate' as const, text: '已是别人的问法' }]]]),
    'onUpdate:modelValue': (v: string[]) => { value.value = v },
  }))
  mounted = mount(Holder, {})
  return { value, fields: () => [...mounted!.root.querySelectorAll<HTMLInputElement>('input[data-line]')] }
}
async function press(field: HTMLInputElement, key: string) {
  field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  await settle()
}

test('Enter adds a line below, Backspace in an empty one takes it away, arrows move', async () => {
  const { value, fields } = lines(['一', '二'])
  await press(fields()[0]!, 'Enter')
  expect(value.value).toEqual(['一', '', '二'])
  expect(document.activeElement).toBe(fields()[1])
  await press(fields()[1]!, 'Backspace')
  expect(value.value).toEqual(['一', '二'])
  await press(fields()[0]!, 'ArrowDown')
  expect(document.activeElement).toBe(fields()[1])
  expect(words(mounted!.root.querySelector('.hint'))).toBe('重复 已是别人的问法')
})

test('a pasted list becomes lines; one pasted line goes where the cursor is', async () => {
  const { value, fields } = lines(['一', ''])
  const paste = (text: string) => {
    const e = new Event('paste', { bubbles: true, cancelable: true }) as Event & { clipboardData: unknown }
    e.clipboardData = { getData: () => text }
    fields()[1]!.dispatchEvent(e)
    return e.defaultPrevented
  }
  expect(paste('只有一行')).toBe(false)
  expect(paste('- 二\n- 三')).toBe(true)
  await settle()
  expect(value.value).toEqual(['一', '二', '三'])
})

test('a diff says what changed and on which line', () => {
  mounted = mount(DiffView, { before: 'a\n费用: 60元', after: 'a\n费用: 80元' })
  expect(words(mounted.root.querySelector('.sum'))).toBe('加 1 行、减 1 行')
  expect([...mounted.root.querySelectorAll('.add b')].map(words)).toEqual(['8'])
})

function server(status: number, body: unknown) {
  const asked: { path: string; init: RequestInit }[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push({ path, init })
    return new Response(JSON.stringify(body), { status })
  })
  return asked
}
const header = (init: RequestInit, name: string) => (init.headers as Record<string, string>)[name]

test('a request that changes something carries the token, one that reads does not', async () => {
  const asked = server(200, { state: 'ok', csrf: 't2' })
  useToken('t1')
  await call('GET', '/a')
  await call('POST', '/b', { x: 1 })
  await accounts.login({ name: 'n', password: 'p' })
  await call('DELETE', '/c')
  expect(asked.map((a) => header(a.init, 'X-CSRF-Token'))).toEqual([undefined, 't1', 't1', 't2'])
  expect(asked[1]!.init.body).toBe('{"x":1}')
  expect(withQuery('/d', { a: '', b: undefined, c: '港 澳', d: 0 })).toBe('/d?c=%E6%B8%AF%20%E6%BE%B3&d=0')
})

test('a session that ended is told, once somebody was signed in; a conflict brings both sides', async () => {
  const lost = vi.fn()
  whenLost(lost)
  server(401, { error: { code: 'unauthorized', message: '请先登录' } })
  await expect(call('GET', '/a')).rejects.toMatchObject({ code: 'unauthorized' })
  expect(lost).not.toHaveBeenCalled()
  useToken('t')
  await expect(call('GET', '/a')).rejects.toBeInstanceOf(ApiError)
  expect(lost).toHaveBeenCalledTimes(1)
  server(409, { error: { code: 'conflict', message: '别人也改了', detail: { theirs: { revision: 3 } } } })
  await expect(call('PUT', '/a', {})).rejects.toMatchObject({ detail: { theirs: { revision: 3 } } })
})
