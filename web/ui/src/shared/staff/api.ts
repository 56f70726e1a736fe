// The staff's half of the server's interface: one way to ask, with the token against forged
// requests, and what the accounts' part answers.

import { ApiError, request } from '../api'

export type Role = 'editor' | 'reviewer' | 'agent' | 'supervisor' | 'administrator' | 'auditor'

export interface Person { id: string; name: string; display: string; roles: Role[] }
/** state is ok for a whole session; otherwise the second factor has still to be set up or shown. */
export interface Me {
  state?: 'ok' | 'code' | 'enrol'; user: Person; csrf: string; second_factor: boolean; idle_seconds: number; setup: boolean
}
export interface Account extends Person {
  disabled: boolean; second_factor?: boolean; has_password?: boolean; locked_until?: string; created?: string; signed_in?: string | null
}
export interface AuditEntry { n: number; at: string; actor: string; action: string; object: string; detail: string }
export interface AuditPage { entries: AuditEntry[] | null; next: number }
/** Whether the chain of the log is whole; problem says where it breaks. */
export interface AuditState { ok: boolean; n: number; problem?: string }
export interface Enrolment { secret: string; uri: string; qr: string }
/** The outcome of signing in; csrf is there as soon as a session is. */
export type SignIn = ({ state: 'ok' } | { state: 'code' } | ({ state: 'enrol' } & Enrolment)) & { csrf?: string }

export const roleNames: { [role in Role]: string } = {
  editor: '编辑', reviewer: '审核', agent: '坐席', supervisor: '班长', administrator: '管理员', auditor: '审计',
}

/** Building an engine of drafts may take longer than a citizen would wait; in milliseconds. */
const patience = 60_000

let csrf = ''
const onLost: (() => void)[] = []

/** The token that goes with every request which changes something. */
export const useToken = (token: string): void => { csrf = token }
/** Calls back when a session that was there has ended on the server. */
export const whenLost = (back: () => void): void => { onLost.push(back) }

/**
 * Asks the server; a body is sent as JSON. Fails with an ApiError, whatever went wrong.
 * With keepalive the request outlives the page.
 */
export async function call<T>(method: string, path: string, body?: unknown, how: { keepalive?: boolean } = {}): Promise<T> {
  const headers: Record<string, string> = {}
  const file = body instanceof Blob
  if (body !== undefined) headers['Content-Type'] = file ? 'application/octet-stream' : 'application/json'
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf
  try {
    return await request<T>(path, { method, headers, ...(how.keepalive ? { keepalive: true } : {}), ...(body === undefined ? {} : { body: file ? body : JSON.stringify(body) }) }, patience)
  } catch (cause) {
    if (csrf && cause instanceof ApiError && cause.code === 'unauthorized') onLost.forEach((back) => back())
    throw cause
  }
}

/** The address with those parameters that say something. */
export function withQuery(path: string, query: { [key: string]: string | number | boolean | undefined }): string {
  const said = Object.keys(query)
    .filter((k) => query[k] !== undefined && query[k] !== '' && query[k] !== false)
    .map((k) => `${encodeURIComponent(k)}=${encodeURIComponent(String(query[k]))}`)
  return said.length ? `${path}?${said.join('&')}` : path
}

const staff = '/api/v1/staff'

async function signing(path: string, form: unknown): Promise<SignIn> {
  const answer = await call<SignIn>('POST', path, form)
  if (answer && answer.csrf) useToken(answer.csrf)
  return answer
}

export const accounts = {
  me: () => call<Me>('GET', `${staff}/me`),
  setup: (form: { token: string; name: string; display: string; password: string }) => signing(`${staff}/setup`, form),
  login: (form: { name: string; password: string; code?: string }) => signing(`${staff}/login`, form),
  enrol: (code: string) => signing(`${staff}/enrol`, { code }),
  logout: () => call<void>('POST', `${staff}/logout`, {}),
  password: (form: { old: string; new: string }) => signing(`${staff}/password`, form),
  users: async () => (await call<{ users: Account[] | null }>('GET', `${staff}/users`)).users ?? [],
  create: (form: { name: string; display: string; roles: Role[] }) => call<{ link: string }>('POST', `${staff}/users`, form),
  change: (id: string, form: { display?: string; roles?: Role[]; disabled?: boolean }) =>
    call<void>('PATCH', `${staff}/users/${encodeURIComponent(id)}`, form),
  reset: (id: string) => call<{ link: string }>('POST', `${staff}/users/${encodeURIComponent(id)}/reset`, {}),
  signOut: (id: string) => call<void>('POST', `${staff}/users/${encodeURIComponent(id)}/signout`, {}),
  audit: (filter: { actor?: string; action?: string; object?: string; from?: string; to?: string; before?: number }) =>
    call<AuditPage>('GET', withQuery(`${staff}/audit`, filter)),
  verifyAudit: () => call<AuditState>('POST', `${staff}/audit/verify`, {}),
}
