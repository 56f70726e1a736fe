// When a draft is saved, and what the editor is told about it. The machine knows no document:
// it is given how to save, and a clock.

export type SaveState = 'clean' | 'dirty' | 'saving' | 'saved' | 'failed' | 'conflict'

export interface Clock {
  now(): number
  after(ms: number, work: () => void): () => void
}

export interface Outcome {
  kind: 'saved' | 'conflict' | 'failed'
  /** Why it failed, in words for the editor. */
  problem?: string
  /** Whether trying again may help. */
  again?: boolean
}

export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}

/** Saved after a pause in typing, at the latest this long after the first unsaved change. */
export const pause = 1200
export const longest = 8000
const retries = [3000, 6000, 12000, 30000]

export class Autosave {
  state: SaveState = 'clean'
  savedAt = 0
  problem = ''
  private since = 0
  private edits = 0
  private attempts = 0
  private cancel: (() => void) | null = null
  private running: Promise<void> | null = null

  /** save is called with nothing else running; changed after every new state. */
  constructor(
    private readonly save: () => Promise<Outcome>,
    private readonly changed: () => void = () => undefined,
    private readonly clock: Clock = realClock,
  ) {}

  /** Something would be lost if the page went now. */
  get pending(): boolean {
    return this.state !== 'clean' && this.state !== 'saved'
  }

  /** The editor changed something. */
  edit(): void {
    this.edits++
    if (this.state === 'conflict') return
    if (this.state === 'saving') return
    if (this.state !== 'dirty' && this.state !== 'failed') this.since = this.clock.now()
    if (this.state !== 'failed') this.go('dirty')
    this.schedule(Math.min(pause, Math.max(0, this.since + longest - this.clock.now())))
  }

  /** Saves now whatever is unsaved; resolves when nothing runs any more. */
  async flush(): Promise<void> {
    if (this.running) await this.running
    if (this.state === 'dirty' || this.state === 'failed') await this.run()
  }

  /** A conflict was decided: what is on the screen is to be saved. */
  resolve(): void {
    this.go('dirty')
    void this.run()
  }

  /** What is on the screen is what the server has. */
  settle(savedAt = 0): void {
    this.stop()
    this.savedAt = savedAt
    this.go(savedAt ? 'saved' : 'clean')
  }

  stop(): void {
    this.cancel?.()
    this.cancel = null
  }

  private schedule(ms: number): void {
    this.stop()
    this.cancel = this.clock.after(ms, () => void this.run())
  }

  private run(): Promise<void> {
    this.stop()
    const running = this.running ?? this.once().finally(() => { this.running = null })
    this.running = running
    return running
  }

  private async once(): Promise<void> {
    const upTo = this.edits
    this.go('saving')
    const outcome = await this.save()
    if (outcome.kind === 'conflict') {
      this.go('conflict')
      return
    }
    if (outcome.kind === 'failed') {
      this.problem = outcome.problem ?? ''
      this.go('failed')
      const wait = retries[Math.min(this.attempts++, retries.length - 1)] as number
      if (outcome.again) this.schedule(wait)
      return
    }
    this.attempts = 0
    this.problem = ''
    this.savedAt = this.clock.now()
    if (this.edits === upTo) {
      this.go('saved')
      return
    }
    this.since = this.clock.now()
    this.go('dirty')
    this.schedule(pause)
  }

  private go(state: SaveState): void {
    this.state = state
    this.changed()
  }
}

/** The words beside the title. */
export function saveWords(state: SaveState, savedAt: string, problem: string): string {
  switch (state) {
    case 'clean': return ''
    case 'dirty': return '未保存'
    case 'saving': return '正在保存…'
    case 'saved': return `已保存 ${savedAt}`
    case 'conflict': return '未保存：别人也改了这一条'
    case 'failed': return `未保存：${problem || '网络连接不上，会自动再试'}`
  }
}
