// The shapes of the studio's interface.

import type { Hint } from './lib/hints'

export type { Hint } from './lib/hints'

export type Fields = Record<string, unknown>
/** A draft's content: the text of the file, or its fields. */
export type DraftBody = { body: string } | { fields: Fields }

export interface DraftMark { number: number; author: string; author_id?: string; at: string; state: string; change?: number }
export interface DocumentRow {
  key: string; kind: string; title: string; state: string; police_type?: string; category?: string; owner?: string
  review?: string; effective?: string; expires?: string; revision: number; draft?: DraftMark | null; updated?: string
}
export interface Version { revision: number; body: string; fields?: Fields | null; problems?: Problem[] }
export interface Draft extends Version { base: number; author: string; author_id?: string; at: string; state: string; change?: number }
export interface Document { key: string; live?: Version | null; draft?: Draft | null; schema?: unknown }
/** 能不能办 as it would be with a draft: the next question, or the items that are left. */
export interface MatterTry {
  matters: string[]; questions: { ask: string; answers: string[] }[]; ready: boolean; ask: string; answers: string[]
  left: { code: string; name: string; trips: string }[]; visit: boolean
}
export interface Problem { path: string; field?: string; line?: number; reason: string }
export interface Theirs { revision: number; author: string; at: string; body: string; fields?: Fields }
export interface ConflictDetail { theirs: Theirs; diff?: string }
export interface HistoryRow { revision: number; author: string; at: string; origin: string; releases: number[] | null; note?: string; draft?: boolean }

export interface Outcome { action: string; item?: string; article?: string; label?: string; verdict?: string }
export interface Flip {
  id: string; question: string; kind: 'gold' | 'real'; was: Outcome; now: Outcome; blocking: boolean; hard: boolean
  /** The candidate changes or removes the very row that it would break. */
  altered?: boolean
  /** The answer changes only when this instant comes. */
  as_of?: string
}
export interface Gate {
  run: string; state: 'running' | 'done' | 'failed'; done: number; total: number; candidate?: string; base?: number
  flips: Flip[] | null; broken: number; hard: number; seconds: number; error?: string; gold?: number; real?: number; dates?: string[] | null; started?: string
}
/** A person as the server names her: by name, or whole. */
export type Who = string | { id: string; name: string; display?: string } | null
export interface Change {
  id: string | number; title: string; state: string; author: Who; author_id?: string; reviewer?: Who; at: string; note?: string
  keys: string[] | null; drafts?: { key: string; revision: number; base: number; title?: string; diff: string }[] | null; gate?: Gate | null
  schedule?: { id?: string | number; at: string; state?: string; error?: string } | null; comments?: { at: string; author: Who; text: string }[] | null
  override?: string; alone?: string; confirm?: { needed: boolean; by?: Who } | null; release?: number
}
export interface Release {
  number: number; at: string; note: string; author?: Who; reviewer?: Who
  changes?: { key: string; title: string; from: number; to: number }[] | null
  /** Total counts the changes; a list shows the first of many. */
  total?: number; gate?: { run?: string; broken: number; flips: number; total: number } | null; override?: string; alone?: string
  confirmed?: boolean; confirm?: { needed: boolean; by?: Who } | null; change?: string | number; undoes?: number; way?: string
  entered?: string[]; left?: string[]
}
export interface Takedown { id: string | number; key?: string; link?: string; title?: string; reason: string; author?: Who; at: string }
export interface Notice { id: string | number; text: string; level: 'info' | 'warn'; from: string; until: string; author?: Who }
export interface Switches {
  all_to_people: boolean; reason?: string; author?: Who; at?: string
  /** Answers are said as published while it is on. */
  published_words?: { on: boolean; reason?: string; author?: Who; at?: string }
  /** The model that chooses words otherwise; null where none is configured. */
  wording?: { model: string; stopped: boolean; counts: { [what: string]: number } } | null
}

export interface Trace {
  text: string; tokens: string[] | null; concepts: string[] | null; act: string; facet: string; triage: string
  slots?: Record<string, string> | null; candidates: Candidate[] | null
  policies: { policy: string; fired: boolean; reason: string }[] | null; policy: string; release: number
}
export interface Candidate {
  key: string; name: string; score: number; confidence: number; features?: Record<string, number> | null; lost?: string
}
export interface Cut {
  text: string; tokens: { text: string; start: number; end: number }[] | null
  concepts: { id: string; name: string; kind: string; word: string }[] | null; rewrites: { from: string; to: string }[] | null
}
export interface Segmented {
  live: Cut; draft?: Cut | null; more?: number; changed: { question: string; was: Outcome; now: Outcome }[] | null; of: number
}
export interface GoldRow {
  id: string; question: string; action: string; codes: string[] | null; facet: string; sure?: string; kind: string; comment?: string; draft?: boolean
}
export interface Cluster {
  id: string | number; size: number; questions: string[] | null
  reasons: { missed?: number; thumbed?: number; repeated?: number; handed?: number }
  nearest: { key: string; title: string; p: number }[] | null; first: string; last: string; state: string
  /** What was decided: the key it was assigned to, its title, how, by whom. */
  assigned?: string; title?: string; how?: string; by?: string; asks?: string[]
  after?: { before_per_week: number; after_per_week: number; days?: number } | null
}
export interface Totals { questions: number; solved: number; asked_back: number; handed_over: number; wrong: number; silent: number }
export interface StatsRow extends Totals { label: string; key?: string }
export interface Stats {
  totals: Totals; rows: StatsRow[] | null; top: StatsRow[] | null; failed: StatsRow[] | null
  never_hit: { key: string; title: string; type: string }[] | null; due?: { key: string; title: string; review: string; days: number }[] | null
  trips: { avoided: number; money: number; assumptions: { yuan_per_trip: number; text: string[] | null } }
}
export type Hints = Hint[]

/** One document that a file changes. */
export interface ImportEntry { key: string; title: string; sheet?: string; row?: number; values?: { column: string; was: string; now: string }[] | null }
export interface ImportProblem { sheet?: string; row?: number; column?: string; reason: string }
export interface ImportResult {
  format: string; dry_run: boolean; added: ImportEntry[]; changed: ImportEntry[]; removed: ImportEntry[]
  problems: ImportProblem[]; notes: string[]; drafts: string[]
}

/** One message of the official account. */
export interface Shown {
  kind: string; text?: string; card?: { title: string; description: string; url: string }
  menu?: { head: string; choices: { id: string; label: string }[]; tail?: string }
}

/** How the address behind a button has answered. */
export interface LinkHealth {
  url: string; items: string[]; state: 'alive' | 'failing' | 'dead' | 'unchecked'; failures: number; says: string; checked: string; since: string
}
