// One document being edited: what is on the screen, what the server has, and how the one
// becomes the other without anybody's words being lost.

import { computed, nextTick, onBeforeUnmount, reactive, ref, watch } from 'vue'
import { onBeforeRouteLeave, onBeforeRouteUpdate } from 'vue-router'
import { ApiError } from '../shared/api'
import { session } from '../shared/staff/session'
import { studio } from './api'
import { ElMessageBox } from './element'
import { fillArticle, fillItem, fillLexicon, fillOutlets, tidy } from './forms/shapes'
import { Autosave, type Outcome } from './lib/autosave'
import { mayEdit } from './router'
import type { ConflictDetail, Document, DraftBody, Fields, Hint, Problem, Theirs } from './types'
import { problemOf } from './use'

export type Mode = 'form' | 'raw'

/** Lexicons of thousands of words and tables are edited as text; so is what no form exists for. */
export const hasForm = (kind: string): boolean => ['item', 'article', 'outlet', 'lexicon'].includes(kind)

const fills: { [kind: string]: (fields: Fields) => void } = { item: fillItem, article: fillArticle, outlet: fillOutlets, lexicon: fillLexicon }

export function useDraft(key: string) {
  const kind = key.slice(0, key.indexOf('/'))
  const state = reactive({
    loaded: false, problem: '', missing: false, mode: (hasForm(kind) ? 'form' : 'raw') as Mode,
    document: null as Document | null, fields: {} as Fields, body: '',
    base: 0, draft: 0, take: false, problems: [] as Problem[], hints: [] as Hint[],
    save: 'clean' as Autosave['state'], savedAt: 0, saveProblem: '',
  })
  const conflict = ref<{ theirs: Theirs; diff?: string } | null>(null)

  const locked = computed(() => {
    if (!session.has(...mayEdit)) return '您的账号只能查看。'
    if (state.document?.draft?.state === 'review') return '这一条正在审核，撤回送审单后才能再改。'
    return ''
  })

  const saver = new Autosave(save, () => {
    state.save = saver.state
    state.savedAt = saver.savedAt
    state.saveProblem = saver.problem
  })

  const content = (): DraftBody => (state.mode === 'form' ? { fields: tidy(state.fields) as Fields } : { body: state.body })

  async function save(): Promise<Outcome> {
    try {
      const saved = await studio.saveDraft(key, { base: state.base, draft: state.draft, ...(state.take ? { take: true } : {}), ...content() })
      state.take = false
      state.draft = saved.revision
      state.problems = saved.problems ?? []
      state.hints = saved.hints ?? []
      return { kind: 'saved' }
    } catch (cause) {
      if (cause instanceof ApiError && cause.code === 'conflict' && (cause.detail as ConflictDetail | undefined)?.theirs) {
        conflict.value = cause.detail as ConflictDetail
        return { kind: 'conflict' }
      }
      const again = !(cause instanceof ApiError) || ['offline', 'unavailable', 'rate_limited', 'unauthorized'].includes(cause.code)
      return { kind: 'failed', problem: problemOf(cause), again }
    }
  }

  /** Reads the document; what is on the screen is replaced. */
  async function load(): Promise<void> {
    state.problem = ''
    try {
      const d = await studio.document(key)
      const shown = d.draft ?? d.live
      quiet = true
      state.document = d
      state.base = d.draft?.base ?? d.live?.revision ?? 0
      state.draft = d.draft?.revision ?? 0
      state.body = shown?.body ?? ''
      state.fields = structuredClone(shown?.fields ?? {})
      fills[kind]?.(state.fields)
      if (!shown?.fields) state.mode = 'raw'
      state.problems = shown?.problems ?? []
      state.take = false
      state.loaded = true
      await nextTick()
      quiet = false
      saver.settle(d.draft ? Date.parse(d.draft.at) || 0 : 0)
    } catch (cause) {
      state.missing = cause instanceof ApiError && cause.code === 'not_found'
      state.problem = problemOf(cause)
    }
  }

  // Whatever changes on the screen is to be saved, except what load put there.
  let quiet = true
  watch([() => state.fields, () => state.body], () => { if (!quiet && !locked.value) saver.edit() }, { deep: true })

  async function switchMode(mode: Mode): Promise<void> {
    if (mode === state.mode) return
    await saver.flush()
    if (saver.pending) return
    await load()
    state.mode = mode
  }

  /** The other one's version wins. */
  async function takeTheirs(): Promise<void> {
    conflict.value = null
    await load()
  }

  /** Ours wins, on top of theirs, which stays in the history. */
  async function keepMine(): Promise<void> {
    const d = await studio.document(key)
    state.document = d
    state.base = d.live?.revision ?? 0
    state.draft = d.draft?.revision ?? 0
    state.take = true
    conflict.value = null
    saver.resolve()
  }

  const mine = (): string => (state.mode === 'raw' ? state.body : JSON.stringify(state.fields, null, 2))

  async function mayLeave(): Promise<boolean> {
    if (!saver.pending) return true
    await saver.flush()
    if (!saver.pending) return true
    return ElMessageBox.confirm('有修改还没有保存上。现在离开会丢掉它们。', '还没有保存', {
      confirmButtonText: '离开，放弃修改', cancelButtonText: '留下', type: 'warning',
    }).then(() => true, () => false)
  }

  const warn = (event: BeforeUnloadEvent) => {
    if (!saver.pending) return
    void saver.flush()
    event.preventDefault()
    event.returnValue = ''
  }
  window.addEventListener('beforeunload', warn)
  onBeforeRouteLeave(mayLeave)
  onBeforeRouteUpdate(mayLeave)
  onBeforeUnmount(() => {
    window.removeEventListener('beforeunload', warn)
    saver.stop()
  })

  return { key, kind, state, conflict, locked, saver, load, switchMode, takeTheirs, keepMine, mine }
}

export type DraftSession = ReturnType<typeof useDraft>
