// Stand-ins for what a page talks to: sockets that a test opens and closes by hand, a server
// that keeps a record and knows refs, and storage.

import { createApp, defineComponent, h, nextTick, type Component } from 'vue'
import { cardActions, type CardActions } from '../src/shared/actions'
import { ApiError, type ChatLine, type Reply, type Stored } from '../src/shared/api'
import type { ClientFrame, ServerFrame, Wire } from '../src/shared/socket'
import { keepIn, type Keep } from '../src/shared/storage'

export class FakeWire implements Wire {
  onopen: ((e: any) => void) | null = null
  onmessage: ((e: any) => void) | null = null
  onclose: ((e: any) => void) | null = null
  onerror: ((e: any) => void) | null = null
  sent: ClientFrame[] = []
  closed = false

  send(text: string) {
    this.sent.push(JSON.parse(text) as ClientFrame)
  }
  close() {
    this.closed = true
  }
  /** The server accepts. */
  open() {
    this.onopen?.({})
  }
  /** The connection breaks or the server ends it. */
  lose(code = 1006, reason = '') {
    this.closed = true
    this.onclose?.({ code, reason })
  }
  tell(frame: ServerFrame | object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  get said() {
    return this.sent.filter((f) => f.type !== 'hello') as Extract<ClientFrame, { type: 'say' | 'choose' }>[]
  }
}

export function reply(seq: number, text: string, more: Partial<Reply> = {}): Reply {
  return {
    conversation: 'c1', seq, action: 'smalltalk', item: '', article: '', facet: '', text,
    blocks: [{ type: 'text', text }], sources: [], release: 1, ai_generated: false, ...more,
  }
}

/** A record of one conversation that dedupes by ref, reached by sockets and by requests. */
export class FakeServer {
  wires: FakeWire[] = []
  messages: Stored[] = []
  requests: ChatLine[] = []
  votes: object[] = []
  pictures: { conversation: string; ref: string; consent: string; file: Blob }[] = []
  /** What the next requests meet instead of an answer. */
  trouble: ApiError[] = []
  private known = new Map<string, { seq: number; reply: Reply }>()

  dial = () => {
    const wire = new FakeWire()
    this.wires.push(wire)
    return wire
  }

  get wire(): FakeWire {
    return this.wires[this.wires.length - 1] as FakeWire
  }

  /** Accepts the newest socket and greets it. */
  greet(conversation = 'c1') {
    this.wire.open()
    this.wire.tell({ type: 'ready', conversation, token: conversation && `token-${conversation}`, seq: this.messages.length })
  }

  /** Stores a line once and gives its reply, as the real one does. */
  receive(ref: string, text: string) {
    const before = this.known.get(ref)
    if (before) return before
    const seq = this.messages.length + 1
    const answer = reply(seq + 1, `答：${text}`)
    this.messages.push({ seq, kind: 'citizen', ref, text }, { seq: seq + 1, kind: 'reply', text: answer.text, reply: answer })
    const done = { seq, reply: answer }
    this.known.set(ref, done)
    return done
  }

  ack(ref: string, text: string) {
    this.wire.tell({ type: 'ack', ref, seq: this.receive(ref, text).seq })
  }

  answer(ref: string, text: string) {
    this.wire.tell({ type: 'reply', ref, reply: this.receive(ref, text).reply })
  }

  api = {
    say: async (line: ChatLine) => {
      this.requests.push(line)
      const trouble = this.trouble.shift()
      if (trouble) throw trouble
      return { ...this.receive(line.ref, line.text).reply, token: 'token-c1' }
    },
    messages: async (_conversation: string, _token: string, after: number) => this.messages.filter((m) => m.seq > after),
    transcript: async () => '',
    sendPicture: async (line: { conversation: string; ref: string; consent: string; file: Blob }) => {
      const trouble = this.trouble.shift()
      if (trouble) throw trouble
      this.pictures.push(line)
      const done = this.receive(line.ref, '[图片]')
      this.messages[done.seq - 1]!.data = { picture: { width: 40, height: 30 } }
      done.reply.action = 'relayed'
      return done.reply
    },
    picture: async () => new Blob(['jpeg'], { type: 'image/jpeg' }),
    feedback: async (vote: object): Promise<{ offer?: string } | undefined> => {
      this.votes.push(vote)
      return undefined
    },
  }
}

export const memoryKeep = (): Keep =>
  keepIn(() => {
    throw new Error('storage is refused')
  })

export interface Mounted { root: HTMLElement; done: () => void }

export function mount(component: Component, props: object, actions?: Partial<CardActions>): Mounted {
  const root = document.createElement('div')
  document.body.appendChild(root)
  const app = createApp(defineComponent(() => () => h(component, props)))
  if (actions) {
    app.provide(cardActions, { say: () => undefined, choose: () => undefined, rate: async () => undefined, ...actions })
  }
  app.mount(root)
  return { root, done: () => { app.unmount(); root.remove() } }
}

export const words = (e: Element | null) => (e?.textContent ?? '').replace(/\s+/g, ' ').trim()
export const settle = async () => { await Promise.resolve(); await nextTick(); await nextTick() }
