// Parts of the page that few people need are fetched when somebody does. The worker keeps them
// beside the shell, so that they are there without a network too.

import { h, ref, shallowRef, type Component } from 'vue'
import LaterFailed from './LaterFailed.vue'

/** A component that is fetched when it is first shown; what cannot be fetched says so. */
export function later<T extends Component>(load: () => Promise<{ default: T }>): T {
  const part = shallowRef<Component | null>(null)
  const failed = ref(false)
  let asked = false
  const fetchIt = () => {
    if (asked) return
    asked = true
    load().then((got) => { part.value = got.default }, () => { failed.value = true })
  }
  // Everything that it is given, listeners too, is the part's own: nothing falls through to a root.
  const stand = (given: Record<string, unknown>) => {
    fetchIt()
    return part.value ? h(part.value, given) : failed.value ? h(LaterFailed) : null
  }
  stand.inheritAttrs = false
  return stand as unknown as T
}
