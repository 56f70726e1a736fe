// Small helpers that most screens need: doing something on the server and saying how it went.

import { onBeforeUnmount, onMounted, reactive, ref } from 'vue'
import { ApiError } from '../shared/api'
import { ElMessage } from './element'

/** Tells that something was done, below, where it covers nothing that somebody reads. */
export const tell = (message: string, duration = 3000) => ElMessage.success({ message, duration, grouping: true, placement: 'bottom' })

/** A failure in words for the person at the screen, with the number that an operator can look up. */
export function problemOf(cause: unknown): string {
  if (cause instanceof ApiError) return cause.id ? `${cause.message}（编号 ${cause.id}）` : cause.message
  return cause instanceof Error ? cause.message : '出错了，请再试一次。'
}

/** Runs work, tells what failed; the answer is undefined then. */
export async function attempt<T>(work: () => Promise<T>, done = ''): Promise<T | undefined> {
  try {
    const answer = await work()
    if (done) tell(done)
    return answer
  } catch (cause) {
    ElMessage.error({ message: problemOf(cause), duration: 6000, showClose: true, grouping: true, placement: 'bottom' })
    return undefined
  }
}

export interface Loaded<T> { value: T | null; busy: boolean; problem: string; load: () => Promise<void> }

/** Something that is read from the server: now, and again with load. The newest request wins. */
export function useLoaded<T>(read: () => Promise<T>): Loaded<T> {
  let round = 0
  const state = reactive({ value: null, busy: false, problem: '', load }) as Loaded<T>
  async function load(): Promise<void> {
    const mine = ++round
    state.busy = true
    try {
      const value = await read()
      if (mine === round) Object.assign(state, { value, problem: '' })
    } catch (cause) {
      if (mine === round) state.problem = problemOf(cause)
    } finally {
      if (mine === round) state.busy = false
    }
  }
  onMounted(load)
  return state
}

/** The time, fresh every so many milliseconds. */
export function useNow(every = 30_000) {
  const now = ref(Date.now())
  const timer = setInterval(() => { now.value = Date.now() }, every)
  onBeforeUnmount(() => clearInterval(timer))
  return now
}

/** Calls work after a pause since the last call. */
export function debounced(work: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  onBeforeUnmount(() => clearTimeout(timer))
  return () => {
    clearTimeout(timer)
    timer = setTimeout(work, ms)
  }
}
