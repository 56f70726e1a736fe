// What the forms bind: the fields of each kind as the server parses a file.

import type { CheckFields } from './check'

export interface Timed { owner: string; effective: string; expires: string; review: string }

export interface ItemFields extends Timed {
  code: string; police_type: string; name: string; aliases: string[]; audience: string; trips: number; trips_note: string
  terminal: boolean; popular: boolean; fee: string; time_limit: string; materials: string[]; identity: string; group: string
  links: { web?: string; miniprogram?: string; terminal?: string }
  tags: string[]; summary: string; choice: string; facets: { [facet: string]: string }; handover: string
  confusable: { code: string; question: string }[]; asks: string[]; counter_asks: string[]
  check: CheckFields | null
  english: EnglishFields | null; sources: string[]; legal_basis: string[]
}

export interface EnglishFields {
  name: string; text: string; fee?: string; time_limit?: string; trips_note?: string; materials?: string[] | null; facets?: { [facet: string]: string } | null; asks: string[]
}

export interface ArticleFields extends Timed {
  id: string; title: string; category: string; kind: string; summary: string; caution: string; phones: string[]; related: string[]
  asks: string[]; counter_asks: string[]; group: string; sources: string[]; legal_basis: string[]; body: string
}

export interface OutletFields {
  id: string; name: string; kind: string; district: string; address: string; phone: string; hours: string; lat: number; lng: number; origin: string
  places: string[]; covers: string[]; serves: string[]; sources: { [field: string]: string }; note: string
}

export interface ConceptFields { id: string; kind: string; name: string; words: string[]; parents: string[] }
export interface RewriteFields { from: string; to: string; when: string[] }
export interface LexiconFields { words: string[]; concepts: ConceptFields[]; rewrites: RewriteFields[]; stop: string[]; places: string[]; sensitive: SensitiveFields[] }
export interface SensitiveFields { name: string; words: string[]; group: string; says: string; offer: boolean }

type Loose = Record<string, unknown>

/** Gives what a file leaves out, in the object itself, so that inputs have something to bind. */
function fill(fields: Loose, empty: Loose): void {
  for (const name of Object.keys(empty)) {
    if (fields[name] === undefined || fields[name] === null) fields[name] = empty[name]
  }
}

const timed = () => ({ owner: '', effective: '', expires: '', review: '' })

export function fillItem(fields: Loose): void {
  fill(fields, {
    ...timed(), aliases: [], trips: 0, trips_note: '', materials: [], identity: '', links: {}, tags: [], summary: '', choice: '', facets: {}, handover: '',
    confusable: [], asks: [], counter_asks: [], sources: [], legal_basis: [],
  })
}

export function fillArticle(fields: Loose): void {
  fill(fields, {
    ...timed(), summary: '', caution: '', phones: [], related: [], asks: [], counter_asks: [], group: '', sources: [], legal_basis: [], body: '',
  })
}

export function fillOutlets(fields: Loose): void {
  fill(fields, { outlets: [] })
  for (const o of fields.outlets as Loose[]) fill(o, { address: '', phone: '', hours: '', origin: '', places: [], covers: [], serves: [], sources: {}, note: '' })
}

export function fillLexicon(fields: Loose): void {
  fill(fields, { words: [], concepts: [], rewrites: [], stop: [], places: [], sensitive: [] })
  for (const c of fields.concepts as Loose[]) fill(c, { words: [], parents: [] })
  for (const r of fields.rewrites as Loose[]) fill(r, { when: [] })
  for (const s of fields.sensitive as Loose[]) fill(s, { words: [], group: '', says: '', offer: false })
}

/**
 * The fields as they are sent: lines that nobody wrote anything in are left out. Fields keep
 * their names even when they were emptied, since a name that is not sent keeps its old value.
 */
export function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy).filter((v) => !blank(v))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value as Loose).map(([name, v]) => [name, tidy(v)]))
}

function blank(v: unknown): boolean {
  if (typeof v === 'string') return v.trim() === ''
  return v !== null && typeof v === 'object' && Object.values(v).every((part) => part === '' || (Array.isArray(part) && !part.length))
}
