// A small stand-in for the server: enough of DESIGN's interface to look at the pages.
//   npm run build && npm run dev:fake      then open http://127.0.0.1:8081

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { answer, popular, suggestions } from './answers.mjs'
import * as pages from './pages.mjs'
import { Staff } from './staff.mjs'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const csp = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const conversations = new Map()
let staff = new Staff()

function open(id, token) {
  const found = conversations.get(id)
  if (found) return found.token === token ? found : null
  if (id) return null
  const c = { id: randomBytes(12).toString('hex'), token: randomBytes(16).toString('hex'), messages: [], byRef: new Map() }
  conversations.set(c.id, c)
  return c
}

function receive(c, ref, text) {
  if (c.byRef.has(ref)) return c.byRef.get(ref)
  const seq = c.messages.length + 1
  c.messages.push({ seq, kind: 'citizen', ref, text, at: new Date().toISOString() })
  const reply = {
    conversation: c.id, seq: seq + 1, item: '', article: '', facet: '', confidence: 0.9, items: [], options: [], links: [],
    sources: [], release: 1, ai_generated: false, took_us: 100, ...answer(text),
  }
  c.messages.push({ seq: seq + 1, kind: 'reply', text: reply.text, reply, at: new Date().toISOString() })
  const done = { seq, reply }
  c.byRef.set(ref, done)
  return done
}

const json = (res, body, status = 200) => {
  res.writeHead(status, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify(body))
}
const html = (res, body) => {
  res.writeHead(200, { 'Content-Type': types['.html'], 'Content-Security-Policy': csp })
  res.end(body)
}
const refuse = (res, status, code, message) => json(res, { error: { code, message, id: '' } }, status)

async function body(req) {
  let text = ''
  for await (const part of req) text += part
  return JSON.parse(text)
}

async function forStaff(req, res, url) {
  try {
    const said = req.method === 'GET' || req.method === 'DELETE' ? undefined : await body(req)
    const { session, body: told } = await staff.handle(req, url, said)
    if (session) res.setHeader('Set-Cookie', `shenwei_staff=${session}; HttpOnly; SameSite=Strict; Path=/`)
    return json(res, told)
  } catch (e) {
    if (!e.status) throw e
    return json(res, { error: { code: e.code, message: e.message, id: '', detail: e.detail } }, e.status)
  }
}

async function route(req, res) {
  const url = new URL(req.url, 'http://localhost')
  const path = url.pathname
  const messages = /^\/api\/v1\/conversations\/(\w+)\/messages$/.exec(path)
  if (/^\/api\/v1\/(staff|studio)\//.test(path)) return forStaff(req, res, url)
  if (/^\/(studio|staff)(\/|$)/.test(path)) return file(res, '/studio.html')
  if (path === '/api/v1/site') return json(res, { sample: true, name: '深微', hotline: '', notice: '内容仅供演示，不能作为办事依据，以办理页面为准。' })
  if (path === '/api/v1/items') return json(res, { items: popular })
  if (path === '/api/v1/popular') return json(res, { groups: [{ name: '', label: '', items: popular.map((p) => ({ ...p, choice: '', trips_label: '零跑腿' })) }] })
  if (path === '/api/v1/matters') return json(res, { matters: [] })
  if (path === '/api/v1/suggest') return json(res, { suggestions: suggestions.filter((s) => s.text.includes(url.searchParams.get('q') ?? '')) })
  if (path === '/api/v1/feedback') { await body(req); res.writeHead(204); return res.end() }
  if (path === '/api/v1/chat') {
    const line = await body(req)
    const c = open(line.conversation, line.token)
    if (!c) return refuse(res, 404, 'not_found', '没有这段对话。')
    return json(res, { ...receive(c, line.ref, line.text).reply, token: c.token })
  }
  if (messages) {
    const c = open(messages[1], (req.headers.authorization ?? '').replace('Bearer ', ''))
    if (!c) return refuse(res, 404, 'not_found', '没有这段对话。')
    return json(res, { messages: c.messages.filter((m) => m.seq > Number(url.searchParams.get('after') ?? 0)) })
  }
  if (path === '/items') return html(res, pages.items())
  if (path.startsWith('/items/')) return html(res, pages.guide(path.slice(7)))
  if (path === '/privacy') return html(res, pages.privacy())
  if (path === '/readyz') return json(res, { ready: true })
  return file(res, path === '/' ? '/index.html' : path)
}

async function file(res, path) {
  try {
    const content = await readFile(join(dist, normalize(path)))
    res.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': csp })
    res.end(content)
  } catch {
    refuse(res, 404, 'not_found', '没有这个页面。')
  }
}

function talk(socket, pause) {
  let c = null
  const tell = (frame) => socket.send(JSON.stringify(frame))
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data))
    if (frame.type === 'hello') {
      c = open(frame.conversation, frame.token)
      if (!c) return socket.close(4401)
      return tell({ type: 'ready', conversation: c.id, token: c.token, seq: c.messages.length })
    }
    const text = frame.type === 'choose' ? frame.code : frame.text
    const { seq, reply } = receive(c, frame.ref, text)
    tell({ type: 'ack', ref: frame.ref, seq })
    setTimeout(() => tell({ type: 'reply', ref: frame.ref, reply }), pause)
  })
}

/** Starts the stand-in and gives its address and a way to stop it. */
export async function start({ port = 0, pause = 150 } = {}) {
  staff = new Staff()
  const server = createServer((req, res) => route(req, res).catch((e) => refuse(res, 500, 'unavailable', String(e))))
  const sockets = new WebSocketServer({ server, path: '/ws/chat', maxPayload: 32 * 1024 })
  sockets.on('connection', (socket) => talk(socket, pause))
  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      sockets.clients.forEach((s) => s.terminate())
      server.closeAllConnections()
      server.close()
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await start({ port: Number(process.env.PORT ?? 8081) })
  console.log(`${url} — 示例服务，Ctrl-C 结束`)
}
