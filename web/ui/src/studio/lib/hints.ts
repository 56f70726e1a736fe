// Hints of the server beside the lines that they are about, and the few that need no server.

export type HintKind = 'duplicate' | 'contradiction' | 'near' | 'fact'
export interface Hint { field: string; index: number; kind: HintKind; text: string; other?: string }

/** Upper and lower case, spaces and punctuation make no new phrasing. */
export const askKey = (text: string): string => text.toLowerCase().replace(/[\s，。！？、,.!?;；:：“”"'（）()…~～\-]/g, '')

/** Hints of one list by the index of the line. */
export function byLine(hints: Hint[], field: string): Map<number, Hint[]> {
  const map = new Map<number, Hint[]>()
  for (const h of hints) {
    if (h.field !== field) continue
    map.set(h.index, [...(map.get(h.index) ?? []), h])
  }
  return map
}

/** Lines that stand twice in a list, or in both lists. */
export function ownHints(asks: string[], counterAsks: string[]): Hint[] {
  const hints: Hint[] = []
  const seen = new Map<string, number>()
  asks.forEach((ask, index) => {
    const key = askKey(ask)
    if (!key) return
    const first = seen.get(key)
    if (first === undefined) seen.set(key, index)
    else hints.push({ field: 'asks', index, kind: 'duplicate', text: `与本条第 ${first + 1} 个问法相同` })
  })
  const counter = new Set<string>()
  counterAsks.forEach((ask, index) => {
    const key = askKey(ask)
    if (!key) return
    if (seen.has(key)) hints.push({ field: 'counter_asks', index, kind: 'contradiction', text: `同时也是本条第 ${(seen.get(key) as number) + 1} 个问法` })
    else if (counter.has(key)) hints.push({ field: 'counter_asks', index, kind: 'duplicate', text: '反例里已有' })
    counter.add(key)
  })
  return hints
}

/** Own hints first, without what the server says again about the same line. */
export function merge(own: Hint[], server: Hint[]): Hint[] {
  const said = new Set(own.map((h) => `${h.field}/${h.index}/${h.kind}`))
  return [...own, ...server.filter((h) => !said.has(`${h.field}/${h.index}/${h.kind}`))]
}

/** Pasted text as lines: bullets and numbers of lists fall away, blank lines too. */
export function pastedLines(text: string): string[] {
  return text.split(/\r?\n/).map((l) => l.replace(/^\s*(?:[-*•·]|\d+[.、)）])\s*/, '').trim()).filter(Boolean)
}
