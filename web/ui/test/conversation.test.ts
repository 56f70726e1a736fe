import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../src/shared/api'
import { Conversation } from '../src/shared/conversation'
import { FakeServer, memoryKeep, reply } from './support'

let server: FakeServer
let keep: ReturnType<typeof memoryKeep>
let talk: Conversation

const begin = () => new Conversation({ api: server.api, dial: server.dial, keep, random: () => 1 })
const shown = () => talk.state.entries.map((e) => `${e.kind}:${e.text}`)
const states = () => talk.state.entries.filter((e) => e.kind === 'citizen').map((e) => e.state)

beforeEach(() => {
  vi.useFakeTimers()
  server = new FakeServer()
  keep = memoryKeep()
  talk = begin()
  talk.start()
})
afterEach(() => {
  talk.stop()
  vi.useRealTimers()
})

test('a line goes out once the server is ready and is sent when it is acknowledged', () => {
  talk.say('护照')
  expect(server.wire.said).toEqual([])
  expect(states()).toEqual(['sending'])
  server.greet()
  const said = server.wire.said[0]!
  expect(said).toMatchObject({ type: 'say', text: '护照' })
  expect(said.ref).toMatch(/^[0-9a-f]{32}$/)
  server.ack(said.ref, '护照')
  expect(states()).toEqual(['sent'])
  expect(talk.state.waiting).toBe(true)
  server.answer(said.ref, '护照')
  expect(talk.state.waiting).toBe(false)
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照'])
})

test('a connection lost between send and acknowledgement repeats the line once with the same ref', async () => {
  server.greet()
  talk.say('护照')
  const { ref } = server.wire.said[0]!
  server.receive(ref, '护照') // on disk, but the acknowledgement is lost
  server.wire.lose()
  expect(talk.state.link).toBe('reconnecting')
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.wires).toHaveLength(2)
  server.greet()
  await vi.advanceTimersByTimeAsync(0)
  expect(server.wire.said).toEqual([{ type: 'say', ref, text: '护照' }])
  server.ack(ref, '护照')
  server.answer(ref, '护照')
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照'])
  expect(server.messages).toHaveLength(2)
  expect(talk.state.waiting).toBe(false)
})

test('a reply that arrives twice is shown once', async () => {
  server.greet()
  talk.say('护照')
  const { ref } = server.wire.said[0]!
  server.ack(ref, '护照')
  server.answer(ref, '护照')
  server.answer(ref, '护照')
  server.wire.tell({ type: 'event', seq: 2, kind: 'reply', text: '答：护照', reply: reply(2, '答：护照') })
  await vi.advanceTimersByTimeAsync(0)
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照'])
})

test('messages stand in the order of the server, whatever the order of arrival', () => {
  server.greet()
  talk.say('一')
  talk.say('二')
  const [one, two] = server.wire.said
  server.wire.tell({ type: 'ack', ref: two!.ref, seq: 1 })
  server.wire.tell({ type: 'ack', ref: one!.ref, seq: 2 })
  server.wire.tell({ type: 'reply', ref: one!.ref, reply: reply(4, '答一') })
  server.wire.tell({ type: 'reply', ref: two!.ref, reply: reply(3, '答二') })
  expect(shown()).toEqual(['citizen:二', 'citizen:一', 'reply:答二', 'reply:答一'])
})

test('one reply may answer several lines', () => {
  server.greet()
  talk.say('一')
  talk.say('二')
  const [one, two] = server.wire.said
  server.wire.tell({ type: 'ack', ref: one!.ref, seq: 1 })
  server.wire.tell({ type: 'ack', ref: two!.ref, seq: 2 })
  server.wire.tell({ type: 'reply', ref: two!.ref, reply: reply(3, '答', { refs: [one!.ref, two!.ref] }) })
  expect(talk.state.waiting).toBe(false)
})

test('of two lines without a conversation only the first goes out before the answer', () => {
  server.greet('')
  talk.say('一')
  talk.say('二')
  expect(server.wire.said.map((f) => (f as { text: string }).text)).toEqual(['一'])
  const { ref } = server.wire.said[0]!
  server.ack(ref, '一')
  server.wire.tell({ type: 'reply', ref, reply: { ...server.receive(ref, '一').reply, token: 't' } })
  expect(server.wire.said.map((f) => (f as { text: string }).text)).toEqual(['一', '二'])
})

