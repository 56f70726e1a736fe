// The service worker of the chat page. It keeps the shell, so that the page opens without a
// network and says so, and nothing else: answers, lists and guides always come from the server.
// The build puts the shell's files and their version in.
const shell = ["/","/assets/offline.html","/assets/pages.css","/assets/icon.svg","/assets/early.js","/assets/index-22557ee8.js","/assets/index-e437c65f.css","/assets/en-dd58d80b.json","/assets/zh-Hant-e869156b.json"]
const name = 'shenwei-' + "b1c07a39859c"
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
