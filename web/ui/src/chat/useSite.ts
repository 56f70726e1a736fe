import { ref } from 'vue'
import { api, type PopularItem, type Site } from '../shared/api'

const shown = 8

/** What the welcome shows. Both are a courtesy: without them one can still ask. */
export function useSite() {
  const site = ref<Site | null>(null)
  const popular = ref<PopularItem[]>([])
  api.site().then((s) => (site.value = s), () => undefined)
  api.popular().then((items) => (popular.value = items.slice(0, shown)), () => undefined)
  return { site, popular }
}
