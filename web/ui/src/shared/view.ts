// How the page looks: standard or for elders, and how large. It stands on the root element, where
// early.js puts it before anything is painted; this module changes and keeps it.

import { ref } from 'vue'
import { keepIn } from './storage'

export interface View { elder: boolean; size: number }

/** The same key as in public/assets/early.js. */
export const viewKey = 'shenwei.view'
/** The sizes of the elders' text, in CSS pixels; the standard's is 16. */
export const sizes = [20, 24, 30]

const keep = keepIn(() => window.localStorage)
const kept = keep.get<Partial<View>>(viewKey) || {}
export const view = ref<View>({ elder: kept.elder === true, size: Math.min(Math.max(Number(kept.size) || 0, 0), sizes.length - 1) })

export function setView(change: Partial<View>): void {
  view.value = { ...view.value, ...change }
  keep.set(viewKey, view.value)
  apply()
}

/** Puts the view on the root element. */
export function apply(): void {
  const root = document.documentElement
  if (view.value.elder) {
    root.setAttribute('data-mode', 'elder')
    root.setAttribute('data-size', String(view.value.size))
  } else {
    root.removeAttribute('data-mode')
    root.removeAttribute('data-size')
  }
}
