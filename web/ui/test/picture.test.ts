import { afterEach, expect, test, vi } from 'vitest'
import { createApp, defineComponent, h, nextTick } from 'vue'
import PicturePanel from '../src/chat/PicturePanel.vue'
import { ApiError } from '../src/shared/api'
import { Conversation } from '../src/shared/conversation'
import { fit, pictureOf, pictureSource, type PictureSource } from '../src/shared/picture'
import PictureView from '../src/shared/PictureView.vue'
import { Thread, type Entry } from '../src/shared/thread'
import { FakeServer, memoryKeep, mount, settle, words, type Mounted } from './support'

let mounted: Mounted | undefined
afterEach(() => {
  mounted?.done()
  mounted = undefined
})

const jpeg = 'data:image/jpeg;base64,/9g='
const there = { width: 400, height: 300, gone: false, missing: false }

function view(info: object, read: PictureSource, more: object = {}): HTMLElement {
  const root = document.createElement('div')
  document.body.appendChild(root)
  const app = createApp(defineComponent(() => () => h(PictureView, { seq: 7, info: { ...there, ...info }, name: '市民发的图片', ...more })))
  app.provide(pictureSource, read)
  app.mount(root)
  mounted = { root, done: () => { app.unmount(); root.remove() } }
  return root
}

test('what a row says of its picture is read, and nothing else is', () => {
  expect(pictureOf({ picture: { width: 4, height: 3 } })).toEqual({ width: 4, height: 3, gone: false, missing: false })
  expect(pictureOf({ picture: { gone: true } })).toMatchObject({ gone: true })
  expect(pictureOf({ picture: { missing: true } })).toMatchObject({ missing: true })
  for (const other of [null, undefined, 'x', {}, { picture: 'x' }, { agent_no: '001' }]) expect(pictureOf(other)).toBeNull()
})

test('a photograph is made smaller in its own shape, a small one is left', () => {
  expect(fit(4000, 3000, 12_000)).toEqual({ width: 126, height: 95 })
  expect(fit(800, 600)).toEqual({ width: 800, height: 600 })
  expect(fit(20_000, 1, 100)).toEqual({ width: 1414, height: 1 })
})

test('the small picture is read at once, the large one when it is opened; the keyboard gets out again', async () => {
  const asked: [number, boolean][] = []
  const root = view({}, async (seq, small) => { asked.push([seq, small]); return jpeg })
  await settle()
  const thumb = root.querySelector('img')!
  expect([thumb.alt, thumb.getAttribute('width'), thumb.getAttribute('height')]).toEqual(['市民发的图片', '200', '150'])
  const open = root.querySelector('button')!
  open.click()
  await settle()
  await settle()
  const dialog = document.querySelector('[role="dialog"]')!
  expect(asked).toEqual([[7, true], [7, false]])
  expect([dialog.getAttribute('aria-label'), dialog.querySelector('img')!.alt]).toEqual(['市民发的图片', '市民发的图片'])
  expect(words(document.activeElement)).toBe('关闭')
  document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  await settle()
  expect(document.querySelector('[role="dialog"]')).toBeNull()
  expect(document.activeElement).toBe(open)
  open.click()
  await settle()
  expect(asked).toHaveLength(3) // looking again is another look, which the server records
})

test('a picture whose time is over, that never came or that may not be seen says so', async () => {
  const never = vi.fn(async () => jpeg)
  expect(words(view({ gone: true }, never))).toBe('图片已到期删除')
  mounted!.done()
  expect(words(view({ missing: true }, never))).toBe('图片没有取到，请对方再发一次')
  mounted!.done()
  expect(words(view({ missing: true }, never, { own: true }))).toBe('图片没有送到，请再发一次')
  mounted!.done()
  await settle()
  expect(never).not.toHaveBeenCalled()
  const refused = view({}, async () => { throw new ApiError({ code: 'forbidden', message: '只有正在服务的坐席和班长可以查看图片' }) })
  await settle()
  expect(words(refused)).toBe('只有正在服务的坐席和班长可以查看图片')
})

