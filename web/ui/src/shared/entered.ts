// A visitor who comes in through WeChat arrives at "/#c=ID": the server has put what opens her
// conversation into a cookie that no script reads, and the address names the conversation.

import type { Keep } from './storage'

const form = /^#c=([\w-]{1,64})$/

/** Has the page continue the conversation that its address names, and takes the name away. */
export function entered(keep: Keep, sessionKey: string, page: { location: { hash: string; pathname: string; search: string }; history: History } = window): void {
  const named = form.exec(page.location.hash)
  if (!named) return
  keep.set(sessionKey, { conversation: named[1], token: '' })
  page.history.replaceState(null, '', page.location.pathname + page.location.search)
}
