import { t } from './words'

/** Hands a guide's address on; the outcome is a word for the reader, '' when the browser said it all. */
export async function share(title: string, path: string): Promise<string> {
  const url = new URL(path, location.href).href
  if (/MicroMessenger/i.test(navigator.userAgent)) {
    // WeChat shares what is open: the guide's own page has to be.
    return t('请先打开办事指南，再点右上角「···」转发给朋友。')
  }
  if (navigator.share) {
    try {
      await navigator.share({ title, url })
    } catch {
      // Given up, or refused: both are fine.
    }
    return ''
  }
  return (await copyText(`${title} ${url}`)) ? t('网址已复制。') : url
}

/** Puts a text on the clipboard, in old web views by a field of its own; false when neither works. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // Refused: the old way may still be open.
  }
  const field = document.createElement('textarea')
  field.value = text
  field.setAttribute('readonly', '')
  field.className = 'away'
  document.body.appendChild(field)
  field.select()
  let done = false
  try {
    done = document.execCommand('copy')
  } catch {
    done = false
  }
  field.remove()
  return done
}
