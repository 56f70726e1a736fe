import { onBeforeUnmount, ref } from 'vue'
import type { Suggestion } from '../shared/api'

const pause = 180
const shortest = 2
const longest = 30
const most = 5

/** Suggestions for what is being typed: asked for after a pause, late answers are dropped. */
export function useSuggest(ask: (text: string) => Promise<Suggestion[]>) {
  const suggestions = ref<Suggestion[]>([])
  const active = ref(-1)
  let timer: ReturnType<typeof setTimeout> | undefined
  let round = 0

  function clear() {
    clearTimeout(timer)
    round++
    suggestions.value = []
    active.value = -1
  }

  function type(text: string) {
    clearTimeout(timer)
    const mine = ++round
    const wanted = text.trim()
    if (wanted.length < shortest || wanted.length > longest || wanted.indexOf('\n') >= 0) {
      clear()
      return
    }
    timer = setTimeout(async () => {
      try {
        const found = await ask(wanted)
        if (mine !== round) return
        suggestions.value = found.filter((s) => s.text && s.text !== wanted).slice(0, most)
        active.value = -1
      } catch {
        // Suggestions are a courtesy; without them one simply writes on.
      }
    }, pause)
  }

  /** Moves the highlight; -1 is the field itself. */
  function move(step: 1 | -1) {
    const n = suggestions.value.length + 1
    active.value = ((active.value + 1 + step + n) % n) - 1
  }

  onBeforeUnmount(clear)
  return { suggestions, active, type, move, clear }
}
