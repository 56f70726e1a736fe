// The server's public interface as the pages use it: the shapes of a reply and the few
// requests. Every failure is an ApiError, whatever went wrong on the way.

import { t } from './words'

export type Action =
  | 'answer' | 'clarify' | 'handoff' | 'emergency' | 'smalltalk' | 'decline' | 'relayed'

export interface Link { kind: 'web' | 'miniprogram' | 'terminal' | 'tel' | 'map'; label: string; url: string }
export interface Option { code?: string; id?: string; label: string; hint?: string }
export interface Say { label: string; text: string }
export interface PhoneNumber { label: string; number: string; hours?: string; for?: string }
export interface Section { facet: string; title: string; text: string }
export interface Source { kind: string; id: string; revision: number }

export interface Outlet {
  id: string; name: string; kind: string; district: string
  address?: string; phone?: string; hours?: string; note?: string
}

/** What matters of an outlet now: whether it is open, and how to get there. */
export interface Visit {
  state?: 'open' | 'closed'; says?: string; responsible?: boolean; maps?: Link[]
  /** When what it says ends (RFC 3339), and what is true from then on: «11月23日 10:05 时开放». */
  until?: string; then?: string
}

export interface ItemCard {
  code: string; name: string; police_type: string; summary: string; facet: string
  facet_name?: string; facet_text?: string
  trips: string; trips_note?: string; fee: string; time_limit: string
  materials: string[] | null; links: Link[] | null; handover?: string; review?: string; qr?: string
  /** Where the facts come from; what is easily taken for it; the 能不能办 that leads here. */
  sources?: string[]; related?: Option[]; matter?: string
  /** Which parts are in another language, and whom to ask. */
  foreign?: string
}

/** One card of a reply; which fields are set depends on type, and unknown types may come. */
export interface Block {
  type: string
  title?: string; text?: string; item?: ItemCard
  options?: Option[]; extra?: Say[]; sections?: Section[]; folded?: boolean
  outlets?: Outlet[]; metres?: number[]; visits?: Visit[]; numbers?: PhoneNumber[]; advice?: string[]; prepare?: string[]
  links?: Link[]; number?: string; position?: number
}

export interface Reply {
  conversation: string; seq: number; token?: string; action: Action
  /** The language that it is written in: zh-Hans, zh-Hant or en. */
  lang?: string
  item: string; article: string; facet: string
  text: string; blocks: Block[] | null; sources: Source[] | null
  release: number; ai_generated: boolean; refs?: string[]
}

/** A message of a conversation as its citizen may read it again. */
export interface Stored {
  seq: number; kind: string; ref?: string; text: string; reply?: Reply; at?: string
  /** The agent's number; the name of what happened, and its details. */
  author?: string; event?: string; data?: { [name: string]: unknown }
}

/** What the operator has to say at the moment, for instance a typhoon. */
export interface SiteNotice { text: string; level: string; until: string }
export interface Site { sample: boolean; name: string; hotline: string; notice: string; notices?: SiteNotice[] | null }
export interface ShortItem { code: string; name: string; choice: string; police_type: string; trips_label: string }
export interface PopularGroup { name: string; label: string; items: ShortItem[] }
/** 能不能办: what it can decide, and one step of it. */
export interface Matter { name: string; label: string; items: number }
export interface Fork {
  matter: string; label: string; ask: string; question: string; answers: { is: string; label: string }[]; left: ShortItem[]
  item: (ShortItem & { summary: string; trips: number; trips_note: string; materials: string[]; fee: string; time_limit: string; links: Link[] }) | null
}
export interface Suggestion { text: string; code?: string; id?: string }
export interface ErrorBody { code: string; message: string; id?: string; retry_after?: number; detail?: unknown }

export class ApiError extends Error {
  readonly code: string
  readonly id: string
  /** Seconds to wait before trying again; 0 when the server named none. */
  readonly retryAfter: number
  /** What the staff's screens are told besides, for instance both sides of a conflict. */
  readonly detail: unknown

  constructor(body: ErrorBody, retryAfter = 0) {
    super(body.message)
    // Needed where classes that extend Error are compiled for old engines.
    Object.setPrototypeOf(this, ApiError.prototype)
    this.code = body.code
    this.id = body.id || ''
    this.retryAfter = retryAfter || body.retry_after || 0
    this.detail = body.detail
  }
}

const timeout = 15000
/** A picture takes its time over a telephone's network. */
const uploadTimeout = 90000

