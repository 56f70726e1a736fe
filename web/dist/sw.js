// The service worker of the chat page. It keeps the shell, so that the page opens without a
// network and says so, and nothing else: answers, lists and guides always come from the server.
// The build puts the shell's files and their version in.
const shell = ["/","/assets/offline.html","/assets/pages.css","/assets/icon.svg","/assets/early.js","/assets/index-749ad098.js","/assets/part-words-e0809b4d.js","/assets/index-082cf55a.css","/assets/en-46f8ecb4.json","/assets/zh-Hant-5b9ba4a0.json","/assets/part-DeskForms-a92b6d95.js","/assets/part-DeskStrip-20adce90.js","/assets/part-HistoryPanel-c727cd86.js","/assets/part-MatterPanel-dd9843d8.js","/assets/part-PanelFrame-66c47460.js","/assets/part-PicturePanel-6ecc9f26.js","/assets/part-PictureView-f9704edc.js","/assets/part-sheet-2b8abca5.js","/assets/DeskForms-721dcffd.css","/assets/DeskStrip-3b3b4607.css","/assets/HistoryPanel-a7b60ad7.css","/assets/MatterPanel-f5c4ea45.css","/assets/PanelFrame-65d28a68.css","/assets/PicturePanel-16bd1bfc.css","/assets/PictureView-89de09fc.css"]
const name = 'shenwei-' + "7440fadecb75"
const offline = '/assets/offline.html'

self.addEventListener('install', (e) => {
  e.waitUntil(caches.open(name).then((c) => c.addAll(shell)).then(() => self.skipWaiting()))
})

self.addEventListener('activate', (e) => {
  e.waitUntil(caches.keys()
    .then((all) => Promise.all(all.filter((k) => k.indexOf('shenwei-') === 0 && k !== name).map((k) => caches.delete(k))))
    .then(() => self.clients.claim()))
})

self.addEventListener('fetch', (e) => {
  const request = e.request
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate') {
    e.respondWith(fetch(request).catch(() => caches.match(url.pathname === '/' ? '/' : offline)))
  } else if (shell.indexOf(url.pathname) >= 0) {
    e.respondWith(caches.match(url.pathname).then((hit) => hit || fetch(request)))
  }
})
