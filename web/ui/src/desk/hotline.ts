// The desk's socket and everything that it tells, for one page of an agent or supervisor. What
// she does is answered by a promise; a reply is sent until the server has it, also after a
// break and a reload, and stored once. Start reading at receive().

import { lastRow } from './lib/pending'
import { reactive } from 'vue'
import { ApiError } from '../shared/api'
import { newRef } from '../shared/ref'
import { ChatSocket, type SocketStatus, type Wire } from '../shared/socket'
import type { Keep } from '../shared/storage'
import { newer } from './lib/tickets'
import type { Agent, Alert, Deed, DeskIn, DeskOut, GroupCount, Listed, Pending, Presence, Row, Talk, Ticket } from './types'

export interface HotlineState {
  link: SocketStatus
  /** The server has said what there is. */
  known: boolean
  me: Agent | null
  chief: boolean
  /** Hers, those offered to her, those that she had last, and those that she looks at. */
  tickets: { [number: string]: Ticket }
  /** Who waits in her groups, and how many need help there. */
  queue: { groups: GroupCount[]; watch: number }
  /** The first rows of the lists that she shows, and how many there are. */
  lists: { [list in Listed]?: { total: number; tickets: Ticket[] } }
  agents: { [id: string]: Agent }
  drafts: { [conversation: string]: string }
  alerts: Alert[]
  talks: { [conversation: string]: Talk }
  pending: Pending[]
  /** Milliseconds to add to this computer's clock to have the server's. */
  skew: number
}

export interface HotlineOptions {
  dial: () => Wire
  keep: Keep
  /** A ticket has changed; from is its state before, as this page knew it ("" for none). */
  onTicket?: (ticket: Ticket, from: string, event: string) => void
  onAlert?: (alert: Alert) => void
  /** The citizen of an open conversation has written. */
  onWord?: (conversation: string) => void
  /** The session has ended. */
  onLost?: () => void
}

const pingEvery = 12_000
const pongWithin = 10_000
const answerWithin = 15_000
const draftEvery = 1_000
const pendingKey = 'shenwei.desk.pending'

interface Waiting { done: (ticket?: Ticket) => void; fail: (cause: ApiError) => void; timer: ReturnType<typeof setTimeout> }

export class Hotline {
  readonly state = reactive<HotlineState>({
    link: 'connecting', known: false, me: null, chief: false, tickets: {}, queue: { groups: [], watch: 0 }, lists: {}, agents: {}, drafts: {}, alerts: [], talks: {}, pending: [], skew: 0,
  })
  private readonly socket: ChatSocket<DeskIn, DeskOut>
  private readonly waiting = new Map<string, Waiting>()
  private readonly draftTimers = new Map<string, ReturnType<typeof setTimeout>>()
  private pinger: ReturnType<typeof setInterval> | undefined
  private ponger: ReturnType<typeof setTimeout> | undefined
  private typed = 0
  private shown: Listed | '' = ''

  constructor(private readonly options: HotlineOptions) {
    this.state.pending = options.keep.get<Pending[]>(pendingKey) ?? []
    this.socket = new ChatSocket<DeskIn, DeskOut>({
      dial: options.dial,
      hello: () => ({}),
      onFrame: (frame) => this.receive(frame),
      onStatus: (status) => this.linked(status),
      onTerminal: () => { options.onLost?.(); return false },
    })
  }

  start(): void {
    this.socket.start()
    clearInterval(this.pinger)
    this.pinger = setInterval(() => this.ping(), pingEvery)
  }

  stop(): void {
    clearInterval(this.pinger)
    clearTimeout(this.ponger)
    this.draftTimers.forEach((t) => clearTimeout(t))
    this.socket.stop()
  }

  /** The network is back or the page is looked at again. */
  wake(): void {
    this.socket.hurry()
    this.ping()
  }

  /** The server's time, in milliseconds. */
  now(): number {
    return Date.now() + this.state.skew
  }

  ticketOf(conversation: string): Ticket | undefined {
    return Object.values(this.state.tickets).filter((t) => t.conversation === conversation).sort((a, b) => b.seq - a.seq)[0]
  }

  // ---- what an agent does

  /** Shows a conversation from now on; silent (supervisors) without being listed as somebody who looks. */
  open(what: { ticket?: string; conversation: string }, silent = false): Talk {
    const { conversation } = what
    let talk = this.state.talks[conversation]
    if (!talk || talk.silent !== silent) {
      this.state.talks[conversation] = {
        conversation, ticket: what.ticket ?? '', silent, opened: false, rows: talk?.rows ?? [], notes: talk?.notes ?? [], viewers: [], typing: false, readTo: 0,
      }
      talk = this.state.talks[conversation]!
      this.show(talk)
    }
    return talk
  }

