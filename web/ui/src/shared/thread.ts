// What is on the screen: every message once, in the order of the server's sequence. A line
// without a sequence number yet stands at the end, in the order in which it was written.

import type { Reply, Stored } from './api'
import { pictureOf, type PictureInfo } from './picture'

export type LineState = 'sending' | 'sent' | 'failed'

export interface Entry {
  key: string
  kind: 'citizen' | 'reply' | 'agent' | 'notice'
  /** Conversations follow each other on one screen; sequence numbers begin again in each. */
  epoch: number
  seq: number
  ref: string
  text: string
  state: LineState
  /** Why it failed or what it waits for, in words for the citizen. */
  problem: string
  reply: Reply | null
  /** The number of the agent who wrote it. */
  author: string
  /** What happened, for a notice. */
  event: string
  /** When it was stored, RFC 3339; empty while it is not. */
  at: string
  /** What it shows, for a picture; preview is the address of one's own while it is on its way. */
  picture: PictureInfo | null
  preview: string
}

export class Thread {
  epoch = 0
  private readonly seen = new Set<number>()
  private upTo = 0

  /** entries is changed in place, so that a reactive array may be passed in. */
  constructor(readonly entries: Entry[]) {}

  /** The last sequence number up to which nothing is missing. */
  get after(): number {
    return this.upTo
  }

  line(ref: string, text: string): Entry {
    return this.insert(entry('citizen', `c-${ref}`, this.epoch, Infinity, ref, text))
  }

  byRef(ref: string): Entry | undefined {
    return ref ? this.entries.find((e) => e.kind === 'citizen' && e.ref === ref) : undefined
  }

  /** The line's place is known. */
  place(ref: string, seq: number): void {
    this.note(seq)
    const e = this.byRef(ref)
    if (!e) return
    e.state = 'sent'
    e.problem = ''
    this.move(e, seq)
  }

  /** Shows a reply once; refs are the lines that it answers. */
  answer(reply: Reply, refs: string[]): void {
    refs.forEach((ref) => {
      const e = this.byRef(ref)
      if (!e) return
      e.state = 'sent'
      e.problem = ''
      if (e.seq === Infinity) this.move(e, reply.seq - 0.5)
    })
    if (this.has(reply.seq)) return
    this.note(reply.seq)
    if (reply.action === 'relayed') return // the receipt of a line that a person answers
    const e = entry('reply', `r-${this.epoch}-${reply.seq}`, this.epoch, reply.seq, refs[0] || '', reply.text)
    e.reply = reply
    this.insert(e)
  }

  /** Adds a message read from the record. */
  stored(m: Stored): void {
    if (m.kind === 'reply' && m.reply) {
      this.answer({ ...m.reply, seq: m.seq }, m.reply.refs || [])
      return
    }
    if (m.kind === 'citizen' && m.ref && this.byRef(m.ref)) {
      this.place(m.ref, m.seq)
      this.stamp(m.ref, m)
      return
    }
    if (this.has(m.seq)) return
    this.note(m.seq)
    if (!m.text) return
    const kind = m.kind === 'citizen' || m.kind === 'agent' ? m.kind : 'notice'
    const e = entry(kind, `m-${this.epoch}-${m.seq}`, this.epoch, m.seq, m.ref || '', m.text)
    e.state = 'sent'
    e.author = m.author || ''
    e.event = m.event || ''
    e.at = m.at || ''
    e.picture = pictureOf(m.data)
    this.insert(e)
  }

  private stamp(ref: string, m: Stored): void {
    const e = this.byRef(ref)
    if (!e) return
    e.at = m.at || ''
    e.picture = pictureOf(m.data) || e.picture
  }

  /** Begins another conversation below the present one. */
  begin(words: string): void {
    const waiting = this.entries.filter((e) => e.seq === Infinity && e.kind === 'citizen')
    this.epoch++
    this.seen.clear()
    this.upTo = 0
    this.insert(entry('notice', `n-${this.epoch}`, this.epoch, 0, '', words))
    waiting.forEach((e) => {
      e.epoch = this.epoch
      this.move(e, Infinity)
    })
  }

  private has(seq: number): boolean {
    return this.seen.has(seq)
  }

  private note(seq: number): void {
    this.seen.add(seq)
    while (this.seen.has(this.upTo + 1)) this.upTo++
  }

  private move(e: Entry, seq: number): void {
    const i = this.entries.indexOf(e)
    if (i >= 0) this.entries.splice(i, 1)
    e.seq = seq
    this.insert(e)
  }

  private insert(e: Entry): Entry {
    let i = this.entries.length
    while (i > 0 && before(e, this.entries[i - 1] as Entry)) i--
    this.entries.splice(i, 0, e)
    return this.entries[i] as Entry
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.epoch !== b.epoch ? a.epoch < b.epoch : a.seq < b.seq
}

function entry(kind: Entry['kind'], key: string, epoch: number, seq: number, ref: string, text: string): Entry {
  return { key, kind, epoch, seq, ref, text, state: 'sending', problem: '', reply: null, author: '', event: '', at: '', picture: null, preview: '' }
}
