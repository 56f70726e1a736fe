// The studio's half of the server's interface.

import type { Reply } from '../shared/api'
import { call, withQuery } from '../shared/staff/api'
import type {
  Change, Cluster, Document, DocumentRow, DraftBody, Gate, GoldRow, Hint, HistoryRow, ImportResult, LinkHealth, MatterTry, Notice, Problem, Release,
  Segmented, Shown, Stats, Switches, Takedown, Trace,
} from './types'

const base = '/api/v1/studio'
const enc = encodeURIComponent
const doc = (key: string) => {
  const i = key.indexOf('/')
  return `${base}/documents/${enc(key.slice(0, i))}/${enc(key.slice(i + 1))}`
}
const list = <T>(rows: T[] | null | undefined): T[] => rows ?? []

export interface DocumentFilter {
  kind?: string; q?: string; state?: string; type?: string; owner?: string; review_before?: string; offset?: number; limit?: number
}
export interface SavedDraft { revision: number; problems: Problem[] | null; hints: Hint[] | null }
/** An answer of what is live and of the drafts; left says which drafts could not be part of it. */
export interface Both<T> { live: T; draft?: T; same?: boolean; left?: Problem[] | null }
export interface Answered { reply: Reply; trace: Trace; shown?: Shown[] | null }

export const studio = {
  documents: (filter: DocumentFilter) =>
    call<{ total: number; documents: DocumentRow[] | null }>('GET', withQuery(`${base}/documents`, { ...filter })),
  document: (key: string) => call<Document>('GET', doc(key)),
  saveDraft: (key: string, draft: DraftBody & { base: number; draft: number; take?: boolean }) => call<SavedDraft>('PUT', `${doc(key)}/draft`, draft),
  dropDraft: (key: string, draft: number) => call<void>('DELETE', withQuery(`${doc(key)}/draft`, { draft })),
  create: (kind: string, draft: DraftBody & { id: string }) => call<SavedDraft>('POST', `${base}/documents/${enc(kind)}`, draft),
  history: async (key: string) => list(await call<HistoryRow[] | null>('GET', `${doc(key)}/history`)),
  diff: (key: string, from: number, to: number) => call<{ diff: string }>('GET', withQuery(`${doc(key)}/diff`, { from, to })),
  restore: (key: string, revision: number) => call<SavedDraft>('POST', `${doc(key)}/restore`, { revision }),
  hints: async (key: string, fields: unknown) => list((await call<{ hints: Hint[] | null }>('POST', `${base}/hints`, { key, fields })).hints),
  preview: async (markdown: string) => (await call<{ html: string }>('POST', `${base}/preview`, { markdown })).html,

  /** One step of 能不能办 with a draft's fields. */
  matter: (key: string, fields: unknown, said: { ask: string; is: string }[]) => call<MatterTry>('POST', `${base}/matter`, { key, fields, said }),

  submit: (change: { title: string; keys: string[]; note: string }) => call<{ id: number | string }>('POST', `${base}/changes`, change),
  changes: async (filter: { state?: string }) => list(await call<Change[] | null>('GET', withQuery(`${base}/changes`, filter))),
  change: (id: string) => call<Change>('GET', `${base}/changes/${enc(id)}`),
  startGate: (id: string) => call<{ run: string }>('POST', `${base}/changes/${enc(id)}/gate`, {}),
  gate: (run: string) => call<Gate>('GET', `${base}/gate/${enc(run)}`),
  decide: (id: string, decision: 'approve' | 'reject', comment: string) => call<void>('POST', `${base}/changes/${enc(id)}/decide`, { decision, comment }),
  publish: (id: string, how: { gate: string; at?: string; override?: string; alone?: string }) =>
    call<{ release?: number; scheduled?: string }>('POST', `${base}/changes/${enc(id)}/publish`, how),
  confirm: (id: string) => call<void>('POST', `${base}/changes/${enc(id)}/confirm`, {}),
  withdraw: (id: string) => call<void>('POST', `${base}/changes/${enc(id)}/withdraw`, {}),
  unschedule: (id: string) => call<void>('DELETE', `${base}/schedules/${enc(id)}`),

  links: async () => list((await call<{ links: LinkHealth[] | null }>('GET', `${base}/links`)).links),

  releases: async (before?: number) => list(await call<Release[] | null>('GET', withQuery(`${base}/releases`, { before }))),
  release: (n: string) => call<Release>('GET', `${base}/releases/${enc(n)}`),
  rollback: (n: number, reason: string) => call<{ release: number }>('POST', `${base}/releases/${n}/rollback`, { reason }),

  takedowns: async () => list(await call<Takedown[] | null>('GET', `${base}/takedowns`)),
  takeDown: (what: { key?: string; link?: string; reason: string }) => call<void>('POST', `${base}/takedowns`, what),
  putBack: (id: string) => call<void>('DELETE', `${base}/takedowns/${enc(id)}`),
  notices: async () => list(await call<Notice[] | null>('GET', `${base}/notices`)),
  addNotice: (notice: { text: string; level: string; from: string; until: string }) => call<void>('POST', `${base}/notices`, notice),
  endNotice: (id: string) => call<void>('DELETE', `${base}/notices/${enc(id)}`),
  switches: () => call<Switches>('GET', `${base}/switches`),
  setSwitches: (all_to_people: boolean, reason: string) => call<void>('PUT', `${base}/switches`, { all_to_people, reason }),
  setPublishedWords: (published_words: boolean, reason: string) => call<void>('PUT', `${base}/switches`, { published_words, reason }),

  try: (ask: { text: string; conversation: string[]; draft: boolean; change?: number; channel: string }) =>
    call<Both<Answered>>('POST', `${base}/try`, ask),
  segment: (ask: { text: string; lexicon?: { id: string; body: string } }) => call<Segmented>('POST', `${base}/segment`, ask),
  gold: (filter: { q?: string; kind?: string; offset?: number; limit?: number }) =>
    call<{ total: number; rows: GoldRow[] | null; kinds?: string[] | null }>('GET', withQuery(`${base}/gold`, filter)),
  addGold: (row: Partial<GoldRow>) => call<{ key: string; follow_up?: boolean }>('POST', `${base}/gold`, row),
  goldFrom: (row: { conversation: string; seq: number; action: string; codes: string[]; facet: string; kind: string; comment: string }) =>
    call<{ key: string; follow_up?: boolean }>('POST', `${base}/gold/from`, row),
  /** Reads a file; with dry nothing is stored. */
  importFile: (file: File, dry: boolean) =>
    call<ImportResult>('POST', withQuery(`${base}/import`, { name: file.name, dry_run: dry ? 1 : undefined }), file),
  exportLink: (format: string) => `${base}/export?format=${format}`,
  missed: (filter: { from?: string; to?: string; kind?: string; state?: string; offset?: number; limit?: number }) =>
    call<{ clusters: Cluster[] | null; total: number }>('GET', withQuery(`${base}/missed`, filter)),
  resolveMissed: (id: string, how: { how: 'ask' | 'merge' | 'new' | 'ignore' | 'reopen'; key?: string; text?: string }) =>
    call<{ state: string; key: string; drafted: boolean }>('POST', `${base}/missed/${enc(id)}/resolve`, how),
  stats: (filter: { from?: string; to?: string; by?: string }) => call<Stats>('GET', withQuery(`${base}/stats`, filter)),
  statsFile: (form: 'xlsx' | 'csv', filter: { from?: string; to?: string; by?: string }) => withQuery(`${base}/stats.${form}`, filter),
}