  close(conversation: string): void {
    if (!this.state.talks[conversation]) return
    delete this.state.talks[conversation]
    Object.values(this.state.tickets).filter((t) => t.conversation === conversation && !this.hers(t)).forEach((t) => { delete this.state.tickets[t.number] })
    this.socket.send({ type: 'close', conversation })
  }

  /** Has the server keep a list up to date, '' for none. */
  list(which: Listed | ''): void {
    if (which === this.shown) return
    this.shown = which
    this.socket.send({ type: 'list', list: which })
  }


  /** Acts on a ticket; to take '' takes the first who waits. */
  do(ticket: string, deed: Deed): Promise<Ticket | undefined> {
    return this.ask((ref) => ({ type: 'do', ref, ticket, ...deed }))
  }

  /** Sends a reply and keeps it until the server has it. */
  reply(ticket: Ticket, text: string): void {
    this.state.pending.push({ ref: newRef(), ticket: ticket.number, conversation: ticket.conversation, text, problem: '', after: lastRow(this.state.talks[ticket.conversation]?.rows ?? []) })
    this.forgetDraft(ticket.conversation)
    this.savePending()
    this.flush()
  }

  /** Sends a reply again that was refused; it was not stored, so it gets another number. */
  retry(ref: string): void {
    const p = this.state.pending.find((x) => x.ref === ref)
    if (!p) return
    p.ref = newRef()
    p.problem = ''
    this.savePending()
    this.flush()
  }

  /** Gives up a reply that was refused. */
  drop(ref: string): void {
    this.state.pending = this.state.pending.filter((p) => p.ref !== ref)
    this.savePending()
  }

  note(ticket: string, text: string, kind: 'note' | 'whisper'): Promise<unknown> {
    return this.ask((ref) => ({ type: 'note', ref, ticket, text, kind }))
  }

  presence(presence: Presence, reason = ''): Promise<unknown> {
    return this.ask((ref) => ({ type: 'presence', ref, presence, reason }))
  }

  /** Keeps what is typed; the server has it a second later. */
  draft(conversation: string, text: string): void {
    this.state.drafts[conversation] = text
    if (this.draftTimers.has(conversation)) return
    this.draftTimers.set(conversation, setTimeout(() => {
      this.draftTimers.delete(conversation)
      this.socket.send({ type: 'draft', conversation, text: this.state.drafts[conversation] ?? '' })
    }, draftEvery))
  }

  /** Drafts that the server may not have yet, for a page that closes. */
  unsavedDrafts(): { conversation: string; text: string }[] {
    return [...this.draftTimers.keys()].map((conversation) => ({ conversation, text: this.state.drafts[conversation] ?? '' }))
  }

  typing(conversation: string): void {
    const now = Date.now()
    if (now - this.typed < 4000) return
    this.typed = now
    this.socket.send({ type: 'typing', conversation, on: true })
  }

  read(conversation: string, seq: number): void {
    this.socket.send({ type: 'read', conversation, seq })
  }

  // ---- what arrives

  private receive(f: DeskIn): void {
    switch (f.type) {
      case 'ready':
        this.ready(f)
        break
      case 'ticket':
        this.clock(f.now)
        this.put(f.ticket, f.event ?? '')
        break
      case 'queue':
        this.state.queue = { groups: f.groups ?? [], watch: f.watch }
        break
      case 'list':
        this.state.lists[f.list] = { total: f.total, tickets: f.tickets ?? [] }
        break
      case 'row':
        this.row(f.conversation, { ...f.row, masked: f.masked })
        break
      case 'note': {
        const t = this.state.talks[f.note.conversation]
        if (t && !t.notes.some((n) => n.n === f.note.n)) t.notes.push(f.note)
        break
      }
      case 'opened':
        if (this.state.talks[f.conversation]) this.state.talks[f.conversation]!.opened = true
        break
      case 'typing':
        if (f.who === 'citizen') this.citizenTypes(f.conversation, !!f.on)
        break
      case 'read': {
        const t = this.state.talks[f.conversation]
        if (t && f.who === 'citizen') t.readTo = Math.max(t.readTo, f.seq)
        break
      }
      case 'viewers': {
        const t = this.state.talks[f.conversation]
        if (t) t.viewers = f.viewers ?? []
        break
      }
      case 'agents':
        this.people(f.agents ?? [])
        break
      case 'alert':
        this.state.alerts = [f.alert, ...this.state.alerts.filter((a) => a.conversation !== f.alert.conversation)]
        this.options.onAlert?.(f.alert)
        break
      case 'done':
        this.put(f.ticket, '')
        this.sent(f.ref)
        this.settle(f.ref, f.ticket)
        break
      case 'ok':
        this.settle(f.ref)
        break
      case 'pong':
        clearTimeout(this.ponger)
        break
      case 'error':
        if (f.ticket) this.put(f.ticket, '')
        this.refuse(f.ref ?? '', new ApiError(f.error))
        break
    }
  }