test('a new connection names the conversation, its token and the last message without a gap', async () => {
  server.greet()
  talk.say('护照')
  const { ref } = server.wire.said[0]!
  server.ack(ref, '护照')
  server.answer(ref, '护照')
  server.wire.lose()
  await vi.advanceTimersByTimeAsync(1000)
  server.wire.open()
  expect(server.wire.sent[0]).toEqual({ type: 'hello', conversation: 'c1', token: 'token-c1', after: 2 })
})

test('a reload shows the conversation again and says an unanswered line again', async () => {
  server.greet()
  talk.say('护照')
  const first = server.wire.said[0]!
  server.ack(first.ref, '护照')
  server.answer(first.ref, '护照')
  talk.say('多少钱')
  const second = server.wire.said[1]!
  talk.stop()

  talk = begin()
  talk.start()
  expect(shown()).toEqual(['citizen:多少钱'])
  server.greet()
  await vi.advanceTimersByTimeAsync(0)
  expect(server.wire.said).toEqual([{ type: 'say', ref: second.ref, text: '多少钱' }])
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照', 'citizen:多少钱'])
})

test('what was missed while away is read from the record', async () => {
  server.greet()
  server.wire.lose()
  server.receive('from-another-tab', '签注')
  await vi.advanceTimersByTimeAsync(1000)
  server.greet()
  await vi.advanceTimersByTimeAsync(0)
  expect(shown()).toEqual(['citizen:签注', 'reply:答：签注'])
})

test('after three failed attempts lines go by plain requests, and a socket that works again takes over', async () => {
  for (let i = 0; i < 3; i++) {
    server.wire.lose()
    if (i < 2) await vi.advanceTimersByTimeAsync(5000)
  }
  expect(talk.state.link).toBe('polling')
  talk.say('护照')
  await vi.advanceTimersByTimeAsync(0)
  expect(server.requests).toMatchObject([{ text: '护照', conversation: '' }])
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照'])
  await vi.advanceTimersByTimeAsync(5000)
  server.greet()
  await vi.advanceTimersByTimeAsync(0)
  expect(talk.state.link).toBe('online')
  talk.say('签注')
  expect(server.wire.said).toMatchObject([{ text: '签注' }])
  expect(shown().slice(0, 2)).toEqual(['citizen:护照', 'reply:答：护照'])
})

function withoutSockets() {
  server.dial = () => {
    throw new Error('sockets are blocked')
  }
  talk.stop()
  talk = new Conversation({ api: server.api, dial: () => server.dial(), keep, random: () => 1 })
  talk.start()
  return vi.advanceTimersByTimeAsync(10000)
}

test('too many lines wait as long as the server says, then go out by themselves', async () => {
  await withoutSockets()
  server.trouble.push(new ApiError({ code: 'rate_limited', message: '太频繁' }, 7))
  talk.say('护照')
  await vi.advanceTimersByTimeAsync(0)
  expect(talk.state.pausedUntil - Date.now()).toBe(7000)
  expect(states()).toEqual(['sending'])
  await vi.advanceTimersByTimeAsync(6900)
  expect(server.requests).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(200)
  expect(server.requests).toHaveLength(2)
  expect(server.requests[1]!.ref).toBe(server.requests[0]!.ref)
  expect(talk.state.pausedUntil).toBe(0)
  expect(shown()).toContain('reply:答：护照')
})

test('a line that cannot be delivered says so and goes again, with the same ref, when tapped', async () => {
  await withoutSockets()
  for (let i = 0; i < 4; i++) server.trouble.push(new ApiError({ code: 'offline', message: '网络连接不上。' }))
  talk.say('护照')
  await vi.advanceTimersByTimeAsync(60000)
  expect(server.requests).toHaveLength(4)
  expect(talk.state.link).toBe('reconnecting')
  expect(states()).toEqual(['failed'])
  expect(talk.state.waiting).toBe(false)
  talk.retry(talk.state.entries[0]!.ref)
  expect(states()).toEqual(['sending'])
  await vi.advanceTimersByTimeAsync(0)
  expect(new Set(server.requests.map((r) => r.ref)).size).toBe(1)
  expect(talk.state.link).toBe('polling')
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照'])
})

