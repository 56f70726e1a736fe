import { onBeforeUnmount, ref, watch } from 'vue'
import { api, type PopularGroup, type Site } from '../shared/api'
import { lang } from '../shared/words'

/** How long a notice may take to reach a page that is open, in milliseconds. */
const again = 60_000
/** How long the welcome waits for what is popular, in milliseconds. */
const patience = 2500

/** What the welcome and the head show. It is a courtesy: without it one can still ask. */
export function useSite() {
  const site = ref<Site | null>(null)
  const popular = ref<PopularGroup[]>([])
  // Nothing that is being read may jump: what both requests bring is shown together, or what there is
  // after a moment.
  const ready = ref(false)
  const load = () => (document.hidden ? Promise.resolve() : api.site().then((s) => void (site.value = s), () => undefined))
  const items = () => api.popular(lang.value).then((groups) => void (popular.value = groups), () => undefined)
  watch(lang, items)
  void Promise.all([load(), items()]).then(() => (ready.value = true))
  const late = setTimeout(() => (ready.value = true), patience)
  const timer = setInterval(load, again)
  document.addEventListener('visibilitychange', load)
  onBeforeUnmount(() => {
    clearInterval(timer)
    clearTimeout(late)
    document.removeEventListener('visibilitychange', load)
  })
  return { site, popular, ready }
}
