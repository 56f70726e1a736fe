// The conversations that were held on this device, so that somebody who closed the page finds
// hers again. Nobody else has them; clearing takes away everything that the page kept.

import { keepIn, type Keep } from '../shared/storage'

export interface Past { conversation: string; token: string; title: string; at: number }

const key = 'shenwei.past'
const most = 10
const longest = 30
const days = 30 * 24 * 3600 * 1000

export class History {
  private readonly keep: Keep

  constructor(keep: Keep = keepIn(() => window.localStorage)) {
    this.keep = keep
  }

  /** The newest first. */
  list(now = Date.now()): Past[] {
    const kept = this.keep.get<Past[]>(key)
    return Array.isArray(kept) ? kept.filter((p) => p && p.conversation && p.token && now - p.at < days).slice(0, most) : []
  }

  /** Puts a conversation first. Its title is its first line. */
  note(conversation: string, token: string, line: string, now = Date.now()): void {
    if (!conversation || !token) return
    const all = this.list(now)
    const known = all.filter((p) => p.conversation === conversation)[0]
    const title = (known && known.title) || Array.from(line).slice(0, longest).join('')
    this.keep.set(key, [{ conversation, token, title, at: now }].concat(all.filter((p) => p.conversation !== conversation)).slice(0, most))
  }

  clear(): void {
    this.keep.remove(key)
  }
}

/** Takes away all that these pages keep on the device, but for how it looks and its language. */
export function forgetDevice(): void {
  for (const storage of ['localStorage', 'sessionStorage'] as const) {
    try {
      const s = window[storage]
      Object.keys(s).filter((k) => /^shenwei\./.test(k) && k !== 'shenwei.view' && k !== 'shenwei.lang').forEach((k) => s.removeItem(k))
    } catch {
      // Storage is refused: nothing was kept.
    }
  }
}