test('a line that the server refuses says why and goes again with another ref', () => {
  server.greet()
  talk.say('护照')
  const { ref } = server.wire.said[0]!
  server.wire.tell({ type: 'error', ref, error: { code: 'bad_request', message: '看不懂这一行', id: 'e7' } })
  expect(talk.state.entries[0]).toMatchObject({ state: 'failed', problem: '看不懂这一行（编号 e7）' })
  talk.retry(ref)
  expect(server.wire.said).toHaveLength(2)
  expect(server.wire.said[1]!.ref).not.toBe(ref)
})

test.each([4401, 4403])('close code %i begins a new conversation with a notice and loses no line', async (code) => {
  server.greet()
  talk.say('护照')
  server.ack(server.wire.said[0]!.ref, '护照')
  server.answer(server.wire.said[0]!.ref, '护照')
  talk.say('多少钱')
  server.wire.lose(code)
  server.messages = []
  server.wire.open()
  expect(server.wire.sent[0]).toEqual({ type: 'hello', conversation: '', token: '', after: 0 })
  server.greet('c2')
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照', 'notice:上一段对话已结束，已为您开始新的对话。', 'citizen:多少钱'])
  expect(server.wire.said).toMatchObject([{ text: '多少钱' }])
})

test('a terminal close of a fresh conversation is final until the citizen tries again', async () => {
  server.wire.open()
  server.wire.lose(4403)
  await vi.advanceTimersByTimeAsync(60000)
  expect(talk.state.link).toBe('closed')
  expect(server.wires).toHaveLength(1)
  talk.say('护照')
  expect(server.wires).toHaveLength(2)
})

test('a conversation that the record does not know any more is begun again', async () => {
  keep.set('shenwei.session', { conversation: 'old', token: 't' })
  talk.stop()
  talk = begin()
  talk.start()
  server.api.messages = async () => {
    throw new ApiError({ code: 'not_found', message: '没有这段对话' })
  }
  server.wire.open()
  server.wire.tell({ type: 'ready', conversation: 'old', token: 't', seq: 9 })
  await vi.advanceTimersByTimeAsync(1000)
  server.wire.open()
  expect(server.wire.sent[0]).toMatchObject({ conversation: '' })
})

test('a connection that acknowledges nothing is replaced', async () => {
  server.greet()
  talk.say('护照')
  const { ref } = server.wire.said[0]!
  await vi.advanceTimersByTimeAsync(11000)
  expect(server.wires).toHaveLength(2)
  server.greet()
  expect(server.wire.said).toMatchObject([{ ref }])
})

test('a tapped choice goes as its code and shows its label', () => {
  server.greet()
  talk.choose('CRJ-011', '去香港')
  expect(server.wire.said).toMatchObject([{ type: 'choose', code: 'CRJ-011' }])
  expect(shown()).toEqual(['citizen:去香港'])
  server.wire.tell({ type: 'error', ref: server.wire.said[0]!.ref, error: { code: 'not_found', message: '没有这个选项' } })
  expect(talk.state.entries[0]).toMatchObject({ state: 'failed', problem: '没有这个选项' })
})

test('a vote carries the conversation and its token', async () => {
  server.greet()
  await talk.rate(2, -1, '已过时')
  expect(server.votes).toEqual([{ conversation: 'c1', token: 'token-c1', seq: 2, score: -1, reason: '已过时' }])
})

test('what is verified of an answer is shown until the answer stands in its place, and taken back when told', () => {
  server.greet()
  talk.say('护照')
  const { ref } = server.wire.said[0]!
  server.ack(ref, '护照')
  server.wire.tell({ type: 'wording', ref: 'somebody else', text: '别的' })
  expect(talk.state.wording).toBe('')
  server.wire.tell({ type: 'wording', ref, text: '您好，先挂失。' })
  expect(talk.state.wording).toBe('您好，先挂失。')
  server.wire.tell({ type: 'wording', ref, text: '' })
  expect(talk.state.wording).toBe('')
  server.wire.tell({ type: 'wording', ref, text: '您好，先挂失。再补领。' })
  server.answer(ref, '护照')
  expect(talk.state.wording).toBe('')
  expect(shown()).toEqual(['citizen:护照', 'reply:答：护照'])
})
