// A citizen's side of the passage to a person: where she stands, who answers, and what she may
// wish. The rows themselves come as events of her conversation.

import { reactive } from 'vue'
import { ApiError, type ErrorBody } from './api'
import { newRef } from './ref'
import { t } from './words'

export type Wish = 'cancel' | 'call' | 'form' | 'stay' | 'bot' | 'picture' | 'rate' | 'reopen'
export interface Notice { version: string; text: string }
export interface DeskStatus {
  number: string; state: string; label: string
  /** Place in the queue from 1, and estimated minutes; missing while they are not known. */
  position?: number; minutes?: number
  agent_no?: string; can: Wish[] | null; notice?: Notice
}
export interface Rating { solved: boolean; stars: number; tags: string[] }
export interface CallForm { phone: string; name: string; window: string; matter: string; consent: string }

export interface DeskFrame { type: 'desk'; ref?: string; ticket: DeskStatus | null }
export type HintIn = { type: 'typing'; who: string; agent_no?: string; on?: boolean } | { type: 'read'; who: string; seq: number }
export interface DeskWish { type: 'desk'; ref: string; do: Wish; rating?: Rating; form?: CallForm }
export type HintOut = { type: 'typing'; on: boolean } | { type: 'read'; seq: number }

export interface DeskSideState {
  status: DeskStatus | null
  /** The number of the agent who is typing; "" for nobody. */
  typing: string
  /** The agent has read up to this row. */
  readTo: number
}

/** What may be ticked beside the stars. */
export const goodTags = ['态度好', '说得清楚', '很快', '解决了问题']
export const badTags = ['等太久', '没听懂', '没解决', '态度不好', '反复转接']
export const callWindows: { [key: string]: string } = { any: '都可以', morning: '上午 9:00–12:00', afternoon: '下午 14:00–18:00' }

const answerTimeout = 15000
const typingFor = 10000
const typingEvery = 4000

interface Waiting { done: () => void; fail: (cause: ApiError) => void; timer: ReturnType<typeof setTimeout> }

export class DeskSide {
  readonly state = reactive<DeskSideState>({ status: null, typing: '', readTo: 0 })
  private readonly waiting = new Map<string, Waiting>()
  private typingTimer: ReturnType<typeof setTimeout> | undefined
  private typed = 0
  private toldRead = 0

  constructor(private readonly send: (frame: DeskWish | HintOut) => boolean) {}

  /** Somebody answers now. */
  get served(): boolean {
    const s = this.state.status
    return !!s && !!s.agent_no && ['active', 'waiting', 'held', 'transferring'].indexOf(s.state) >= 0
  }

  /** The notice about pictures, while she may send one. */
  get pictureNotice(): Notice | null {
    return (this.may('picture') && this.state.status && this.state.status.notice) || null
  }

  may(wish: Wish): boolean {
    const s = this.state.status
    return !!s && (s.can || []).indexOf(wish) >= 0
  }

  /** Wishes something; fails with an ApiError whose message can be shown. */
  wish(what: Wish, details: { rating?: Rating; form?: CallForm } = {}): Promise<void> {
    const ref = newRef()
    return new Promise((done, fail) => {
      if (!this.send({ type: 'desk', ref, do: what, ...details })) {
        fail(new ApiError({ code: 'offline', message: t('网络连接不上，请稍后再试。') }))
        return
      }
      const timer = setTimeout(() => this.refuse(ref, { code: 'offline', message: t('没有得到答复，请稍后再试。') }), answerTimeout)
      this.waiting.set(ref, { done, fail, timer })
    })
  }

  /** She types. Told at most every few seconds, and only to somebody who is there. */
  typing(now = Date.now()): void {
    if (!this.served || now - this.typed < typingEvery) return
    this.typed = now
    this.send({ type: 'typing', on: true })
  }

  /** She has what an agent wrote before her eyes. */
  read(seq: number): void {
    if (!this.served || seq <= this.toldRead) return
    if (this.send({ type: 'read', seq })) this.toldRead = seq
  }

  /** Takes a frame that is about the desk; false for every other. */
  receive(frame: { type: string }): boolean {
    switch (frame.type) {
      case 'desk': {
        const f = frame as DeskFrame
        if (!f.ticket || !this.state.status || f.ticket.number !== this.state.status.number) this.state.typing = ''
        this.state.status = f.ticket
        if (!this.served) this.state.typing = ''
        if (f.ref) this.settle(f.ref)
        return true
      }
      case 'typing':
        this.hear(frame as HintIn & { type: 'typing' })
        return true
      case 'event': // what was being typed has come
        if ((frame as { kind?: string }).kind === 'agent') this.state.typing = ''
        return false
      case 'read':
        this.state.readTo = Math.max(this.state.readTo, (frame as HintIn & { type: 'read' }).seq || 0)
        return true
      case 'error': {
        const f = frame as { type: 'error'; ref?: string; error: ErrorBody }
        return !!f.ref && this.refuse(f.ref, f.error)
      }
    }
    return false
  }

  /** Another conversation begins. */
  forget(): void {
    this.state.status = null
    this.state.typing = ''
    this.state.readTo = 0
    this.toldRead = 0
  }

  stop(): void {
    clearTimeout(this.typingTimer)
    this.waiting.forEach((w) => clearTimeout(w.timer))
  }

  private hear(f: { on?: boolean; agent_no?: string }): void {
    clearTimeout(this.typingTimer)
    this.state.typing = f.on ? f.agent_no || '' : ''
    if (f.on) this.typingTimer = setTimeout(() => { this.state.typing = '' }, typingFor)
  }

  private settle(ref: string): void {
    const w = this.take(ref)
    if (w) w.done()
  }

  private refuse(ref: string, error: ErrorBody): boolean {
    const w = this.take(ref)
    if (w) w.fail(new ApiError(error))
    return !!w
  }

  private take(ref: string): Waiting | undefined {
    const w = this.waiting.get(ref)
    if (!w) return undefined
    clearTimeout(w.timer)
    this.waiting.delete(ref)
    return w
  }
}