  private ready(f: DeskIn & { type: 'ready' }): void {
    this.clock(f.now)
    const s = this.state
    s.me = f.me
    s.chief = f.chief
    s.alerts = f.alerts ?? []
    s.agents = {}
    this.people(f.agents ?? [])
    const typedHere = s.drafts // what is on the screen is newer than what the server has
    s.drafts = s.known ? { ...f.drafts, ...typedHere } : { ...f.drafts }
    s.tickets = Object.fromEntries((f.tickets ?? []).map((t) => [t.number, t]))
    s.known = true
    Object.values(s.talks).forEach((t) => this.show(t))
    if (this.shown) this.socket.send({ type: 'list', list: this.shown })
    this.flush()
  }

  private show(talk: Talk): void {
    talk.opened = false
    const last = talk.rows[talk.rows.length - 1]
    const what = talk.ticket ? { ticket: talk.ticket } : { conversation: talk.conversation }
    this.socket.send({ type: 'open', ref: newRef(), ...what, after: last ? last.seq : 0, ...(talk.silent ? { on: true } : {}) })
  }

  private put(ticket: Ticket, event: string): void {
    const was = this.state.tickets[ticket.number]
    if (!newer(was, ticket)) return
    const talk = this.state.talks[ticket.conversation]
    // What is some colleague's now, or back in the queue, is told of no more, unless it is looked at.
    if (!this.hers(ticket) && !talk) delete this.state.tickets[ticket.number]
    else this.state.tickets[ticket.number] = ticket
    if (talk && !talk.ticket) talk.ticket = ticket.number
    if (!was || was.version !== ticket.version) this.options.onTicket?.(ticket, was?.state ?? '', event)
  }

  private hers = (t: Ticket) => [t.agent, t.offered, t.last].includes(this.state.me?.id ?? 'nobody')

  private row(conversation: string, row: Row): void {
    const t = this.state.talks[conversation]
    if (!t || t.rows.some((r) => r.seq === row.seq)) return
    t.rows.push(row)
    if (row.kind !== 'citizen') return
    t.typing = false
    if (t.opened) this.options.onWord?.(conversation)
  }

  private citizenTypes(conversation: string, on: boolean): void {
    const t = this.state.talks[conversation]
    if (!t) return
    t.typing = on
    if (on) setTimeout(() => { t.typing = false }, 10_000)
  }

  private people(agents: Agent[]): void {
    agents.forEach((a) => {
      this.state.agents[a.id] = a
      if (this.state.me?.id === a.id) this.state.me = a
    })
  }

  private clock(now: string): void {
    const at = Date.parse(now)
    if (!isNaN(at)) this.state.skew = at - Date.now()
  }

  // ---- what goes out

  private linked(status: SocketStatus): void {
    this.state.link = status
    if (status === 'open') return
    clearTimeout(this.ponger)
    this.waiting.forEach((_, ref) => this.refuse(ref, new ApiError({ code: 'offline', message: '连接断了，正在重连；请看一下状态再操作。' })))
  }

  private ping(): void {
    if (!this.socket.send({ type: 'ping', ref: 'ping' })) return
    clearTimeout(this.ponger)
    this.ponger = setTimeout(() => this.socket.drop(), pongWithin)
  }

  private ask(frame: (ref: string) => DeskOut): Promise<Ticket | undefined> {
    const ref = newRef()
    return new Promise((done, fail) => {
      if (!this.socket.send(frame(ref))) {
        fail(new ApiError({ code: 'offline', message: '还没有连上，请等一下再试。' }))
        return
      }
      const timer = setTimeout(() => this.refuse(ref, new ApiError({ code: 'offline', message: '没有得到答复，请看一下状态再操作。' })), answerWithin)
      this.waiting.set(ref, { done, fail, timer })
    })
  }

  private flush(): void {
    this.state.pending.filter((p) => !p.problem).forEach((p) => {
      this.socket.send({ type: 'do', ref: p.ref, ticket: p.ticket, do: 'reply', text: p.text })
    })
  }

  private sent(ref: string): void {
    if (this.state.pending.some((p) => p.ref === ref)) this.drop(ref)
  }

  private settle(ref: string, ticket?: Ticket): void {
    const w = this.waiting.get(ref)
    if (!w) return
    clearTimeout(w.timer)
    this.waiting.delete(ref)
    w.done(ticket)
  }

  private refuse(ref: string, cause: ApiError): void {
    const p = this.state.pending.find((x) => x.ref === ref)
    if (p) {
      p.problem = cause.message
      this.savePending()
    }
    const w = this.waiting.get(ref)
    if (!w) return
    clearTimeout(w.timer)
    this.waiting.delete(ref)
    w.fail(cause)
  }

  private forgetDraft(conversation: string): void {
    clearTimeout(this.draftTimers.get(conversation))
    this.draftTimers.delete(conversation)
    delete this.state.drafts[conversation]
  }

  private savePending(): void {
    this.options.keep.set(pendingKey, this.state.pending)
  }
}