export async function request<T>(path: string, init: RequestInit = {}, patience = timeout, read = (r: Response): Promise<T> => r.json()): Promise<T> {
  const abort = typeof AbortController === 'function' ? new AbortController() : null
  const timer = setTimeout(() => abort && abort.abort(), patience)
  try {
    const response = await fetch(path, {
      credentials: 'same-origin', cache: 'no-store', ...(abort ? { signal: abort.signal } : {}), ...init,
    })
    if (!response.ok) throw await failure(response)
    if (response.status === 204) return undefined as unknown as T
    return await read(response)
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw new ApiError({ code: 'offline', message: t('网络连接不上，请稍后再试。') })
  } finally {
    clearTimeout(timer)
  }
}

async function failure(response: Response): Promise<ApiError> {
  const wait = retryAfter(response.headers.get('Retry-After'))
  try {
    const body = (await response.json()) as { error?: ErrorBody }
    if (body.error && body.error.code) return new ApiError(body.error, wait)
  } catch {
    // A proxy's page, not ours: the status says enough.
  }
  return new ApiError({ code: byStatus(response.status), message: t('服务暂时不可用，请稍后再试。') }, wait)
}

function byStatus(status: number): string {
  const codes: { [status: number]: string } = {
    400: 'bad_request', 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 409: 'conflict',
    413: 'too_large', 429: 'rate_limited',
  }
  return codes[status] || 'unavailable'
}

/** Seconds of a Retry-After header, which is a number of seconds or a date. */
export function retryAfter(header: string | null, now = Date.now()): number {
  if (!header) return 0
  const seconds = Number(header)
  if (isFinite(seconds)) return Math.max(0, Math.ceil(seconds))
  const date = Date.parse(header)
  return isNaN(date) ? 0 : Math.max(0, Math.ceil((date - now) / 1000))
}

function post<T>(path: string, body: unknown): Promise<T> {
  return request<T>(path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  })
}

export interface ChatLine { conversation: string; token: string; ref: string; text: string; lang?: string }

export const api = {
  site: () => request<Site>('/api/v1/site'),
  popular: async (lang: string) => (await request<{ groups: PopularGroup[] | null }>(`/api/v1/popular?lang=${lang}`)).groups || [],
  matters: async (lang: string) => (await request<{ matters: Matter[] | null }>(`/api/v1/matters?lang=${lang}`)).matters || [],
  matter: (name: string, said: { ask: string; is: string }[], lang: string) =>
    request<Fork>(`/api/v1/matters/${encodeURIComponent(name)}?lang=${lang}${said.map((s) => `&ask=${encodeURIComponent(s.ask)}&is=${encodeURIComponent(s.is)}`).join('')}`),
  suggest: async (text: string, lang: string) =>
    (await request<{ suggestions: Suggestion[] | null }>(`/api/v1/suggest?q=${encodeURIComponent(text)}&lang=${lang}`)).suggestions || [],
  say: (line: ChatLine) => post<Reply>('/api/v1/chat', { ...line, channel: 'web' }),
  messages: async (conversation: string, token: string, after: number) => {
    const path = `/api/v1/conversations/${encodeURIComponent(conversation)}/messages?after=${after}`
    // Who came in through WeChat has a cookie and no token.
    const body = await request<{ messages: Stored[] | null }>(path, token ? { headers: { Authorization: `Bearer ${token}` } } : {})
    return body.messages || []
  },
  /** The conversation as a text to keep. */
  transcript: (conversation: string, token: string) =>
    request<string>(`/api/v1/conversations/${encodeURIComponent(conversation)}/transcript`, token ? { headers: { Authorization: `Bearer ${token}` } } : {}, timeout, (r) => r.text()),
  /** Sends a picture as a line; consent is the version of the notice that she agreed to. */
  sendPicture: (line: { conversation: string; token: string; ref: string; consent: string; file: Blob }) =>
    request<Reply>(`/api/v1/conversations/${encodeURIComponent(line.conversation)}/pictures?ref=${encodeURIComponent(line.ref)}&consent=${encodeURIComponent(line.consent)}`, {
      method: 'POST', body: line.file, headers: { 'Content-Type': line.file.type || 'application/octet-stream', ...(line.token ? { Authorization: `Bearer ${line.token}` } : {}) },
    }, uploadTimeout),
  /** A picture of the conversation. */
  picture: (conversation: string, token: string, seq: number, small: boolean) =>
    request<Blob>(`/api/v1/conversations/${encodeURIComponent(conversation)}/pictures/${seq}?size=${small ? 'small' : 'large'}`, token ? { headers: { Authorization: `Bearer ${token}` } } : {}, timeout, (r) => r.blob()),
  feedback: (vote: { conversation: string; token: string; seq: number; score: 1 | -1; reason: string }) =>
    post<{ offer?: string } | undefined>('/api/v1/feedback', vote),
}

export type Api = typeof api
