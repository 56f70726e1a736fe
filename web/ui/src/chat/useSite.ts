import { onBeforeUnmount, ref, watch } from 'vue'
import { api, type PopularGroup, type Site } from '../shared/api'
import { lang } from '../shared/words'

/** How long a notice may take to reach a page that is open, in milliseconds. */
const again = 60_000

/** What the welcome and the head show. It is a courtesy: without it one can still ask. */
export function useSite() {
  const site = ref<Site | null>(null)
  const popular = ref<PopularGroup[]>([])
  const load = () => {
    if (!document.hidden) api.site().then((s) => (site.value = s), () => undefined)
  }
  load()
  const items = () => api.popular(lang.value).then((groups) => (popular.value = groups), () => undefined)
  watch(lang, items)
  void items()
  const timer = setInterval(load, again)
  document.addEventListener('visibilitychange', load)
  onBeforeUnmount(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', load)
  })
  return { site, popular }
}
