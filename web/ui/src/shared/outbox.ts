// The citizen's lines that have no reply yet. Each keeps its ref until it is answered, so that
// saying it again after a break is harmless: the server knows the ref and gives the same reply.

import { newRef } from './ref'
import type { Keep } from './storage'

export interface Line {
  ref: string
  text: string
  /** Set when the line is a tapped choice: the item's code or the article's id. */
  code?: string
  /** The language of the page where the line is a button's; what is typed speaks for itself. */
  lang?: string
  acked: boolean
  failed: boolean
  /** The server said no to this ref; saying it again needs another. */
  refused: boolean
  /** The connection that it was last sent on; 0 for none. */
  sentOn: number
  tries: number
}

const key = 'shenwei.outbox'
type Saved = Pick<Line, 'ref' | 'text' | 'code' | 'lang' | 'acked'>

export class Outbox {
  readonly lines: Line[] = []
  private readonly keep: Keep

  constructor(keep: Keep) {
    this.keep = keep
    const saved = keep.get<Saved[]>(key)
    if (Array.isArray(saved)) saved.forEach((s) => this.lines.push(line(s.ref, s.text, s.code, s.lang, s.acked)))
  }

  add(text: string, code?: string, lang?: string): Line {
    const l = line(newRef(), text, code, lang, false)
    this.lines.push(l)
    this.save()
    return l
  }

  find(ref: string): Line | undefined {
    return this.lines.find((l) => l.ref === ref)
  }

  ack(ref: string): void {
    const l = this.find(ref)
    if (!l) return
    l.acked = true
    l.failed = false
    this.save()
  }

  /** The line has its reply. */
  settle(ref: string): void {
    const i = this.lines.findIndex((l) => l.ref === ref)
    if (i < 0) return
    this.lines.splice(i, 1)
    this.save()
  }

  /** What still has to be said, oldest first. */
  due(): Line[] {
    return this.lines.filter((l) => !l.failed)
  }

  /** Gives a line a new ref: for a conversation that never saw the old one. */
  renew(l: Line): void {
    l.ref = newRef()
    l.acked = false
    this.revive(l)
  }

  /** Makes a failed line due again. */
  revive(l: Line): void {
    l.failed = false
    l.refused = false
    l.sentOn = 0
    l.tries = 0
    this.save()
  }

  private save(): void {
    if (!this.lines.length) {
      this.keep.remove(key)
      return
    }
    const saved: Saved[] = this.lines.map((l) => ({ ref: l.ref, text: l.text, code: l.code, lang: l.lang, acked: l.acked }))
    this.keep.set(key, saved)
  }
}

function line(ref: string, text: string, code: string | undefined, lang: string | undefined, acked: boolean): Line {
  return { ref, text, code, lang, acked, failed: false, refused: false, sentOn: 0, tries: 0 }
}

/** The language of a line as a frame or a request has it. */
export const said = (lang: string | undefined): { lang?: string } => (lang ? { lang } : {})
