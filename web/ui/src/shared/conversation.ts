// A citizen's conversation: what she writes goes out exactly once in effect, what comes back is
// shown once and in order, over a socket and, where sockets do not get through, over plain
// requests. Start reading at say() and flush().

import { reactive } from 'vue'
import { Album, type Session } from './album'
import { ApiError, type Api, type ErrorBody, type Reply } from './api'
import { DeskSide } from './deskside'
import { Outbox, said, type Line } from './outbox'
import { ChatSocket, type ServerFrame, type SocketStatus, type Wire } from './socket'
import type { Keep } from './storage'
import { Thread, type Entry } from './thread'
import { t } from './words'

/** polling: no socket gets through, lines go by plain requests. */
export type LinkState = 'connecting' | 'online' | 'reconnecting' | 'polling' | 'closed'

export interface ConversationState {
  link: LinkState
  entries: Entry[]
  /** Something was said that has no reply yet. */
  waiting: boolean
  /** The verified beginning of the answer that is being worded; empty for none. */
  wording: string
  /** Until when nothing is sent because the server asked for a pause; 0 for no pause. */
  pausedUntil: number
}

export interface ConversationOptions {
  api: Pick<Api, 'say' | 'messages' | 'feedback' | 'transcript' | 'sendPicture' | 'picture'>
  dial: () => Wire
  keep: Keep
  random?: () => number
  /** The language that replies are fixed to, '' for that of the question. */
  lang?: () => string
}


export const sessionKey = 'shenwei.session'
const failuresBeforePolling = 3
const ackTimeout = 6000
const replyTimeout = 30000
const mostTries = 4

export class Conversation {
  readonly state: ConversationState
  /** The person behind the bot: place in the queue, who answers, what may be wished. */
  readonly desk: DeskSide
  /** Pictures, while somebody is there to look at them. */
  readonly album: Album

