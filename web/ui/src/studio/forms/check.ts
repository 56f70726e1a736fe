// 能不能办 as its form edits it: each text with its English beside it. The file keeps the English apart, by the Chinese text, so
// that a question that is renamed takes its English along here.

export interface WhenFields { ask: string; is: string[]; otherwise?: string[] | null }
export interface CheckFields { matter: string; when?: WhenFields[] | null; online?: WhenFields[] | null; english?: { [text: string]: string } | null }

export interface Worded { text: string; english: string }
export interface QuestionRow { ask: Worded; is: Worded[]; otherwise: Worded[] }
export interface CheckRows { matter: Worded; when: QuestionRow[]; online: QuestionRow[] }

export function rowsOf(check: CheckFields): CheckRows {
  const english = check.english ?? {}
  const worded = (text: string): Worded => ({ text, english: english[text] ?? '' })
  const rows = (list: WhenFields[] | null | undefined) =>
    (list ?? []).map((w) => ({ ask: worded(w.ask), is: (w.is ?? []).map(worded), otherwise: (w.otherwise ?? []).map(worded) }))
  return { matter: worded(check.matter), when: rows(check.when), online: rows(check.online) }
}

export function checkOf(rows: CheckRows): CheckFields {
  const english: { [text: string]: string } = {}
  const said = (w: Worded): string => {
    const text = w.text.trim()
    if (text && w.english.trim()) english[text] = w.english.trim()
    return text
  }
  const texts = (list: Worded[]) => list.map(said).filter((t) => t)
  const when = (list: QuestionRow[], online: boolean): WhenFields[] =>
    list.map((q) => ({ ask: said(q.ask), is: texts(q.is), ...(online ? { otherwise: texts(q.otherwise) } : {}) })).filter((w) => w.ask || w.is.length)
  const check: CheckFields = { matter: said(rows.matter), when: when(rows.when, false), online: when(rows.online, true) }
  return { ...check, english }
}

export interface Fault { field: string; text: string }

/** What an editor has to mend, by field: matter, when.0.ask, online.1.otherwise … */
export function faultsOf(rows: CheckRows): Fault[] {
  const faults: Fault[] = []
  const say = (field: string, text: string) => faults.push({ field, text })
  if (!rows.matter.text.trim()) say('matter', '写上是哪一类事，例如「普通护照」。')
  if (!rows.when.length) say('when', '至少要有一个条件，才分得清该办哪一项。')
  const questions = (list: QuestionRow[], part: 'when' | 'online') => list.forEach((q, i) => {
    const at = `${part}.${i}`
    const is = q.is.map((a) => a.text.trim()).filter((t) => t)
    const other = q.otherwise.map((a) => a.text.trim()).filter((t) => t)
    if (!q.ask.text.trim()) say(`${at}.ask`, '写上问市民的话。')
    if (!is.length) say(`${at}.is`, '至少写一个符合的回答。')
    if (part === 'online' && !other.length) say(`${at}.otherwise`, '写上不符合时的回答，点它的人会被告知要跑一趟。')
    if (new Set([...is, ...other]).size < is.length + other.length) say(`${at}.is`, '有一个回答写了两次。')
    if (list.some((o, j) => j < i && o.ask.text.trim() && o.ask.text.trim() === q.ask.text.trim())) say(`${at}.ask`, '这个问题已经写过了。')
  })
  questions(rows.when, 'when')
  questions(rows.online, 'online')
  return faults
}
