// One socket for one conversation: it connects, greets, tells what arrives, and comes back by
// itself. It keeps no messages; what to say again after a break is its owner's business.

import type { ErrorBody, Reply, Stored } from './api'
import type { DeskFrame, DeskWish, HintIn, HintOut } from './deskside'

export type ServerFrame =
  | { type: 'ready'; conversation?: string; token?: string; seq?: number }
  | { type: 'ack'; ref: string; seq: number; conversation?: string; token?: string }
  | { type: 'reply'; ref?: string; reply: Reply }
  | ({ type: 'event'; kind: string } & Partial<Stored> & { seq: number })
  | { type: 'error'; ref?: string; error: ErrorBody }
  /** What is verified so far of an answer that is still being worded; empty when it is taken back. */
  | { type: 'wording'; ref: string; text: string }
  | DeskFrame
  | HintIn

export interface Hello { token: string; conversation: string; after: number }

export type ClientFrame =
  | ({ type: 'hello' } & Hello)
  | { type: 'say'; ref: string; text: string; lang?: string }
  | { type: 'choose'; ref: string; code: string; lang?: string }
  | DeskWish
  | HintOut

/** connecting: no greeting answered yet · open · waiting: will try again · closed: by the server, for good. */
export type SocketStatus = 'connecting' | 'open' | 'waiting' | 'closed'

/** The part of WebSocket that is used, so that a test can stand in for it. */
export interface Wire {
  onopen: ((e: any) => void) | null
  onmessage: ((e: any) => void) | null
  onclose: ((e: any) => void) | null
  onerror: ((e: any) => void) | null
  send(text: string): void
  close(code?: number): void
}

export interface SocketOptions<In> {
  dial: () => Wire
  /** What the greeting says besides that it is one. */
  hello: () => object
  onFrame: (frame: In) => void
  onStatus: (status: SocketStatus) => void
  /** The server ended this conversation (4401, 4403). Return true to connect again at once. */
  onTerminal: (code: number) => boolean
  random?: () => number
}

const greetingTimeout = 10000
const firstDelay = 500
const longestDelay = 20000
const busyDelay = 5000

/** The pause that a server asks for when it sends a connection away: {"retry_in_ms":…}. */
function retryIn(reason?: string): number | undefined {
  try {
    const ms = JSON.parse(reason || '').retry_in_ms
    return typeof ms === 'number' && ms >= 0 ? Math.min(ms, 60000) : undefined
  } catch {
    return undefined
  }
}

/** In are the frames that arrive, Out those that may be sent; the citizens' unless told otherwise. */
export class ChatSocket<In extends { type: string } = ServerFrame, Out extends { type: string } = ClientFrame> {
  status: SocketStatus = 'waiting'
  /** Attempts in a row that ended before the server was ready. */
  failures = 0
  /** Grows with every connection, so that the owner knows what was sent on which. */
  connection = 0

  private readonly options: SocketOptions<In>
  private wire: Wire | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private stopped = true

  constructor(options: SocketOptions<In>) {
    this.options = options
  }

  start(): void {
    this.stopped = false
    this.failures = 0
    this.connect()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.leave()
  }

  /** Tries now instead of at the end of the pause, e.g. when the network is back. */
  hurry(): void {
    if (!this.stopped && this.status === 'waiting') this.connect()
  }

  /** Gives up this connection, which looks dead, and makes another. */
  drop(): void {
    if (this.stopped || !this.wire) return
    this.leave()
    this.later(0)
  }

  send(frame: Out): boolean {
    if (this.status !== 'open' || !this.wire) return false
    return this.write(frame)
  }

  private write(frame: object): boolean {
    try {
      (this.wire as Wire).send(JSON.stringify(frame))
      return true
    } catch {
      return false
    }
  }

  private connect(): void {
    clearTimeout(this.timer)
    this.leave()
    this.connection++
    this.set('connecting')
    let wire: Wire
    try {
      wire = this.options.dial()
    } catch {
      this.failures++
      this.later(0)
      return
    }
    this.wire = wire
    this.timer = setTimeout(() => this.ended(wire, 0), greetingTimeout)
    wire.onopen = () => {
      if (wire === this.wire) this.write({ type: 'hello', ...this.options.hello() })
    }
    wire.onmessage = (e) => {
      if (wire === this.wire) this.receive(e.data)
    }
    wire.onerror = () => undefined // a close always follows
    wire.onclose = (e) => this.ended(wire, e.code, e.reason)
  }

  private receive(data: unknown): void {
    let frame: In
    try {
      frame = JSON.parse(String(data)) as In
    } catch {
      return
    }
    if (!frame || typeof frame !== 'object') return
    if (frame.type === 'ready') {
      clearTimeout(this.timer)
      this.failures = 0
      this.set('open')
    }
    this.options.onFrame(frame)
  }

  private ended(wire: Wire, code: number, reason?: string): void {
    if (wire !== this.wire || this.stopped) return
    const wasOpen = this.status === 'open'
    this.leave()
    clearTimeout(this.timer)
    if (code === 4401 || code === 4403) {
      if (this.options.onTerminal(code)) {
        this.connect()
      } else {
        this.stopped = true
        this.set('closed')
      }
      return
    }
    if (!wasOpen) this.failures++
    const asked = code === 1013 ? retryIn(reason) : undefined
    if (asked !== undefined && wasOpen) this.pause(asked) // the server spreads those whom it sends away
    else this.later(code === 1013 ? busyDelay : 0)
  }

  private later(atLeast: number): void {
    const ceiling = Math.min(longestDelay, firstDelay * Math.pow(2, Math.min(this.failures, 10)))
    // Half fixed, half random: everybody lost a restarted server at the same moment.
    this.pause(Math.max(atLeast, 0) + ceiling * (0.5 + 0.5 * (this.options.random || Math.random)()))
  }

  private pause(delay: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.connect(), delay)
    this.set('waiting')
  }

  private leave(): void {
    const wire = this.wire
    this.wire = null
    if (!wire) return
    wire.onopen = wire.onmessage = wire.onclose = wire.onerror = null
    try {
      wire.close(1000)
    } catch {
      // It was never open.
    }
  }

  private set(status: SocketStatus): void {
    if (status === this.status) return
    this.status = status
    this.options.onStatus(status)
  }
}

export const dialChat = (): Wire => dialTo('/ws/chat')

export function dialTo(path: string): Wire {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(`${scheme}//${location.host}${path}`)
}
