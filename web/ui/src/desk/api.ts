// The desk's requests; what happens at once goes over the socket (hotline.ts).

import { request } from '../shared/api'
import { call, withQuery } from '../shared/staff/api'
import type { Agent, Alert, Board, Call, Canned, Check, Choices, Glance, Note, Order, Packet, Row, Suggestion, Tally, Ticket } from './types'

const base = '/api/v1/desk'
const enc = encodeURIComponent
const patience = 30_000
const ticket = (number: string) => `${base}/tickets/${enc(number)}`

export interface OrderForm {
  ticket: string; type: string; urgency: string; title: string; body: string; name: string; phone: string; place: string
  anonymous: boolean; confidential: boolean; item: string; unit: string
}
export interface Span { from?: string; to?: string }

export const desk = {
  choices: () => call<Choices>('GET', `${base}/choices`),
  tickets: (tab: string) => call<{ tickets: Ticket[] | null; conversations?: Glance[] | null }>('GET', withQuery(`${base}/tickets`, { tab })),
  packet: (number: string) => call<Packet>('GET', ticket(number)),
  messages: (number: string, after = 0) =>
    call<{ rows: { conversation: string; row: Row; masked?: boolean }[] | null; notes: Note[] | null; more: boolean }>('GET', withQuery(`${ticket(number)}/messages`, { after })),
  suggest: async (number: string, q = '') => (await call<{ suggestions: Suggestion[] | null }>('GET', withQuery(`${ticket(number)}/suggest`, { q }))).suggestions ?? [],
  search: async (q: string) => (await call<{ suggestions: Suggestion[] | null }>('GET', withQuery(`${base}/search`, { q }))).suggestions ?? [],
  unmask: (number: string, what: { what: 'row' | 'call' | 'order'; seq?: number; order?: string; reason: string }) =>
    call<{ text?: string; call?: Call; order?: Order }>('POST', `${ticket(number)}/unmask`, what),
  /** A citizen's or agent's picture; each look is audited. */
  picture: (conversation: string, seq: number, small: boolean) =>
    request<Blob>(`${base}/conversations/${enc(conversation)}/pictures/${seq}?size=${small ? 'small' : 'large'}`, {}, patience, (r) => r.blob()),
  sendPicture: (number: string, ref: string, file: Blob) => call<{ ticket: Ticket }>('POST', withQuery(`${ticket(number)}/pictures`, { ref }), file),
  keep: (number: string, seq: number, question: string) => call<{ kind: string; id: string }>('POST', `${ticket(number)}/knowledge`, { seq, question }),
  draft: (conversation: string, text: string) => call<unknown>('PUT', `${base}/draft`, { conversation, text }, { keepalive: true }),
  canned: async () => (await call<{ canned: Canned[] | null }>('GET', `${base}/canned`)).canned ?? [],
  saveCanned: (c: Partial<Canned>) => call<Canned>('POST', `${base}/canned`, c),
  orders: async (filter: { state?: string; ticket?: string }) => (await call<{ orders: Order[] | null }>('GET', withQuery(`${base}/orders`, filter))).orders ?? [],
  addOrder: (form: OrderForm) => call<Order>('POST', `${base}/orders`, form),
  doOrder: (number: string, deed: { do: string; unit?: string; text?: string; satisfied?: boolean }) => call<Order>('POST', `${base}/orders/${enc(number)}/do`, deed),
  ordersFile: (state: string) => withQuery(`${base}/orders/export`, { state }),
  board: () => call<Board>('GET', `${base}/board`),
  setAgent: (id: string, a: { groups: string[]; skills: { [g: string]: number }; capacity: number }) => call<Agent>('PUT', `${base}/agents/${enc(id)}`, a),
  pull: (conversation: string) => call<{ ticket: Ticket }>('POST', `${base}/pull`, { conversation }),
  limit: (l: { conversation: string; mode: '' | 'slow' | 'block'; reason: string; minutes: number }) => call<unknown>('POST', `${base}/limits`, l),
  seen: (a: Alert) => call<unknown>('POST', `${base}/alerts/${enc(a.conversation)}/seen`, {}),
  sample: async (filter: Span & { n?: number; agent?: string }) => (await call<{ tickets: Ticket[] | null }>('GET', withQuery(`${base}/sample`, { ...filter }))).tickets ?? [],
  check: (c: { ticket: string; sheet: string; points: { [id: string]: number }; comment: string }) => call<Check>('POST', `${base}/checks`, c),
  checks: async (span: Span) => (await call<{ checks: Check[] | null }>('GET', withQuery(`${base}/checks`, { ...span }))).checks ?? [],
  report: (span: Span) => call<Tally>('GET', withQuery(`${base}/report`, { ...span })),
  reportFile: (span: Span) => withQuery(`${base}/report`, { ...span, format: 'csv' }),
}
