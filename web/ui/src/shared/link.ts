// The one place that decides which addresses may become a link. The server's links are
// templates in an operator's configuration, so they are checked here again.

const allowed = /^(https?:\/\/|(tel|sms):[0-9+\-]+$|weixin:\/\/|\/(?![\/\\])|#)/i

/** The address when it is safe to follow, otherwise an empty string. */
export function safeURL(url: string | undefined): string {
  const text = (url || '').trim()
  // Browsers drop control characters inside an address, so "java\nscript:" would pass as text.
  if (/[\u0000-\u001f\u007f]/.test(text)) return ''
  return allowed.test(text) ? text : ''
}

/**
 * The address of a button, otherwise an empty string. A mini-program's page ("pages/item?code=…") has no
 * address of its own: the server has WeChat open it.
 */
export function buttonURL(kind: string, url: string | undefined): string {
  const page = (url || '').trim()
  if (kind === 'miniprogram' && /^[\w-]+(\/[\w.-]+)+(\?[\w=&%.-]*)?$/.test(page)) return '/wechat/open?page=' + encodeURIComponent(page)
  return safeURL(page)
}

/** Whether a link leaves our own pages; what begins with /go/ leads on to another site. */
export function leaves(url: string): boolean {
  const own = url.indexOf(location.origin + '/') === 0 ? url.slice(location.origin.length) : url
  return /^https?:/i.test(own) || own.indexOf('/go/') === 0
}

/** The address that calls a number as people write it, e.g. "0755-8446 1234"; 12110 takes text messages only. */
export function telURL(number: string): string {
  const digits = number.replace(/[^0-9+]/g, '')
  if (!digits) return ''
  return (/^12110/.test(digits) ? 'sms:' : 'tel:') + digits
}
