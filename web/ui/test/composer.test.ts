import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import ChatComposer from '../src/chat/ChatComposer.vue'
import type { Suggestion } from '../src/shared/api'
import { memoryKeep, mount, settle, words, type Mounted } from './support'

let mounted: Mounted
let field: HTMLTextAreaElement
const say = vi.fn()
const suggest = vi.fn(async (_: string): Promise<Suggestion[]> => [{ text: '护照换发' }, { text: '护照补发' }])

beforeEach(() => {
  vi.useFakeTimers()
  say.mockReset()
  suggest.mockClear()
  mounted = mount(ChatComposer, { suggest, keep: memoryKeep(), onSay: say })
  field = mounted.root.querySelector('textarea')!
})
afterEach(() => {
  mounted.done()
  vi.useRealTimers()
})

async function type(text: string) {
  field.value = text
  field.dispatchEvent(new Event('input'))
  await settle()
}
const press = async (key: string, more: object = {}) => {
  const e = new KeyboardEvent('keydown', { key, cancelable: true, ...more })
  field.dispatchEvent(e)
  await settle()
  return e
}
const options = () => [...mounted.root.querySelectorAll('[role=option]')]
const suggested = async (text: string) => {
  await type(text)
  await vi.advanceTimersByTimeAsync(200)
  await settle()
}

test('Enter sends the trimmed line and empties the field', async () => {
  await type('  护照  ')
  await press('Enter')
  expect(say.mock.calls).toEqual([['护照']])
  expect(field.value).toBe('')
})

test('Shift and Enter make a new line; blanks alone are not sent', async () => {
  await type('护照')
  expect((await press('Enter', { shiftKey: true })).defaultPrevented).toBe(false)
  await type('   \n ')
  await press('Enter')
  expect(say).not.toHaveBeenCalled()
})

test('Enter that closes an input method does not send', async () => {
  field.dispatchEvent(new Event('compositionstart'))
  await type('hu zhao')
  await press('Enter')
  await press('Enter', { isComposing: true })
  field.value = '护照'
  field.dispatchEvent(new Event('compositionend'))
  await press('Enter', { keyCode: 229 })
  expect(say).not.toHaveBeenCalled()
  await press('Enter')
  expect(say.mock.calls).toEqual([['护照']])
})

test('nothing is suggested for letters that an input method is still turning into characters', async () => {
  field.dispatchEvent(new Event('compositionstart'))
  await suggested('hu zhao')
  expect(suggest).not.toHaveBeenCalled()
})

test('4,000 characters are sent, 4,001 are refused with a clear message and stay in the field', async () => {
  await type('啊'.repeat(4000))
  expect(words(mounted.root.querySelector('.problem'))).toBe('还可以写 0 字')
  await type('啊'.repeat(4001))
  expect(words(mounted.root.querySelector('.problem'))).toBe('一次最多 4,000 字，现在是 4,001 字，请删减或分几次发送。')
  expect(mounted.root.querySelector('button')!.getAttribute('aria-disabled')).toBe('true')
  await press('Enter')
  expect(say).not.toHaveBeenCalled()
  expect(field.value).toHaveLength(4001)
  await type('啊'.repeat(4000))
  await press('Enter')
  expect(say).toHaveBeenCalledOnce()
})

test('characters outside the basic plane count as one each, as the server counts', async () => {
  await type('𠮷'.repeat(4000))
  await press('Enter')
  expect(say).toHaveBeenCalledOnce()
})

test('suggestions come after a pause, once for the last words', async () => {
  await type('护')
  await type('护照')
  await suggested('护照换')
  expect(suggest.mock.calls).toEqual([['护照换']])
  expect(options().map(words)).toEqual(['护照换发', '护照补发'])
})

test('arrows and Enter pick a suggestion, Escape closes the list', async () => {
  await suggested('护照')
  await press('ArrowDown')
  await press('ArrowDown')
  expect(options().map((o) => o.getAttribute('aria-selected'))).toEqual(['false', 'true'])
  expect(field.getAttribute('aria-activedescendant')).toBe('suggestion-1')
  await press('Escape')
  expect(options()).toHaveLength(0)
  await suggested('护照?')
  await press('ArrowUp')
  await press('Enter')
  expect(say.mock.calls).toEqual([['护照补发']])
})

test('without a highlighted suggestion Enter sends what was written', async () => {
  await suggested('护照')
  await press('Enter')
  expect(say.mock.calls).toEqual([['护照']])
})

test('an answer to old words is dropped', async () => {
  let late: (s: Suggestion[]) => void = () => undefined
  suggest.mockImplementationOnce(() => new Promise((done) => (late = done)))
  await suggested('护照')
  await type('签')
  late([{ text: '护照换发' }])
  await settle()
  expect(options()).toHaveLength(0)
})
