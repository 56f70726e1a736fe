// Canned replies: found behind "/" and filled with what is known of the conversation.

import type { Canned, Packet, Ticket } from '../types'

export interface Facts { citizen: string; agent: string; number: string; matter: string }

export function factsOf(ticket: Ticket, packet: Packet | null, agentNo: string): Facts {
  return { citizen: packet?.call?.form.name || '您', agent: agentNo, number: ticket.number, matter: packet?.matter?.name || ticket.item || '您咨询的事项' }
}

export function fill(text: string, facts: Facts): string {
  const values: { [name: string]: string } = { 市民: facts.citizen, 坐席: facts.agent, 编号: facts.number, 事项: facts.matter }
  return text.replace(/\{([^{}]{1,8})\}/g, (whole, name: string) => values[name] ?? whole)
}

/** What is typed after a "/" at the beginning of a line, up to the cursor; null when there is no such word. */
export function shortcutAt(text: string, cursor: number): string | null {
  const found = /(?:^|\n)\/([^\s/]{0,20})$/.exec(text.slice(0, cursor))
  return found ? found[1]! : null
}

/** Those that a shortcut means, for the group and for all, exact ones first. */
export function matching(list: Canned[], typed: string, group: string, most = 8): Canned[] {
  const word = typed.toLowerCase()
  const rank = (c: Canned) => {
    const s = c.shortcut.toLowerCase()
    if (s === word) return 0
    if (s.startsWith(word)) return 1
    return c.title.includes(typed) || c.text.includes(typed) ? 2 : 3
  }
  return list.filter((c) => !c.retired && (!c.group || c.group === group) && rank(c) < 3)
    .sort((a, b) => rank(a) - rank(b) || a.shortcut.localeCompare(b.shortcut)).slice(0, most)
}

/** The text with the shortcut before the cursor replaced, and where the cursor stands then. */
export function insert(text: string, cursor: number, words: string): { text: string; cursor: number } {
  const typed = shortcutAt(text, cursor)
  const from = typed === null ? cursor : cursor - typed.length - 1
  return { text: text.slice(0, from) + words + text.slice(cursor), cursor: from + words.length }
}