  private readonly options: ConversationOptions
  private readonly thread: Thread
  private readonly outbox: Outbox
  private readonly socket: ChatSocket
  private session: Session
  private posting = false
  private syncing = false
  /** The sequence number up to which the record is to be read. */
  private target = 0
  private heldUntil = 0
  private wasOnline = false
  /** The last plain request did not get through either. */
  private unreachable = false
  private pauseTimer: ReturnType<typeof setTimeout> | undefined
  private watchTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ConversationOptions) {
    this.options = options
    this.state = reactive<ConversationState>({ link: 'connecting', entries: [], waiting: false, wording: '', pausedUntil: 0 })
    this.thread = new Thread(this.state.entries)
    this.outbox = new Outbox(options.keep)
    this.desk = new DeskSide((frame) => this.socket.send(frame))
    this.session = options.keep.get<Session>(sessionKey) || { conversation: '', token: '' }
    this.album = new Album({ api: options.api, keep: options.keep, thread: this.thread, session: () => this.session, sent: (reply, ref) => this.replied(reply, ref) })
    this.outbox.lines.forEach((l) => this.thread.line(l.ref, l.text))
    this.socket = new ChatSocket({
      dial: options.dial,
      random: options.random,
      hello: () => ({ token: this.session.token, conversation: this.session.conversation, after: this.thread.after }),
      onFrame: (frame) => this.receive(frame),
      onStatus: (status) => this.linkChanged(status),
      onTerminal: () => this.ended(),
    })
    this.update()
  }

  start(): void {
    this.socket.start()
  }

  stop(): void {
    clearTimeout(this.pauseTimer)
    clearTimeout(this.watchTimer)
    this.desk.stop()
    this.socket.stop()
  }

  /** The network is back or the page is looked at again. */
  wake(): void {
    this.socket.hurry()
  }

  /** lang is that of the page when a button says the line. */
  say(text: string, lang?: string): void {
    this.put(text, undefined, lang)
  }

  choose(code: string, label: string, lang?: string): void {
    this.put(label, code, lang)
  }

  private put(text: string, code?: string, lang?: string): void {
    const line = this.outbox.add(text, code, lang)
    this.thread.line(line.ref, text)
    if (this.state.link === 'closed') this.socket.start()
    this.flush()
  }

  /** Says a line again that failed: with its ref, unless the server refused that one. */
  retry(ref: string): void {
    if (this.album.retry(ref)) return
    const line = this.outbox.find(ref)
    if (!line || !line.failed) return
    const entry = this.thread.byRef(ref)
    if (line.refused) this.renew(line)
    else this.outbox.revive(line)
    if (entry) {
      entry.state = 'sending'
      entry.problem = ''
    }
    if (this.state.link === 'closed') this.socket.start()
    this.socket.hurry()
    this.flush()
  }

  /** What opens the conversation again; empty before its first line. */
  get opened(): Session { return { ...this.session } }

  rate(seq: number, score: 1 | -1, reason: string): Promise<{ offer?: string } | void> {
    return this.options.api.feedback({ ...this.session, seq, score, reason })
  }

  /** The whole conversation as a text to keep, as the record has it. */
  transcript(): Promise<string> {
    return this.options.api.transcript(this.session.conversation, this.session.token)
  }

  // ---- what arrives

  private receive(frame: ServerFrame): void {
    if (this.desk.receive(frame)) return
    switch (frame.type) {
      case 'ready':
        this.ready(frame.conversation || '', frame.token || '', frame.seq || 0)
        break
      case 'ack':
        this.adopt(frame.conversation, frame.token)
        this.outbox.ack(frame.ref)
        this.thread.place(frame.ref, frame.seq)
        break
      case 'reply':
        this.replied(frame.reply, frame.ref || '')
        break
      case 'event':
        if (frame.text || frame.reply) this.thread.stored({ text: '', ...frame })
        void this.sync(frame.seq)
        break
      case 'wording':
        if (this.outbox.find(frame.ref)) this.state.wording = frame.text
        break
      case 'error':
        this.refused(frame.error, frame.ref || '')
        break
    }
    this.flush()
  }

  private ready(conversation: string, token: string, seq: number): void {
    if (conversation && this.session.conversation && conversation !== this.session.conversation) this.renewAll()
    this.adopt(conversation, token)
    void this.sync(seq)
  }

  private adopt(conversation?: string, token?: string): void {
    if (!conversation) return
    const kept = conversation === this.session.conversation ? this.session.token : ''
    if (conversation === this.session.conversation && (!token || token === kept)) return
    this.session = { conversation, token: token || kept }
    this.options.keep.set(sessionKey, this.session)
  }

  private replied(reply: Reply, ref: string): void {
    this.adopt(reply.conversation, reply.token)
    const refs = ref ? [ref] : []
    ;(reply.refs || []).forEach((r) => {
      if (refs.indexOf(r) < 0) refs.push(r)
    })
    this.state.wording = '' // the answer stands in its place
    this.thread.answer(reply, refs)
    refs.forEach((r) => this.outbox.settle(r))
  }

  /** Reads what was missed up to a number from the record: after a reload, a break, or a hint. */
  private async sync(upTo: number): Promise<void> {
    this.target = Math.max(this.target, upTo)
    if (this.syncing) return
    this.syncing = true
    try {
      while (this.session.conversation && this.target > this.thread.after) {
        if (!(await this.readOn())) break
      }
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      if (lost(cause.code)) {
        this.renewAll()
        this.socket.drop()
      } else if (cause.code === 'offline') this.reached(false)
    } finally {
      this.syncing = false
      this.update()
    }
  }

  /** Reads one page of the record; false when it brought nothing new. */
  private async readOn(): Promise<boolean> {
    const { conversation, token } = this.session
    const from = this.thread.after
    const messages = await this.options.api.messages(conversation, token, from)
    this.reached(true)
    if (conversation !== this.session.conversation) return false
    messages.forEach((m) => {
      if (m.kind === 'citizen' && m.ref) this.outbox.ack(m.ref)
      this.thread.stored(m)
      if (m.reply) (m.reply.refs || []).forEach((ref) => this.outbox.settle(ref))
    })
    return this.thread.after > from
  }

  // ---- what goes out

  private flush(): void {
    this.update()
    if (Date.now() < this.heldUntil) return
    if (this.socket.status === 'open') this.flushSocket()
    else if (this.byRequests()) void this.flushPost()
    this.watch()
  }

  private flushSocket(): void {
    for (const line of this.outbox.due()) {
      if (line.sentOn !== this.socket.connection) {
        const sent = line.code
          ? this.socket.send({ type: 'choose', ref: line.ref, code: line.code, ...this.fixed(line) })
          : this.socket.send({ type: 'say', ref: line.ref, text: line.text, ...this.fixed(line) })
        if (!sent) return
        line.sentOn = this.socket.connection
      }
      // Two lines without a conversation would begin two: the first goes alone.
      if (!this.session.conversation) return
    }
  }

  private fixed = (line: Line): { lang?: string } => said((this.options.lang && this.options.lang()) || line.lang)

  private async flushPost(): Promise<void> {
    const line = this.outbox.due()[0]
    if (this.posting || !line) return
    this.posting = true
    const { ref, text } = line
    try {
      this.replied(await this.options.api.say({ ...this.session, ref, text, ...this.fixed(line) }), ref)
      this.reached(true)
    } catch (cause) {
      this.refused(cause instanceof ApiError ? cause : { code: 'offline', message: t('网络连接不上。') }, ref)
    } finally {
      this.posting = false
    }
    this.flush()
  }

  private refused(error: ErrorBody | ApiError, ref: string): void {
    const line = this.outbox.find(ref)
    // For a tapped choice "not found" may mean the thing chosen.
    if (lost(error.code) && !(line && line.code && error.code === 'not_found')) {
      if (this.session.conversation) {
        this.renewAll()
        this.socket.drop()
      } else if (line) this.fail(line, error, true)
      return
    }
    if (error.code === 'rate_limited') {
      const wait = error instanceof ApiError ? error.retryAfter : error.retry_after || 0
      if (line) line.sentOn = 0
      else this.outbox.due().forEach((l) => (l.sentOn = 0))
      this.hold((wait || 5) * 1000)
      this.state.pausedUntil = this.heldUntil
      return
    }
    if (error.code === 'offline') this.reached(false)
    if (!line) return
    if (error.code !== 'offline' && error.code !== 'unavailable') {
      this.fail(line, error, true)
      return
    }
    line.tries++
    line.sentOn = 0
    if (line.tries >= mostTries) this.fail(line, error, false)
    else this.hold(1000 * Math.pow(2, line.tries))
  }

  private fail(line: Line, error: ErrorBody | ApiError, refused: boolean): void {
    line.failed = true
    line.refused = refused
    const entry = this.thread.byRef(line.ref)
    if (!entry) return
    entry.state = 'failed'
    entry.problem = error.id ? t('{0}（编号 {1}）', error.message, error.id) : error.message
  }

  /** Sends nothing for a while. */
  private hold(ms: number): void {
    this.heldUntil = Date.now() + ms
    clearTimeout(this.pauseTimer)
    this.pauseTimer = setTimeout(() => {
      this.heldUntil = 0
      this.state.pausedUntil = 0
      this.flush()
    }, ms)
  }

  /** A connection that takes lines and acknowledges none is dead, whatever the browser thinks. */
  private watch(): void {
    clearTimeout(this.watchTimer)
    const open = this.outbox.due().filter((l) => l.sentOn === this.socket.connection)
    if (this.socket.status !== 'open' || !open.length) return
    const silent = open.some((l) => !l.acked)
    this.watchTimer = setTimeout(() => this.socket.drop(), silent ? ackTimeout : replyTimeout)
  }

  // ---- the state of things

  private linkChanged(status: SocketStatus): void {
    if (status === 'open') {
      this.wasOnline = true
      this.state.link = 'online'
    } else if (status === 'closed') {
      this.state.link = 'closed'
      this.outbox.due().forEach((l) => this.fail(l, { code: 'closed', message: t('连接已被关闭。') }, false))
    } else if (this.byRequests()) {
      this.state.link = this.unreachable ? 'reconnecting' : 'polling'
      if (status === 'waiting') void this.sync(this.thread.after + 1)
      this.flush()
    } else {
      this.state.link = this.wasOnline || this.socket.failures > 0 ? 'reconnecting' : 'connecting'
    }
    this.update()
  }

  private byRequests(): boolean {
    return this.socket.status !== 'open' && this.socket.failures >= failuresBeforePolling
  }

  private reached(yes: boolean): void {
    this.unreachable = !yes
    if (this.byRequests()) this.state.link = yes ? 'polling' : 'reconnecting'
  }

  /** The server closed the conversation for good: go on in a new one, unless this was new already. */
  private ended(): boolean {
    if (!this.session.conversation) return false
    this.renewAll()
    return true
  }

  private renewAll(): void {
    this.desk.forget()
    this.session = { conversation: '', token: '' }
    this.options.keep.remove(sessionKey)
    this.target = 0
    this.thread.begin(t('上一段对话已结束，已为您开始新的对话。'))
    this.outbox.lines.forEach((l) => this.renew(l))
  }

  private renew(line: Line): void {
    const entry = this.thread.byRef(line.ref)
    this.outbox.renew(line)
    if (entry) entry.ref = line.ref
  }

  private update(): void {
    this.state.waiting = this.outbox.due().length > 0
    if (!this.state.waiting) this.state.wording = ''
  }
}

function lost(code: string): boolean {
  return code === 'not_found' || code === 'unauthorized' || code === 'forbidden'
}
