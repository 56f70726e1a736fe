// Which tickets a tab lists, and in which order.

import type { Listed, Ticket } from '../types'
import { worst } from './timers'

export type Tab = 'mine' | 'queue' | 'watch' | 'bot' | 'ended'
export const tabNames: { [tab in Tab]: string } = { mine: '会话中', queue: '排队中', watch: '待干预', bot: '机器人接待', ended: '已结束' }
export type Sort = 'urgent' | 'newest' | 'accepted'
export const sortNames: { [sort in Sort]: string } = { urgent: '等待时长', newest: '最新消息', accepted: '接入顺序' }

const over = ['resolved', 'closed', 'returned', 'abandoned']
export const isOver = (t: Ticket) => over.includes(t.state)
export const rings = (t: Ticket, me: string) => (t.state === 'offered' || t.state === 'transferring') && t.offered === me
const breached = (t: Ticket, now: number) => (t.timers ?? []).some((x) => x.breached || (!x.paused && Date.parse(x.due) <= now))

export const mineOf = (tickets: Ticket[], me: string) => tickets.filter((t) => !isOver(t) && ((t.agent === me && t.state !== 'callback') || rings(t, me)))
/** Those of her own that need help; the server tells of the others. */
export const troubled = (tickets: Ticket[], me: string, now: number) =>
  mineOf(tickets, me).filter((t) => t.agent === me && (!!t.red || (t.bounces ?? []).length >= 3 || breached(t, now)))

export const isListed = (tab: Tab): tab is Listed => tab === 'queue' || tab === 'watch'

/** The rows that a page has of a list, with what it knows to be newer, and its own. */
export function joined(list: Ticket[], known: { [number: string]: Ticket }, own: Ticket[]): Ticket[] {
  const latest = (t: Ticket) => {
    const here = known[t.number]
    return here && newer(t, here) ? here : t
  }
  return list.map(latest).concat(own.filter((t) => !list.some((l) => l.number === t.number)))
}

/** The order in which the queue is served; those to be called come after those who wait. */
export function byQueue(a: Ticket, b: Ticket): number {
  const call = (t: Ticket) => (t.state === 'callback' ? 1 : 0)
  return call(a) - call(b) || b.priority - a.priority || Date.parse(a.enqueued) - Date.parse(b.enqueued)
}

/** Who needs an answer soonest comes first. */
export function sorted(tickets: Ticket[], sort: Sort, now: number): Ticket[] {
  const due = (t: Ticket) => (t.state === 'waiting' || t.state === 'held' ? Infinity : worst(t, now)?.left ?? Infinity)
  const by: { [s in Sort]: (a: Ticket, b: Ticket) => number } = {
    urgent: (a, b) => (due(a) === due(b) ? Date.parse(a.enqueued) - Date.parse(b.enqueued) : due(a) - due(b)),
    newest: (a, b) => Date.parse(b.heard ?? b.updated) - Date.parse(a.heard ?? a.updated),
    accepted: (a, b) => Date.parse(a.accepted ?? a.enqueued) - Date.parse(b.accepted ?? b.enqueued),
  }
  return [...tickets].sort(by[sort])
}

/** What somebody's conversations take of her capacity; a call counts twice. */
export function load(tickets: Ticket[], me: string): number {
  return tickets.filter((t) => t.agent === me && !isOver(t)).reduce((n, t) => n + (t.state === 'calling' || t.state === 'callback' ? 2 : 1), 0)
}

const reasons = ['市民要求人工', '市民要求人工，事项有转人工的情形', '由人工办理']
/** What a ticket is about, in as few words as fit a row: its summary without why it came and without codes. */
export function gist(t: Ticket): string {
  const parts = t.summary.split('；').filter((p) => !reasons.includes(p)).map((p) => p.replace(/^刚才的(?:事项：[A-Z]+-\d+ |条目：)/, ''))
  return parts.join('；') || t.summary
}

/** Two pictures of one ticket may overtake each other: the higher version is the newer. */
export const newer = (was: Ticket | undefined, is: Ticket) => !was || is.version >= was.version
