// Who is signed in. One for the whole page.

import { reactive, readonly } from 'vue'
import { ApiError } from '../api'
import { accounts, useToken, whenLost, type Person, type Role } from './api'

interface Session {
  known: boolean
  user: Person | null
  secondFactor: boolean
  idleSeconds: number
  /** Signed in as far as the password: the second factor is still to come. */
  half: '' | 'code' | 'enrol'
  /** One can sign in through another service. */
  oidc: boolean
  /** No account exists yet: the first one is made by the link that the server printed. */
  setup: boolean
  /** It ended on the server while somebody worked here; what is on the screen stays. */
  lost: boolean
  problem: string
}

const state = reactive<Session>({
  known: false, user: null, secondFactor: false, idleSeconds: 0, half: '', oidc: false, setup: false, lost: false, problem: '',
})

whenLost(() => { if (state.user) state.lost = true })

/** Asks the server who is signed in. */
async function load(): Promise<void> {
  state.problem = ''
  try {
    const me = await accounts.me()
    useToken(me.csrf)
    if (me.state && me.state !== 'ok') {
      Object.assign(state, { known: true, user: null, half: me.state })
      return
    }
    Object.assign(state, { known: true, user: me.user, half: '', setup: false, secondFactor: me.second_factor, idleSeconds: me.idle_seconds, lost: false })
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.code !== 'unauthorized') {
      state.problem = cause instanceof Error ? cause.message : '服务暂时不可用，请稍后再试。'
      return
    }
    const detail = cause.detail as { setup?: boolean; oidc?: boolean } | undefined
    useToken('')
    Object.assign(state, { known: true, user: null, half: '', setup: !!detail?.setup, oidc: !!detail?.oidc, lost: false })
  }
}

async function leave(): Promise<void> {
  await accounts.logout().catch(() => undefined)
  useToken('')
  Object.assign(state, { user: null, lost: false })
}

const has = (...roles: Role[]): boolean => !!state.user && roles.some((r) => state.user!.roles.includes(r))

export const session = { state: readonly(state) as Readonly<Session>, load, leave, has }
