import type { Entry } from '../shared/thread'
import { t } from '../shared/words'

/** What a screen reader is told of a conversation: every line of the other side, once. */
export class Announcer {
  private readonly known: { [key: string]: true } = {}
  private readonly begun: number

  /** settle is how long what was there before may take to arrive after the page opened, in ms. */
  constructor(private readonly settle = 2000, now = Date.now()) {
    this.begun = now
  }

  /**
   * The lines that were not told yet. What is read from the record while the page opens is no news,
   * and neither is what somebody wrote herself.
   */
  fresh(entries: Entry[], now = Date.now()): { key: string; text: string }[] {
    const asked = entries.some((e) => e.kind === 'citizen' && e.at === '' && e.seq !== Infinity) || entries.some((e) => e.seq === Infinity)
    const old = now - this.begun < this.settle && !asked
    const all: { key: string; text: string }[] = []
    entries.forEach((e) => {
      if (this.known[e.key]) return
      this.known[e.key] = true
      if (old || e.kind === 'citizen') return
      const text = e.reply ? e.reply.text : e.text
      all.push({ key: e.key, text: e.kind === 'reply' ? t('深微：') + text : e.author ? t('坐席 {0} 号', e.author) + '：' + text : text })
    })
    return all
  }
}
