// The chat page inside another site's page: it tells the loader (loader.ts) that it is there, and when
// it is to be closed. It talks to the origin that the server has allowed to frame it, by name.

/** The origin of the page around us, "" where we are not framed by the loader. */
export function around(at: Location = location): string {
  if (at.pathname !== '/embed' || window.parent === window) return ''
  const origin = new URLSearchParams(at.search).get('o') || ''
  return /^https?:\/\/[a-z0-9.-]+(:\d+)?$/i.test(origin) ? origin : ''
}

const origin = around()
const tell = (type: string) => window.parent.postMessage({ shenwei: type }, origin)

function addClose() {
  const close = document.createElement('button')
  close.type = 'button'
  close.className = 'embed-close'
  close.textContent = '收起'
  close.addEventListener('click', () => tell('close'))
  document.body.insertBefore(close, document.body.firstChild)
  document.documentElement.classList.add('embedded')
}

if (origin) {
  addClose()
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape' && !e.defaultPrevented) tell('close')
  })
  // Whatever is opened from here is a page of its own: another site's form in this little frame
  // would be of no use, and most refuse to be framed.
  document.addEventListener('click', (e) => {
    const link = (e.target as Element | null)?.closest?.('a[href]')
    if (link && /^(https?:|\/)/i.test(link.getAttribute('href') || '')) link.setAttribute('target', '_blank')
  }, true)
  window.addEventListener('message', (e) => {
    if (e.origin !== origin || e.source !== window.parent || !e.data || e.data.shenwei !== 'focus') return
    document.querySelector<HTMLElement>('textarea')?.focus()
  })
  tell('ready')
}
