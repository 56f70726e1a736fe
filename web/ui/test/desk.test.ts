import { beforeEach, describe, expect, test, vi } from 'vitest'
import { factsOf, fill, insert, matching, shortcutAt } from '../src/desk/lib/canned'
import { commandOf, keys } from '../src/desk/lib/keys'
import { allowed, lateness } from '../src/desk/lib/orders'
import { byQueue, gist, joined, load, mineOf, newer, rings, sorted, troubled } from '../src/desk/lib/tickets'
import { arrived, lastRow } from '../src/desk/lib/pending'
import { countdown, show, worst } from '../src/desk/lib/timers'
import { Hotline } from '../src/desk/hotline'
import type { Canned, Ticket, Timer } from '../src/desk/types'
import { DeskSide, type DeskStatus } from '../src/shared/deskside'
import { keepIn } from '../src/shared/storage'
import { Thread } from '../src/shared/thread'

const now = Date.parse('2026-11-23T01:00:00Z')
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString()
const timer = (t: Partial<Timer>): Timer => ({ kind: 'next', warn: at(144), due: at(180), ...t })
const ticket = (t: Partial<Ticket>): Ticket => ({
  number: 'HZ1', conversation: 'c1', seq: 1, channel: 'web', group: '户政', reason: 'asked', summary: '', state: 'active', label: '会话中', version: 1,
  priority: 0, created: at(0), enqueued: at(0), updated: at(0), ...t,
})

describe('a promise', () => {
  test('is calm, turns amber from its warning and red when it is broken', () => {
    expect(show(timer({}), now).tone).toBe('calm')
    expect(show(timer({}), now + 144_000).tone).toBe('amber')
    expect(show(timer({}), now + 180_000)).toEqual({ kind: 'next', tone: 'red', left: 0 })
  })
  test('stands still while it is paused, with what was left', () => {
    expect(show(timer({ paused: at(-60), left: 90e9 }), now + 999_000)).toEqual({ kind: 'next', tone: 'still', left: 90_000 })
  })
  test('of a ticket is the one nearest to being broken; paused ones are none', () => {
    expect(worst(ticket({ timers: [timer({ kind: 'resolve', due: at(9000), warn: at(8000) }), timer({ due: at(-5), warn: at(-20) })] }), now)).toMatchObject({ kind: 'next', tone: 'red', left: -5000 })
    expect(worst(ticket({ timers: [timer({ paused: at(0), left: 1 })] }), now)).toBeNull()
    expect(worst(ticket({}), now)).toBeNull()
  })
  test.each([[125_000, '2:05'], [-9_000, '-0:09'], [0, '0:00'], [-400, '0:00'], [3_900_000, '1 小时 5 分'], [200_000_000, '2 天']])('of %d ms reads %s', (ms, words) => {
    expect(countdown(ms)).toBe(words)
  })
})

