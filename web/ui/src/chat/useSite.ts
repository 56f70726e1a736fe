import { onBeforeUnmount, ref } from 'vue'
import { api, type PopularItem, type Site } from '../shared/api'

const shown = 8
/** How long a notice may take to reach a page that is open, in milliseconds. */
const again = 60_000

/** What the welcome and the head show. It is a courtesy: without it one can still ask. */
export function useSite() {
  const site = ref<Site | null>(null)
  const popular = ref<PopularItem[]>([])
  const load = () => {
    if (!document.hidden) api.site().then((s) => (site.value = s), () => undefined)
  }
  load()
  api.popular().then((items) => (popular.value = items.slice(0, shown)), () => undefined)
  const timer = setInterval(load, again)
  document.addEventListener('visibilitychange', load)
  onBeforeUnmount(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', load)
  })
  return { site, popular }
}