test('a picture that did not get through is read again when asked', async () => {
  let up = false
  const root = view({}, async () => { if (!up) throw new ApiError({ code: 'offline', message: '网络连接不上' }); return jpeg })
  await settle()
  expect(words(root)).toBe('网络连接不上再试一次')
  up = true
  root.querySelector('button')!.click()
  await settle()
  expect(root.querySelector('img')).not.toBeNull()
})

test('a citizen sends a picture: seen at once, stored once, tried again after a failure with the same number', async () => {
  const server = new FakeServer()
  const talk = new Conversation({ api: server.api, dial: server.dial, keep: memoryKeep(), random: () => 1 })
  talk.start()
  server.greet()
  expect(talk.album.agreed).toBe('')
  talk.album.agree('picture-1')
  expect(talk.album.agreed).toBe('picture-1')
  server.trouble.push(new ApiError({ code: 'offline', message: '网络连接不上，请稍后再试。' }))
  talk.album.send(new Blob(['a']), jpeg)
  await settle()
  const [entry] = talk.state.entries
  expect(entry).toMatchObject({ state: 'failed', problem: '网络连接不上，请稍后再试。', preview: jpeg })
  talk.retry(entry!.ref)
  await settle()
  expect(server.pictures).toHaveLength(1)
  expect(server.pictures[0]).toMatchObject({ conversation: 'c1', ref: entry!.ref, consent: 'picture-1' })
  server.wire.tell({ type: 'event', seq: 1, kind: 'citizen', ref: entry!.ref, text: '[图片]', data: { picture: { width: 40, height: 30 } } })
  await settle()
  expect(talk.state.entries).toHaveLength(1)
  expect(talk.state.entries[0]).toMatchObject({ seq: 1, state: 'sent', picture: { width: 40, height: 30 } })
  talk.stop()
})

test('another conversation has another consent', () => {
  const server = new FakeServer()
  const keep = memoryKeep()
  const talk = new Conversation({ api: server.api, dial: server.dial, keep, random: () => 1 })
  talk.start()
  server.greet('c1')
  talk.album.agree('picture-1')
  server.wire.lose(4403)
  talk.start()
  server.greet('c2')
  expect(talk.album.agreed).toBe('')
  talk.stop()
})

test('rows of the record show their pictures, the agent\'s too', () => {
  const entries: Entry[] = []
  const thread = new Thread(entries)
  thread.stored({ seq: 1, kind: 'citizen', ref: 'r', text: '[图片]', data: { picture: { gone: true } } })
  thread.stored({ seq: 2, kind: 'agent', text: '[图片]', author: '001', data: { picture: { width: 4, height: 3 } } })
  thread.stored({ seq: 3, kind: 'agent', text: '[图片]', author: '001' })
  expect(entries.map((e) => e.picture && e.picture.gone)).toEqual([true, false, null])
})

test('the notice is read before the first picture is chosen, and not again', async () => {
  const agreed: string[] = []
  let panel: InstanceType<typeof PicturePanel> | null = null
  const notice = { version: 'picture-1', text: '请不要发送身份证' }
  const host = defineComponent({
    props: { agreed: Boolean },
    setup: (p) => () => h(PicturePanel, { ref: (x) => { panel = x as typeof panel }, notice, agreed: p.agreed, onAgree: (v: string) => agreed.push(v) }),
  })
  mounted = mount(host, { agreed: false })
  const field = mounted.root.querySelector('input')!
  const chosen = vi.spyOn(field, 'click').mockImplementation(() => undefined)
  await panel!.begin()
  await nextTick()
  expect(words(mounted.root)).toContain('请不要发送身份证')
  expect(chosen).not.toHaveBeenCalled()
  const [yes] = mounted.root.querySelectorAll('button')
  yes!.click()
  expect(agreed).toEqual(['picture-1'])
  expect(chosen).toHaveBeenCalledTimes(1)
  mounted.done()
  mounted = mount(host, { agreed: true })
  const again = vi.spyOn(mounted.root.querySelector('input')!, 'click').mockImplementation(() => undefined)
  await panel!.begin()
  expect(again).toHaveBeenCalledTimes(1)
  expect(mounted.root.querySelector('.picture-notice')).toBeNull()
})