describe('the lists', () => {
  const me = 'me'
  const all = [
    ticket({ number: 'mine', agent: me }), ticket({ number: 'rings', state: 'offered', offered: me }), ticket({ number: 'other', agent: 'x' }),
    ticket({ number: 'queued', state: 'queued' }), ticket({ number: 'call', state: 'callback', asked: true }), ticket({ number: 'form', state: 'callback' }),
    ticket({ number: 'red', agent: 'x', red: true }), ticket({ number: 'late', agent: 'x', timers: [timer({ due: at(-1) })] }),
    ticket({ number: 'over', agent: me, state: 'resolved', red: true }),
  ]
  test('hold her own, and those of them that need help', () => {
    expect(mineOf(all, me).map((t) => t.number)).toEqual(['mine', 'rings'])
    const own = [ticket({ number: 'red', agent: me, red: true }), ticket({ number: 'late', agent: me, timers: [timer({ due: at(-1) })] }), ticket({ number: 'fine', agent: me })]
    expect(troubled([...all, ...own], me, now).map((t) => t.number)).toEqual(['red', 'late'])
  })
  test('of the server are shown with what is known to be newer, and with her own', () => {
    const list = [ticket({ number: 'a', version: 2 }), ticket({ number: 'b', version: 2 })]
    const known = { a: ticket({ number: 'a', version: 3 }), b: ticket({ number: 'b', version: 1 }) }
    expect(joined(list, known, [ticket({ number: 'a' }), ticket({ number: 'c' })]).map((t) => `${t.number}${t.version}`)).toEqual(['a3', 'b2', 'c1'])
  })
  test('of the queue go by priority, then by time; calls come last', () => {
    const q = [ticket({ number: 'call', state: 'callback', enqueued: at(-99) }), ticket({ number: 'late', enqueued: at(5) }), ticket({ number: 'early', enqueued: at(1) }), ticket({ number: 'first', priority: 1, enqueued: at(9) })]
    expect(q.sort(byQueue).map((t) => t.number)).toEqual(['first', 'early', 'late', 'call'])
  })
  test('put first whom an answer is owed soonest, and last who is waited for', () => {
    const rows = [ticket({ number: 'waits', state: 'waiting', timers: [timer({ due: at(1) })] }), ticket({ number: 'b', timers: [timer({ due: at(60) })] }), ticket({ number: 'a', timers: [timer({ due: at(-3) })] })]
    expect(sorted(rows, 'urgent', now).map((t) => t.number)).toEqual(['a', 'b', 'waits'])
  })
  test('never go back to an older picture of a ticket', () => {
    expect(newer(ticket({ version: 3 }), ticket({ version: 2 }))).toBe(false)
    expect(newer(ticket({ version: 3 }), ticket({ version: 3 }))).toBe(true)
    expect(newer(undefined, ticket({}))).toBe(true)
  })
  test('count what her conversations take of her capacity', () => {
    expect(load([...all, ticket({ agent: me, state: 'calling' })], me)).toBe(3)
  })
  test('say what a ticket is about, without why it came', () => {
    expect(gist(ticket({ summary: '市民要求人工；刚才的事项：CRJ-007 护照换发；问的是费用' }))).toBe('护照换发；问的是费用')
    expect(gist(ticket({ summary: '敏感事项：媒体采访；由人工办理' }))).toBe('敏感事项：媒体采访')
    expect(gist(ticket({ summary: '市民要求人工' }))).toBe('市民要求人工')
  })
  test('ring only at the one it is offered to', () => {
    expect(rings(ticket({ state: 'transferring', offered: me, agent: 'x' }), me)).toBe(true)
    expect(rings(ticket({ state: 'offered', offered: 'x' }), me)).toBe(false)
  })
})

describe('canned replies', () => {
  const list: Canned[] = [
    { id: '1', group: '', shortcut: 'hello', title: '问候', text: '您好，{坐席} 号', version: 1 }, { id: '2', group: '户政', shortcut: 'he', title: '核对', text: '请核对', version: 1 },
    { id: '3', group: '交警', shortcut: 'help', title: '交警', text: '', version: 1 }, { id: '4', group: '', shortcut: 'hex', title: '旧的', text: '', version: 1, retired: true },
  ]
  test('are found by what is typed behind "/" at the beginning of a line', () => {
    expect(shortcutAt('/he', 3)).toBe('he')
    expect(shortcutAt('第一行\n/', 5)).toBe('')
    expect(shortcutAt('和/或', 3)).toBeNull()
    expect(shortcutAt('https://a', 9)).toBeNull()
  })
  test('are those of the group and of all, the exact one first, retired ones never', () => {
    expect(matching(list, 'he', '户政').map((c) => c.id)).toEqual(['2', '1'])
    expect(matching(list, '问候', '户政').map((c) => c.id)).toEqual(['1'])
  })
  test('are filled with what is known; unknown variables stay to be seen', () => {
    const facts = factsOf(ticket({ number: 'HZ9', item: 'CRJ-001' }), null, '007')
    expect(fill('{市民}好，{坐席} 号，{编号}，{事项}，{别的}', facts)).toBe('您好，007 号，HZ9，CRJ-001，{别的}')
  })
  test('replace the shortcut and leave the rest', () => {
    expect(insert('第一行\n/he尾', 7, '您好')).toEqual({ text: '第一行\n您好尾', cursor: 6 })
  })
})

describe('the keyboard', () => {
  const press = (code: string, how: object = {}) => ({ code, key: '', altKey: true, ctrlKey: false, metaKey: false, ...how })
  test('gives each key one command', () => {
    const codes = keys.map((k) => `${k.alt} ${k.code}`)
    expect(new Set(codes).size).toBe(codes.length)
    expect(commandOf(press('KeyA'), true)).toBe('accept')
    expect(commandOf(press('Digit3'), true)).toBe('tab3')
    expect(commandOf(press('KeyQ'), true)).toBeNull()
  })
  test('leaves typing and the browser alone', () => {
    expect(commandOf(press('KeyA', { altKey: false, key: 'a' }), true)).toBeNull()
    expect(commandOf(press('KeyA', { ctrlKey: true }), true)).toBeNull()
    expect(commandOf(press('Slash', { altKey: false, key: '?' }), true)).toBeNull()
    expect(commandOf(press('Slash', { altKey: false, key: '?' }), false)).toBe('help')
  })
})

