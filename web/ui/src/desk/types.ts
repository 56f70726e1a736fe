// What the desk's interface (docs/desk-api.md) speaks of.

import type { ErrorBody, Reply } from '../shared/api'

export type Presence = 'online' | 'busy' | 'break' | 'offline' | 'not_responding'
export interface Timer {
  kind: 'accept' | 'first' | 'next' | 'resolve' | 'call'
  warn: string; due: string
  /** Since when it stands still; left is what remains then, in nanoseconds. */
  paused?: string; left?: number
  warned?: boolean; breached?: boolean
}
export interface Ticket {
  number: string; conversation: string; seq: number; channel: string; group: string; reason: string
  item?: string; facet?: string; summary: string; urgent?: boolean; red?: boolean
  state: string; label: string; version: number; priority: number
  agent?: string; agent_no?: string; offered?: string; offered_no?: string; last?: string; last_no?: string
  created: string; enqueued: string; accepted?: string; replied?: string; heard?: string; quiet?: string; ended?: string; updated: string
  lease?: string; check?: string; idle?: boolean; bounces?: { agent: string; at: string; why: string }[]
  code?: string; outcome?: string; reopens?: number; rating?: { solved: boolean; stars: number; tags?: string[] }
  asked?: boolean; tries?: number; timers?: Timer[]
}
export interface Agent {
  id: string; number: string; display: string; groups: string[] | null; skills?: { [group: string]: number } | null
  capacity: number; load: number; presence: Presence; reason?: string; since: string; disabled?: boolean; supervises?: boolean
}
export interface GroupCount { group: string; waiting: number; calls: number; since?: string }
/** Lists of tickets that the server keeps up to date while a page shows them. */
export type Listed = 'queue' | 'watch'
export interface Row {
  seq: number; kind: string; text: string; author?: string; event?: string; data?: unknown; reply?: Reply; at: string
  /** Personal data was replaced. */
  masked?: boolean
}
export interface Note { n: number; conversation: string; ticket: string; kind: 'note' | 'whisper'; author: string; text: string; at: string }
export interface Viewer { agent_no: string; typing: boolean }
export interface Alert { conversation: string; seq: number; at: string }
export interface Glance { conversation: string; channel: string; owner: string; seq: number; updated: string; misses: number; item?: string; name?: string }
export interface Choices {
  groups: { name: string; numbers: string[] | null; overflow?: string; open: boolean }[]
  wrapup_codes: { [code: string]: string }; variables: string[]; call_windows: { [key: string]: string }
  order_types: string[]; urgencies: string[]
  sheet: { id: string; name: string; max: number; fatal?: boolean }[]; sheet_version: string
  max_reply: number; offer_seconds: number; wrapup_seconds: number
}
export interface Suggestion {
  text: string; item?: string; article?: string; confidence: number
  sources: { kind: string; id: string; revision: number }[] | null
  options: { code?: string; id?: string; label: string }[] | null; release: number
}
export interface Call { ticket: string; form: { phone: string; name: string; window: string; matter: string; consent: string }; at: string }
export interface Order {
  number: string; ticket?: string; type: string; urgency: string; title: string; body: string; name?: string; phone?: string; place?: string
  anonymous?: boolean; confidential?: boolean; item?: string; unit: string; state: string; version: number
  created: string; sign_by: string; contact_by: string; due_by: string; extended?: number; urged?: number; reply?: string
  satisfied?: boolean; steps: { at: string; actor: string; do: string; text?: string }[] | null
}
export interface Packet {
  ticket: Ticket; risk: string[] | null; seq: number
  matter?: { code?: string; id?: string; name: string; facet?: string; handover?: string; url: string }
  slots: { name: string; value: string }[] | null
  turns: { seq: number; said: string; action: string; item?: string; answer: string; at: string }[] | null
  suggestions: Suggestion[] | null; past: Ticket[] | null; call?: Call; orders: Order[] | null
  reach?: { following: boolean; open: boolean; left: number; until: string; waiting: number }
}
export interface Canned { id: string; group: string; shortcut: string; title: string; text: string; version: number; retired?: boolean }
export interface Board {
  now: string; agents: Agent[]; bot_share: number; stars: number; alerts: Alert[] | null; watch: Ticket[]
  groups: { group: string; open: boolean; waiting: number; longest_s: number; talking: number; calls: number; breached: number; online: number; busy: number; slots: number }[]
  today: Tally; late_orders: { number: string; unit: string; late: string }[]
}
export interface Tally {
  conversations: number; handed_over: number; tickets: number; accepted: number; abandoned: number; callbacks: number; transfers: number
  reopened: number; lost: number; rated: number; stars: number; solved: number
}
export interface Check { ticket: string; agent: string; reviewer: string; sheet: string; points: { [id: string]: number }; total: number; comment: string; at: string }

/** What an agent does to a ticket besides its name: see the table of `do`. */
export interface Deed {
  do: string; version?: number; text?: string; reason?: string; code?: string; agent?: string; group?: string; warm?: boolean; until?: string
}

export type DeskIn =
  | { type: 'ready'; now: string; me: Agent; chief: boolean; tickets: Ticket[] | null; agents: Agent[] | null; drafts: { [conversation: string]: string } | null; alerts?: Alert[] | null }
  | { type: 'ticket'; ticket: Ticket; event?: string; from?: string; alarms?: { timer: string; breach: boolean }[] | null; now: string }
  | { type: 'queue'; groups: GroupCount[] | null; watch: number }
  | { type: 'list'; list: Listed; total: number; tickets: Ticket[] | null }
  | { type: 'row'; conversation: string; row: Row; masked?: boolean }
  | { type: 'note'; note: Note }
  | { type: 'opened'; ref?: string; conversation: string; seq: number }
  | { type: 'typing'; conversation: string; who: string; on?: boolean }
  | { type: 'read'; conversation: string; who: string; seq: number }
  | { type: 'viewers'; conversation: string; viewers: Viewer[] | null }
  | { type: 'agents'; agents: Agent[] | null }
  | { type: 'alert'; alert: Alert }
  | { type: 'done'; ref: string; ticket: Ticket; seqs?: number[] }
  | { type: 'ok' | 'pong'; ref: string }
  | { type: 'error'; ref?: string; error: ErrorBody; ticket?: Ticket }

export type DeskOut =
  | { type: 'ping'; ref: string }
  | { type: 'presence'; ref: string; presence: Presence; reason: string }
  | { type: 'list'; list: Listed | '' }
  | { type: 'open'; ref: string; ticket?: string; conversation?: string; after: number; on?: boolean }
  | { type: 'close'; conversation: string }
  | ({ type: 'do'; ref: string; ticket: string } & Deed)
  | { type: 'note'; ref: string; ticket: string; text: string; kind: 'note' | 'whisper' }
  | { type: 'draft'; conversation: string; text: string }
  | { type: 'typing'; conversation: string; on: boolean }
  | { type: 'read'; conversation: string; seq: number }

/** An agent's view of one conversation. */
export interface Talk {
  conversation: string; ticket: string; silent: boolean; opened: boolean
  rows: Row[]; notes: Note[]; viewers: Viewer[]; typing: boolean; readTo: number
}
/** A reply on its way. */
/** A reply under way; after is the last row that stood in the conversation when it was written. */
export interface Pending { ref: string; ticket: string; conversation: string; text: string; problem: string; after: number }
