// What was said, as a text that a citizen can keep. What a machine wrote is marked in it.

import type { Entry } from './thread'

const two = (n: number) => (n < 10 ? `0${n}` : String(n))

/** "2026-11-23 09:05" in Shenzhen, which keeps UTC+8 all year; "" for no time. */
export function shenzhen(iso: string): string {
  const at = new Date(new Date(iso).getTime() + 8 * 3600000)
  if (isNaN(at.getTime())) return ''
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`
}

export function transcript(entries: Entry[], number: string, now: string): string {
  const lines = [`深圳公安办事助手 对话记录`, `保存时间 ${shenzhen(now)}${number ? `　编号 ${number}` : ''}`, '智能客服的回答由程序自动给出，以窗口答复为准。', '']
  entries.forEach((e) => {
    const who = { citizen: '我', reply: '智能客服', agent: `坐席 ${e.author} 号`, notice: '' }[e.kind]
    const ai = e.reply && e.reply.ai_generated ? '（以下由人工智能生成合成）' : ''
    const head = [e.at ? shenzhen(e.at) : '', who].filter(Boolean).join(' ')
    lines.push(`${head}${head ? '：' : ''}${ai}${e.text}`)
  })
  return lines.join('\r\n') + '\r\n'
}

/** Offers the text as a file. Web views that save no files get it on the clipboard: false then. */
export async function keepText(text: string, name: string): Promise<boolean> {
  if (/MicroMessenger/i.test(navigator.userAgent)) {
    await navigator.clipboard.writeText(text)
    return false
  }
  const url = URL.createObjectURL(new Blob(['\ufeff' + text], { type: 'text/plain;charset=utf-8' }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  document.body.appendChild(a)
  a.click()
  a.remove()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
  return true
}
