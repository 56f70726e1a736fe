import { expect, test } from 'vitest'
import { Autosave, longest, pause, saveWords, type Clock, type Outcome } from '../src/studio/lib/autosave'

/** A clock that moves only when told to. */
class Hand implements Clock {
  at = 1_000_000
  private due: { at: number; work: () => void }[] = []
  now() { return this.at }
  after(ms: number, work: () => void) {
    const entry = { at: this.at + ms, work }
    this.due.push(entry)
    return () => { this.due = this.due.filter((d) => d !== entry) }
  }
  async pass(ms: number) {
    const until = this.at + ms
    for (;;) {
      const next = this.due.filter((d) => d.at <= until).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.due = this.due.filter((d) => d !== next)
      this.at = Math.max(this.at, next.at)
      next.work()
      await flush()
    }
    this.at = until
    await flush()
  }
  get waiting() { return this.due.length }
}
const flush = async () => { for (let i = 0; i < 10; i++) await Promise.resolve() }

function desk(answers: (Outcome | Promise<Outcome>)[] = []) {
  const hand = new Hand()
  const saves: number[] = []
  const states: string[] = []
  const saver: Autosave = new Autosave(async () => { saves.push(hand.at); return answers.shift() ?? { kind: 'saved' } }, () => states.push(saver.state), hand)
  return { hand, saver, saves, states }
}

test('saves once after a pause in typing, and says when', async () => {
  const { hand, saver, saves, states } = desk()
  for (let i = 0; i < 5; i++) { saver.edit(); await hand.pass(300) }
  expect(saves).toHaveLength(0)
  expect(saver.pending).toBe(true)
  await hand.pass(pause)
  expect(saves).toHaveLength(1)
  expect(states).toEqual(['dirty', 'dirty', 'dirty', 'dirty', 'dirty', 'saving', 'saved'])
  expect(saver.savedAt).toBe(saves[0])
  expect(saver.pending).toBe(false)
  expect(hand.waiting).toBe(0)
})

test('does not wait for ever while somebody types without pause', async () => {
  const { hand, saver, saves } = desk()
  const begun = hand.at
  for (let i = 0; i < 30; i++) { saver.edit(); await hand.pass(500) }
  expect(saves[0]! - begun).toBeLessThanOrEqual(longest)
  expect(saves.length).toBeGreaterThan(0)
})

test('what is typed while saving is saved after it, never at the same time', async () => {
  let finish: (o: Outcome) => void = () => undefined
  const { hand, saver, saves } = desk([new Promise<Outcome>((done) => { finish = done })])
  saver.edit()
  await hand.pass(pause)
  saver.edit()
  await hand.pass(20_000)
  expect(saves).toHaveLength(1)
  finish({ kind: 'saved' })
  await flush()
  expect(saver.state).toBe('dirty')
  await hand.pass(pause)
  expect(saves).toHaveLength(2)
  expect(saver.state).toBe('saved')
})

test('tries again by itself after a failure that may pass, more and more slowly', async () => {
  const lost: Outcome = { kind: 'failed', problem: '网络连接不上', again: true }
  const { hand, saver, saves } = desk([lost, lost])
  saver.edit()
  await hand.pass(pause)
  expect(saver.state).toBe('failed')
  expect(saver.pending).toBe(true)
  await hand.pass(3000)
  expect(saves).toHaveLength(2)
  await hand.pass(5999)
  expect(saves).toHaveLength(2)
  await hand.pass(1)
  expect(saver.state).toBe('saved')
})

test('a refusal waits for the next change', async () => {
  const { hand, saver, saves } = desk([{ kind: 'failed', problem: '太长' }])
  saver.edit()
  await hand.pass(pause)
  await hand.pass(100_000)
  expect(saves).toHaveLength(1)
  saver.edit()
  await hand.pass(pause)
  expect(saves).toHaveLength(2)
  expect(saver.state).toBe('saved')
})

test('a conflict stops saving until somebody decided', async () => {
  const { hand, saver, saves } = desk([{ kind: 'conflict' }])
  saver.edit()
  await hand.pass(pause)
  saver.edit()
  await hand.pass(100_000)
  expect(saver.state).toBe('conflict')
  expect(saves).toHaveLength(1)
  saver.resolve()
  await flush()
  expect(saves).toHaveLength(2)
  expect(saver.state).toBe('saved')
})

test('leaving saves what is unsaved and waits for it', async () => {
  let finish: (o: Outcome) => void = () => undefined
  const { hand, saver, saves } = desk([new Promise<Outcome>((done) => { finish = done })])
  saver.edit()
  const left = saver.flush()
  await flush()
  expect(saves).toEqual([hand.at])
  finish({ kind: 'saved' })
  await left
  expect(saver.pending).toBe(false)
  await saver.flush()
  expect(saves).toHaveLength(1)
})

test('the words tell which of it happened', () => {
  expect(saveWords('saved', '18:03', '')).toBe('已保存 18:03')
  expect(saveWords('dirty', '', '')).toBe('未保存')
  expect(saveWords('failed', '', '太长')).toBe('未保存：太长')
  expect(saveWords('clean', '', '')).toBe('')
})
