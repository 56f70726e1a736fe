// The words of the pages in three languages. A text is written in simplified Chinese where it is
// used, and is its own key: t('发送'). The other two languages are files that are fetched when
// somebody needs them; what they lack, or while they are not there, stays Chinese.

import { ref } from 'vue'
import { keepIn } from './storage'
import en from './words/en.json?url'
import hant from './words/zh-Hant.json?url'

export type Lang = 'zh-Hans' | 'zh-Hant' | 'en'
export type Book = { [text: string]: string }

const files: { [lang: string]: string } = { 'zh-Hant': hant, en }
const books: { [lang: string]: Book } = { 'zh-Hans': {} }
const key = 'shenwei.lang'
const keep = keepIn(() => window.localStorage)

/** The language of the page now, and the one that somebody fixed ('' follows the question). */
export const lang = ref<Lang>('zh-Hans')
export const fixed = ref<Lang | ''>('')
const book = ref<Book>({})

/** The text in the language of the page; {0}, {1} … are replaced. */
export function t(text: string, ...values: (string | number)[]): string {
  const said = book.value[text] || text
  return values.length ? said.replace(/\{(\d)\}/g, (_, i: string) => String(values[Number(i)])) : said
}

/** The address of a page that the server renders, in a language (that of the page where none is named). */
export function pageIn(path: string, of: string = lang.value): string {
  return of === 'zh-Hant' || of === 'en' ? `${path}?lang=${of}` : path
}

/** The language of a text that stands in a reply of another: Chinese in an English one; undefined where it is the reply's. */
export function foreignIn(lang: string | undefined, text: string): 'zh-CN' | undefined {
  return lang === 'en' && /[\u4e00-\u9fff]/.test(text) ? 'zh-CN' : undefined
}

/** Shows the page in a language. It stays as it is when the words cannot be fetched. */
export async function show(wanted: Lang): Promise<void> {
  if (!books[wanted]) {
    try {
      const response = await fetch(files[wanted] as string)
      if (!response.ok) return
      books[wanted] = (await response.json()) as Book
    } catch {
      return
    }
  }
  lang.value = wanted
  book.value = books[wanted] as Book
  document.documentElement.lang = wanted === 'zh-Hans' ? 'zh-CN' : wanted
}

/** Puts words in place that were not fetched: for tests. */
export function teach(of: Lang, words: Book): void {
  books[of] = words
}

/** Keeps a language whatever is asked in, or follows the questions again (''). */
export function fix(wanted: Lang | ''): Promise<void> {
  fixed.value = wanted
  if (wanted) keep.set(key, wanted)
  else keep.remove(key)
  return show(wanted || preferred())
}

/** A reply came: the page speaks its language unless one is fixed. */
export function follow(said: string | undefined): void {
  if (!fixed.value && said !== lang.value && (said === 'zh-Hans' || said === 'zh-Hant' || said === 'en')) void show(said)
}

/** What the browser is set to. */
export function preferred(of: string = navigator.language || ''): Lang {
  if (/^zh-(hant|tw|hk|mo)/i.test(of)) return 'zh-Hant'
  return /^en/i.test(of) ? 'en' : 'zh-Hans'
}

/** Begins with the language that was fixed, or that of the browser. */
export function beginWords(): Promise<void> {
  const kept = keep.get<Lang>(key)
  fixed.value = kept && (kept === 'zh-Hans' || files[kept]) ? kept : ''
  const wanted = fixed.value || preferred()
  return wanted === 'zh-Hans' ? Promise.resolve() : show(wanted)
}
