// What another site puts into its pages: <script src="https://OURS/embed.js" async></script>. It adds a
// button and, once that is pressed, our chat page in a frame. It keeps nothing, sets no cookie and
// reads nothing of the page; the two talk by postMessage, each to the other's origin by name.
// docs/embedding.md says how to use it.

(() => {
  const script = document.currentScript as HTMLScriptElement | null
  if (!script || (window as unknown as { shenwei?: unknown }).shenwei) return
  const ours = new URL(script.src).origin
  const label = script.dataset.label || '问一问'
  let frame: HTMLIFrameElement | undefined
  let waiting: ReturnType<typeof setTimeout> | undefined

  // Styles go through the object model: they hold under the strictest content security policy.
  const dress = (of: HTMLElement, styles: { [name: string]: string }) => {
    for (const name of Object.keys(styles)) of.style.setProperty(name, styles[name]!, 'important')
  }
  const narrow = () => window.innerWidth < 520
  const above = '2147483000'

  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = label
  button.setAttribute('aria-expanded', 'false')
  dress(button, {
    position: 'fixed', right: '16px', bottom: '16px', 'z-index': above, 'min-width': '64px', 'min-height': '48px', padding: '0 20px', border: '0',
    'border-radius': '24px', background: '#1f4e9c', color: '#fff', font: '600 16px/1.2 system-ui,sans-serif', cursor: 'pointer',
    'box-shadow': '0 2px 10px rgba(0,0,0,.3)',
  })

  const panel = document.createElement('div')
  panel.setAttribute('role', 'dialog')
  panel.setAttribute('aria-label', label)

  function place() {
    dress(panel, {
      position: 'fixed', 'z-index': above, right: narrow() ? '0' : '16px', bottom: narrow() ? '0' : '80px', width: narrow() ? '100%' : '400px',
      height: narrow() ? '100%' : 'min(640px, calc(100% - 96px))', display: frame && button.getAttribute('aria-expanded') === 'true' ? 'block' : 'none',
      background: '#fff', border: '1px solid #c4ccd6', 'border-radius': narrow() ? '0' : '12px', overflow: 'hidden', 'box-shadow': '0 4px 24px rgba(0,0,0,.25)',
    })
    dress(button, { display: narrow() && panel.style.display === 'block' ? 'none' : 'inline-block' })
  }

  /** Says that nobody answers in the frame, with a way that works everywhere. */
  function fail() {
    const say = document.createElement('p')
    const link = document.createElement('a')
    link.href = ours + '/'
    link.target = '_blank'
    link.rel = 'noopener'
    link.textContent = '在新页面打开'
    say.appendChild(document.createTextNode('这里打不开：网络不通，或者这个网站没有获准嵌入。'))
    say.appendChild(link)
    dress(say, { position: 'absolute', left: '0', right: '0', bottom: '0', margin: '0', padding: '12px 16px', background: '#fff4d6', color: '#5c4300', font: '15px/1.6 system-ui,sans-serif' })
    panel.appendChild(say)
  }

  function open() {
    button.setAttribute('aria-expanded', 'true')
    if (!frame) {
      frame = document.createElement('iframe')
      frame.title = label
      frame.src = ours + '/embed?o=' + encodeURIComponent(location.origin)
      frame.referrerPolicy = 'no-referrer'
      dress(frame, { width: '100%', height: '100%', border: '0', display: 'block' })
      panel.appendChild(frame)
      waiting = setTimeout(fail, 15000)
    } else {
      tell('focus')
    }
    place()
  }

  function close() {
    button.setAttribute('aria-expanded', 'false')
    place()
    button.focus()
  }

  const tell = (type: string) => frame && frame.contentWindow && frame.contentWindow.postMessage({ shenwei: type }, ours)

  window.addEventListener('message', (e) => {
    if (e.origin !== ours || !frame || e.source !== frame.contentWindow || !e.data) return
    if (e.data.shenwei === 'ready') clearTimeout(waiting)
    if (e.data.shenwei === 'close') close()
  })
  window.addEventListener('resize', place)
  button.addEventListener('click', () => (button.getAttribute('aria-expanded') === 'true' ? close() : open()))
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape' && button.getAttribute('aria-expanded') === 'true') close()
  })

  const start = () => {
    document.body.appendChild(panel)
    document.body.appendChild(button)
    place()
  }
  if (document.body) start()
  else document.addEventListener('DOMContentLoaded', start)
  ;(window as unknown as { shenwei: unknown }).shenwei = { open, close }
})()