test('an order offers what its state allows, and says when it is late', () => {
  expect(allowed({ state: 'signed' })).toContain('reply')
  expect(allowed({ state: 'closed' })).toEqual([])
  expect(lateness({ state: 'assigned', sign_by: at(-1), due_by: at(99) }, now)).toBe('未按时签收')
  expect(lateness({ state: 'replied', sign_by: at(-9), due_by: at(-1) }, now)).toBe('')
})

class Played {
  sent: any[] = []
  onopen: any = null; onmessage: any = null; onclose: any = null; onerror: any = null
  send(text: string) { this.sent.push(JSON.parse(text)) }
  close() { /* the test ends it */ }
  say(frame: object) { this.onmessage({ data: JSON.stringify(frame) }) }
}

describe('the hotline', () => {
  let wires: Played[]
  const memory = () => keepIn(() => { throw new Error('no storage') })
  const ready = { type: 'ready', now: at(0), me: { id: 'me', number: '001' }, chief: false, tickets: [ticket({ agent: 'me' })], agents: [], drafts: { c1: '草稿' } }
  const dialled = () => wires[wires.length - 1]!
  function start(keep = memory()) {
    const line = new Hotline({ keep, dial: () => { const w = new Played(); wires.push(w); return w } })
    line.start()
    dialled().onopen({})
    dialled().say(ready)
    return line
  }
  beforeEach(() => { wires = []; vi.useFakeTimers() })

  test('sends a reply again with the same number after a break, and once only when it is done', () => {
    const line = start()
    line.reply(line.state.tickets.HZ1!, '您好')
    const first = dialled().sent.find((f) => f.do === 'reply')
    dialled().onclose({ code: 1006 })
    vi.advanceTimersByTime(5000)
    dialled().onopen({})
    dialled().say(ready)
    const again = dialled().sent.find((f) => f.do === 'reply')
    expect(wires.length).toBe(2)
    expect(again).toEqual(first)
    dialled().say({ type: 'done', ref: again.ref, ticket: ticket({ agent: 'me', version: 2, state: 'waiting' }) })
    expect(line.state.pending).toEqual([])
    expect(line.state.tickets.HZ1!.state).toBe('waiting')
    line.stop()
  })

  test('keeps a reply through a reload until the server has it', () => {
    const keep = memory()
    const line = start(keep)
    line.reply(line.state.tickets.HZ1!, '没发完')
    const { ref } = line.state.pending[0]!
    line.stop()
    const next = start(keep)
    expect(dialled().sent.find((f) => f.do === 'reply')).toMatchObject({ ref, text: '没发完' })
    next.stop()
  })

  test('says why a reply was refused, and sends it again as another', () => {
    const line = start()
    line.reply(line.state.tickets.HZ1!, '您好')
    const { ref } = line.state.pending[0]!
    dialled().say({ type: 'error', ref, error: { code: 'conflict', message: '会话已结束' }, ticket: ticket({ version: 5, state: 'resolved' }) })
    expect(line.state.pending[0]!.problem).toBe('会话已结束')
    line.retry(ref)
    expect(line.state.pending[0]!.ref).not.toBe(ref)
    line.stop()
  })

  test('shows a row once, in the talk that is open, and hears only what comes after it was opened', () => {
    const line = start()
    const talk = line.open({ ticket: 'HZ1', conversation: 'c1' })
    const row = { type: 'row', conversation: 'c1', row: { seq: 1, kind: 'citizen', text: '在吗', at: at(0) } }
    dialled().say(row)
    dialled().say(row)
    dialled().say({ ...row, conversation: 'c2' })
    expect(talk.rows.map((r) => r.seq)).toEqual([1])
    line.stop()
  })

  test('keeps what is typed here over what the server has after a break', () => {
    const line = start()
    expect(line.state.drafts.c1).toBe('草稿')
    line.draft('c1', '写了更多')
    expect(line.unsavedDrafts()).toEqual([{ conversation: 'c1', text: '写了更多' }])
    vi.advanceTimersByTime(1000)
    expect(dialled().sent.pop()).toEqual({ type: 'draft', conversation: 'c1', text: '写了更多' })
    dialled().say(ready)
    expect(line.state.drafts.c1).toBe('写了更多')
    line.stop()
  })

  test("lets go of a colleague's ticket, and of one that came too late", () => {
    const line = start()
    dialled().say({ type: 'ticket', now: at(1), ticket: ticket({ version: 4, agent: 'other', last: 'other' }) })
    expect(line.state.tickets.HZ1).toBeUndefined()
    line.stop()
  })

  test('keeps a ticket that is looked at, and lets go of it when it is closed', () => {
    const line = start()
    line.open({ ticket: 'HZ2', conversation: 'c2' })
    dialled().say({ type: 'ticket', now: at(1), ticket: ticket({ number: 'HZ2', conversation: 'c2', agent: 'other' }) })
    expect(line.state.tickets.HZ2?.agent).toBe('other')
    line.close('c2')
    expect(line.state.tickets.HZ2).toBeUndefined()
    expect(line.state.tickets.HZ1).toBeDefined()
    line.stop()
  })

  test('asks for the list that is shown, and again after a break', () => {
    const line = start()
    line.list('queue')
    line.list('queue')
    expect(dialled().sent.filter((f) => f.type === 'list')).toEqual([{ type: 'list', list: 'queue' }])
    dialled().say({ type: 'list', list: 'queue', total: 60, tickets: [ticket({ number: 'HZ9', state: 'queued' })] })
    dialled().say({ type: 'queue', groups: [{ group: '综合', waiting: 60, calls: 0 }], watch: 2 })
    expect(line.state.lists.queue?.total).toBe(60)
    expect(line.state.queue.watch).toBe(2)
    dialled().onclose({ code: 1006 })
    vi.advanceTimersByTime(5000)
    dialled().onopen({})
    dialled().say(ready)
    expect(dialled().sent.filter((f) => f.type === 'list')).toHaveLength(1)
    line.stop()
  })

  test('drops a connection that answers no ping', () => {
    const line = start()
    vi.advanceTimersByTime(12_000)
    expect(dialled().sent.some((f) => f.type === 'ping')).toBe(true)
    vi.advanceTimersByTime(10_000 + 20_000)
    expect(wires.length).toBeGreaterThan(1)
    line.stop()
  })
})

