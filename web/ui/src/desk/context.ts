import { inject, type InjectionKey, type Ref } from 'vue'
import type { Hotline } from './hotline'
import type { Choices } from './types'

/** What every screen of the desk shares. */
export interface DeskContext { hotline: Hotline; choices: Ref<Choices | null>; /** The server's time, fresh every second. */ now: Ref<number> }

export const deskContext: InjectionKey<DeskContext> = Symbol('desk')

export function useDesk(): DeskContext {
  const context = inject(deskContext)
  if (!context) throw new Error('no desk around this screen')
  return context
}
