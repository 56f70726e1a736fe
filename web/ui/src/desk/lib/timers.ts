// The promises of a ticket as a row shows them.

import type { Ticket, Timer } from '../types'

export type Tone = 'calm' | 'amber' | 'red' | 'still'
export interface Shown { kind: Timer['kind']; tone: Tone; /** Milliseconds that are left; negative once it is broken. */ left: number }

export const timerNames: { [kind in Timer['kind']]: string } = {
  accept: '接起', first: '首次回复', next: '回复', resolve: '办结', call: '回拨',
}

const order: { [tone in Tone]: number } = { red: 0, amber: 1, calm: 2, still: 3 }

/** now is the server's time, in milliseconds. */
export function show(timer: Timer, now: number): Shown {
  if (timer.paused) return { kind: timer.kind, tone: 'still', left: (timer.left ?? 0) / 1e6 }
  const left = Date.parse(timer.due) - now
  const tone: Tone = left <= 0 ? 'red' : now >= Date.parse(timer.warn) ? 'amber' : 'calm'
  return { kind: timer.kind, tone, left }
}

/** The promise of a ticket that is nearest to being broken; null when there is none under way. */
export function worst(ticket: Pick<Ticket, 'timers'>, now: number): Shown | null {
  const all = (ticket.timers ?? []).map((t) => show(t, now))
  all.sort((a, b) => order[a.tone] - order[b.tone] || a.left - b.left)
  const first = all[0]
  return first && first.tone !== 'still' ? first : null
}

/** "2:05", "-0:09" once it is broken, "3 小时 5 分" and "2 天" for long ones. */
export function countdown(ms: number): string {
  const s = Math.max(0, Math.floor(Math.abs(ms) / 1000))
  const sign = ms < 0 && s > 0 ? '-' : ''
  if (s < 3600) return `${sign}${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
  if (s < 86400) return `${sign}${Math.floor(s / 3600)} 小时 ${Math.floor((s % 3600) / 60)} 分`
  return `${sign}${Math.floor(s / 86400)} 天`
}