describe("the citizen's side", () => {
  const status = (s: Partial<DeskStatus>): DeskStatus => ({ number: 'HZ1', state: 'queued', label: '排队中', can: ['cancel'], ...s })
  test('offers what the server allows, and a wish is answered or says why not', async () => {
    const sent: any[] = []
    const side = new DeskSide((f) => { sent.push(f); return true })
    side.receive({ type: 'desk', ticket: status({ position: 2 }) } as never)
    expect(side.may('cancel')).toBe(true)
    expect(side.may('bot')).toBe(false)
    const first = side.wish('cancel')
    side.receive({ type: 'desk', ref: sent[0].ref, ticket: null } as never)
    await first
    const second = side.wish('reopen')
    expect(side.receive({ type: 'error', ref: sent[1].ref, error: { code: 'conflict', message: '已超过 72 小时' } } as never)).toBe(true)
    await expect(second).rejects.toThrow('已超过 72 小时')
    expect(side.receive({ type: 'error', ref: 'another', error: { code: 'x', message: '' } } as never)).toBe(false)
  })
  test('tells of typing only to somebody who is there, and not at every key', () => {
    const sent: any[] = []
    const side = new DeskSide((f) => { sent.push(f); return true })
    side.typing(1_000_000)
    side.receive({ type: 'desk', ticket: status({ state: 'active', agent_no: '001', can: ['bot'] }) } as never)
    side.typing(1_000_000)
    side.typing(1_001_000)
    side.typing(1_005_000)
    expect(sent).toEqual([{ type: 'typing', on: true }, { type: 'typing', on: true }])
  })
  test("shows an agent's line, and no bubble for the receipt of a line that was passed on", () => {
    const thread = new Thread([])
    thread.line('r1', '在吗')
    thread.place('r1', 1)
    thread.answer({ conversation: 'c', seq: 2, action: 'relayed', item: '', article: '', facet: '', text: '已转给坐席', blocks: null, sources: null, release: 1, ai_generated: false }, ['r1'])
    thread.stored({ seq: 3, kind: 'agent', author: '001', text: '您好', at: at(0) })
    expect(thread.entries.map((e) => [e.kind, e.author])).toEqual([['citizen', ''], ['agent', '001']])
    expect(thread.after).toBe(3)
  })
})

test('a reply under way is not shown beside its own row, and an old row with the same words is not its own', () => {
  const rows = [{ seq: 4, kind: 'agent', text: '您好', at: '' }, { seq: 5, kind: 'citizen', text: '您好', at: '' }]
  const p = { ref: 'r', ticket: 'HZ1', conversation: 'c', text: '您好', problem: '', after: lastRow(rows) }
  expect(p.after).toBe(5)
  expect(arrived(p, rows)).toBe(false)
  expect(arrived(p, [...rows, { seq: 6, kind: 'citizen', text: '您好', at: '' }])).toBe(false)
  expect(arrived(p, [...rows, { seq: 6, kind: 'agent', text: '您好', at: '' }])).toBe(true)
  expect(lastRow([])).toBe(0)
})
