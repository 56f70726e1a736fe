import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ChatSocket } from '../src/shared/socket'
import { FakeWire } from './support'

let wires: FakeWire[]
const frames = vi.fn()

function socket(random = () => 1) {
  return new ChatSocket({
    dial: () => {
      const wire = new FakeWire()
      wires.push(wire)
      return wire
    },
    hello: () => ({ token: '', conversation: '', after: 0 }),
    onFrame: frames,
    onStatus: () => undefined,
    onTerminal: () => false,
    random,
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  wires = []
  frames.mockReset()
})
afterEach(() => {
  vi.useRealTimers()
})

test('pauses grow with every failed attempt and stay under twenty seconds', () => {
  const s = socket()
  s.start()
  const pauses: number[] = []
  for (let i = 0; i < 8; i++) {
    const before = Date.now()
    wires[i]!.lose()
    vi.advanceTimersToNextTimer()
    pauses.push(Date.now() - before)
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000])
  s.stop()
})

test('half of a pause is chance, so that not everybody returns at once', () => {
  const s = socket(() => 0)
  s.start()
  wires[0]!.lose()
  vi.advanceTimersByTime(499)
  expect(wires).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(wires).toHaveLength(2)
  s.stop()
})

test('a busy server (1013) is left alone for five seconds', () => {
  const s = socket()
  s.start()
  wires[0]!.open()
  wires[0]!.tell({ type: 'ready' })
  wires[0]!.lose(1013)
  vi.advanceTimersByTime(5000)
  expect(wires).toHaveLength(1)
  vi.advanceTimersByTime(1000)
  expect(wires).toHaveLength(2)
  s.stop()
})

test('a server that leaves (1013) says when to come back, and is believed', () => {
  for (const [reason, pause] of [['{"retry_in_ms":700}', 700], ['{"retry_in_ms":9e9}', 60000]] as const) {
    const s = socket()
    s.start()
    const n = wires.length
    wires[n - 1]!.open()
    wires[n - 1]!.tell({ type: 'ready' })
    wires[n - 1]!.lose(1013, reason)
    vi.advanceTimersByTime(pause - 1)
    expect(wires).toHaveLength(n)
    vi.advanceTimersByTime(1)
    expect(wires).toHaveLength(n + 1)
    s.stop()
  }
})

test('a hint of nonsense is not believed', () => {
  for (const reason of ['{"retry_in_ms":-1}', '{"retry_in_ms":"soon"}', 'null', '[', '{}']) {
    const s = socket()
    s.start()
    const n = wires.length
    wires[n - 1]!.open()
    wires[n - 1]!.tell({ type: 'ready' })
    wires[n - 1]!.lose(1013, reason)
    vi.advanceTimersByTime(5000)
    expect(wires).toHaveLength(n)
    s.stop()
  }
})

test('a server that accepts and never greets counts as a failure', () => {
  const s = socket()
  s.start()
  wires[0]!.open()
  vi.advanceTimersByTime(10000)
  expect(s.failures).toBe(1)
  expect(wires[0]!.closed).toBe(true)
  s.stop()
})

test('frames that are no JSON, or no object, are passed over', () => {
  const s = socket()
  s.start()
  wires[0]!.open()
  wires[0]!.onmessage?.({ data: '<html>' })
  wires[0]!.onmessage?.({ data: 'null' })
  expect(frames).not.toHaveBeenCalled()
  s.stop()
})

test('after stop nothing comes back', () => {
  const s = socket()
  s.start()
  s.stop()
  vi.advanceTimersByTime(60000)
  expect(wires).toHaveLength(1)
})
