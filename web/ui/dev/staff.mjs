// A stand-in for the staff's half of the server: everything in memory, nothing checked that the
// screens do not need. fake.mjs serves it:   npm run build && npm run dev:fake
//
// Accounts are admin, chen, zhou and lin; each has the password "made-up-password"; the second factor's code is 123456.

import { answer } from './answers.mjs'
import * as seed from './staff-data.mjs'

const password = 'made-up-password'
const now = () => new Date().toISOString()
const copy = (v) => structuredClone(v)

function yaml(value, depth = 0) {
  const pad = '  '.repeat(depth)
  return Object.entries(value).filter(([, v]) => v !== null && v !== '' && !(Array.isArray(v) && !v.length)).map(([k, v]) => {
    if (Array.isArray(v)) return `${pad}${k}:\n${v.map((x) => `${pad}  - ${typeof x === 'object' ? JSON.stringify(x) : x}`).join('\n')}`
    if (typeof v === 'object') return `${pad}${k}:\n${yaml(v, depth + 1)}`
    return String(v).includes('\n') ? `${pad}${k}: |\n${String(v).split('\n').map((l) => `${pad}  ${l}`).join('\n')}` : `${pad}${k}: ${v}`
  }).join('\n')
}

class Refused extends Error {
  constructor(status, code, message, detail) { super(message); Object.assign(this, { status, code, detail }) }
}

export class Staff {
  constructor() {
    this.sessions = new Map()
    this.users = copy(seed.users)
    this.docs = new Map()
    this.changes = []
    this.takedowns = []
    this.notices = []
    this.gold = copy(seed.gold)
    this.clusters = copy(seed.clusters)
    this.switches = { all_to_people: false }
    this.audit = []
    this.gates = new Map()
    const put = (kind, id, fields) => this.docs.set(`${kind}/${id}`, { kind, id, revisions: [{ revision: 1, fields, author: '', at: seed.ago(30 * 86400_000), origin: 'embedded', releases: [1] }], live: 1, draft: 0 })
    seed.items.forEach((i) => put('item', i.code, i))
    seed.articles.forEach((a) => put('article', a.id, a))
    put('lexicon', 'actions', seed.lexicon)
    put('outlet', 'fenju', seed.outlets)
    put('gold', 'crj.tsv', null)
    this.docs.get('gold/crj.tsv').revisions[0].body = 'id\tquestion\taction\tcodes\tfacet\tsure\n'
    this.releases = [{ number: 1, at: seed.ago(30 * 86400_000), note: '首次启动', changes: [], gate: null }]
  }

  log(user, action, object, detail = '{}') { this.audit.unshift({ n: this.audit.length + 1, at: now(), actor: user.name, action, object, detail }) }

  /** Answers a request below /api/v1/staff or /api/v1/studio; undefined for an unknown one. */
  async handle(req, url, body) {
    const cookie = /shenwei_staff=(\w+)/.exec(req.headers.cookie ?? '')?.[1]
    const session = this.sessions.get(cookie)
    const path = url.pathname.replace('/api/v1/', '')
    const q = url.searchParams
    if (path === 'staff/login') return this.login(body)
    if (path === 'staff/setup') return { session: this.open(this.users[0]), body: { state: 'ok' } }
    if (!session) throw new Refused(401, 'unauthorized', '请先登录', { setup: false })
    if (req.method !== 'GET' && req.headers['x-csrf-token'] !== session.csrf) throw new Refused(403, 'forbidden', '请刷新页面再试')
    const found = path.startsWith('staff/') ? this.accounts(req.method, path.slice(6), q, body, session) : this.studio(req.method, path.slice(7), q, body, session.user)
    if (found === undefined) throw new Refused(404, 'not_found', '没有这个地址')
    return { body: await found }
  }

  open(user) {
    const id = Math.random().toString(36).slice(2) + Date.now().toString(36)
    this.sessions.set(id, { user, csrf: `csrf${id}` })
    return id
  }

  login({ name, password: given, code }) {
    const user = this.users.find((u) => u.name === name && !u.disabled)
    if (!user || given !== password) throw new Refused(401, 'unauthorized', '账号或密码不对')
    if (!user.second_factor) {
      this.enrolling = user
      return { session: this.open(user), body: { state: 'enrol', secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/', qr: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h3v3H0zM6 0h3v3H6zM0 6h3v3H0zM4 4h1v1H4zM6 6h1v2H6zM8 5h1v4H8z"/></svg>' } }
    }
    if (!code) return { body: { state: 'code' } }
    if (code !== '123456') throw new Refused(401, 'unauthorized', '验证码不对，请等应用显示下一个再试')
    return { session: this.open(user), body: { state: 'ok' } }
  }

  accounts(method, path, q, body, session) {
    const { user, csrf } = session
    const one = /^users\/(\w+)(?:\/(\w+))?$/.exec(path)
    if (path === 'me') return { user, csrf, second_factor: !!user.second_factor, idle_seconds: 1800, setup: false }
    if (path === 'logout') { this.sessions.forEach((s, id) => { if (s === session) this.sessions.delete(id) }); return {} }
    if (path === 'enrol') { user.second_factor = true; return { state: 'ok' } }
    if (path === 'password') { if (body.old !== password) throw new Refused(400, 'bad_request', '现在的密码不对'); return {} }
    if (path === 'users' && method === 'GET') return { users: this.users }
    if (path === 'users') {
      this.users.push({ id: `u${this.users.length + 1}`, ...body, disabled: false, second_factor: false })
      this.log(user, 'user.create', `user/${body.name}`)
      return { link: '/staff/setup#8c1f40c7d2e94b7f' }
    }
    if (one) {
      const other = this.users.find((u) => u.id === one[1])
      if (one[2] === 'reset') return { link: '/staff/setup#1b9de0137aa24c55' }
      if (!one[2]) Object.assign(other, body)
      this.log(user, one[2] ? 'user.signout' : 'user.change', `user/${other.name}`, JSON.stringify(body ?? {}))
      return {}
    }
    if (path === 'audit/verify') return { ok: true, n: this.audit.length }
    if (path === 'audit') {
      const has = (e, k) => !q.get(k) || e[k].includes(q.get(k))
      return { entries: this.audit.filter((e) => ['actor', 'action', 'object'].every((k) => has(e, k))), next: 0 }
    }
    return undefined
  }

  studio(method, path, q, body, user) {
    const parts = path.split('/').map(decodeURIComponent)
    switch (parts[0]) {
      case 'documents': return this.documents(method, parts.slice(1), q, body, user)
      case 'hints': return { hints: this.hints(body) }
      case 'preview': return { html: `<p>${body.markdown.replace(/[<>&]/g, '').replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>').replace(/(?:^- .+\n?)+/gm, (l) => `<ul>${l.replace(/^- (.+)\n?/gm, '<li>$1</li>')}</ul>`).replace(/\n\n/g, '</p><p>')}</p>` }
      case 'changes': return this.change(method, parts.slice(1), q, body, user)
      case 'gate': return this.gates.get(parts[1])
      case 'releases': return this.release(method, parts.slice(1), body, user)
      case 'schedules': Object.assign(this.changes.find((x) => String(x.id) === parts[1]), { state: 'approved', schedule: null }); return {}
      case 'takedowns': return this.list(this.takedowns, method, parts[1], { ...body, title: this.title(body?.key) }, user)
      case 'notices': return this.list(this.notices, method, parts[1], body, user)
      case 'switches': if (method === 'PUT') this.switches = { ...body, author: user.display, at: now() }; return this.switches
      case 'try': return this.tried(body.text)
      case 'segment': return { ...this.segment(body.text), ...(body.lexicon ? {} : { draft: undefined, changed: [], of: 0 }) }
      case 'gold': return this.goldRows(method, q, body)
      case 'missed': return this.missed(parts, q, body, user)
      case 'stats': return seed.stats(q.get('by') || 'day')
    }
    return undefined
  }

  list(rows, method, id, body, user) {
    if (method === 'POST') rows.unshift({ id: rows.length + 1, ...body, author: user.display, at: now() })
    if (method === 'DELETE') rows.splice(rows.findIndex((r) => String(r.id) === id), 1)
    return method === 'GET' ? rows : {}
  }

  title(key) { const f = this.shown(this.docs.get(key))?.fields; return f?.name ?? f?.title ?? key }
  rev(d, n) { return d?.revisions.find((r) => r.revision === n) }
  shown(d) { return this.rev(d, d?.draft || d?.live) }
  body(d, r) { return r && (r.body ?? yaml(r.fields)) }

  state(d) {
    if (this.takedowns.some((t) => t.key === `${d.kind}/${d.id}`)) return 'hidden'
    if (d.draft) return this.rev(d, d.draft).state
    const expires = this.shown(d).fields?.expires
    if (expires) return Date.parse(expires.replace(' ', 'T')) < Date.now() ? 'expired' : 'expiring'
    return 'live'
  }

  documents(method, [kind, id, what], q, body, user) {
    if (!kind) {
      const rows = [...this.docs.values()].map((d) => {
        const f = this.shown(d).fields ?? {}
        const r = d.draft && this.rev(d, d.draft)
        return { key: `${d.kind}/${d.id}`, kind: d.kind, title: this.title(`${d.kind}/${d.id}`), state: this.state(d), police_type: f.police_type, category: f.category, owner: f.owner, review: f.review,
          effective: f.effective, expires: f.expires, revision: d.live, draft: r ? { number: r.revision, author: r.author, author_id: r.author_id, at: r.at, state: r.state } : undefined, updated: this.shown(d).at }
      }).filter((r) => (!q.get('kind') || r.kind === q.get('kind')) && (!q.get('state') || r.state === q.get('state')) && (!q.get('type') || r.police_type === q.get('type'))
        && (!q.get('owner') || (r.owner ?? '').includes(q.get('owner'))) && (!q.get('review_before') || (r.review && r.review < q.get('review_before'))) && `${r.key}${r.title}`.includes(q.get('q') ?? ''))
      const from = Number(q.get('offset') ?? 0)
      return { total: rows.length, documents: rows.slice(from, from + Number(q.get('limit') ?? 50)) }
    }
    if (!id) {
      if (this.docs.has(`${kind}/${body.id}`)) throw new Refused(409, 'conflict', '已有这个编号')
      const d = { kind, id: body.id, revisions: [], live: 0, draft: 0 }
      this.docs.set(`${kind}/${body.id}`, d)
      return this.save(d, { ...body, base: 0, draft: 0 }, user)
    }
    const d = this.docs.get(`${kind}/${id}`)
    if (!d) throw new Refused(404, 'not_found', '没有这一条')
    const version = (r) => r && { ...r, body: this.body(d, r), fields: r.fields ?? null }
    if (!what) return { key: `${kind}/${id}`, live: version(this.rev(d, d.live)) ?? null, draft: version(this.rev(d, d.draft)) ?? null, schema: {} }
    if (what === 'draft' && method === 'PUT') return this.save(d, body, user)
    if (what === 'draft') { d.draft = 0; if (!d.live) this.docs.delete(`${kind}/${id}`); return {} }
    if (what === 'history') return [...d.revisions].reverse()
    if (what === 'diff') return { diff: this.diff(d, Number(q.get('from')), Number(q.get('to'))) }
    if (what === 'restore') { const r = this.rev(d, body.revision); d.draft = 0; return this.save(d, { base: d.live, draft: 0, ...(r.fields ? { fields: copy(r.fields) } : { body: r.body }) }, user) }
    return undefined
  }

  diff(d, from, to) {
    const [a, b] = [this.body(d, this.rev(d, from)) ?? '', this.body(d, this.rev(d, to)) ?? ''].map((t) => t.split('\n'))
    return [`@@ -1,${a.length} +1,${b.length} @@`, ...a.filter((l) => !b.includes(l)).map((l) => `-${l}`), ...b.map((l) => (a.includes(l) ? ` ${l}` : `+${l}`))].join('\n')
  }

  save(d, { base, draft, take, fields, body }, user) {
    const open = this.rev(d, d.draft)
    if (open && (open.revision !== draft || (open.author !== user.display && !take))) {
      throw new Refused(409, 'conflict', '别人也改了这一条', { theirs: { revision: open.revision, author: open.author, at: open.at, body: this.body(d, open) } })
    }
    const r = { revision: Math.max(0, ...d.revisions.map((x) => x.revision)) + 1, base, fields, body: fields ? undefined : body, author: user.display, author_id: user.id, at: now(), state: 'draft', origin: 'editor', releases: [] }
    d.revisions.push(r)
    d.draft = r.revision
    const problems = fields && d.kind === 'item' && !fields.name ? [{ path: d.id, line: 0, reason: '名称不能为空' }] : []
    return { revision: r.revision, problems, hints: fields ? this.hints({ key: `${d.kind}/${d.id}`, fields }) : [] }
  }

  hints({ key, fields }) {
    const hints = []
    for (const d of this.docs.values()) {
      if (`${d.kind}/${d.id}` === key || !['item', 'article'].includes(d.kind)) continue
      const other = this.shown(d).fields;
      (fields.asks ?? []).forEach((ask, index) => {
        if (ask && (other.asks ?? []).includes(ask)) hints.push({ field: 'asks', index, kind: 'duplicate', text: `已是 ${d.id}「${other.name ?? other.title}」的问法`, other: `${d.kind}/${d.id}` })
      })
    }
    return hints
  }

  change(method, [id, what], q, body, user) {
    if (!id && method === 'GET') return this.changes.filter((c) => !q.get('state') || c.state === q.get('state'))
    if (!id) {
      const c = { id: this.changes.length + 1, ...body, state: 'review', author: user.display, author_id: user.id, at: now(), comments: [], confirm: null, gate: null }
      c.drafts = body.keys.map((key) => { const d = this.docs.get(key); const r = this.rev(d, d.draft); r.state = 'review'; return { key, title: this.title(key), revision: r.revision, base: d.live, author: r.author, diff: this.diff(d, d.live, r.revision) } })
      this.changes.unshift(c)
      this.log(user, 'change.submit', `change/${c.id}`)
      return { id: c.id }
    }
    const c = this.changes.find((x) => String(x.id) === id)
    if (!what) return c
    if (what === 'gate') return this.runGate(c)
    if (what === 'decide') {
      if (c.author === user.display) throw new Refused(403, 'forbidden', '这里有您自己写的内容，请由另一位同事审核')
      Object.assign(c, { state: body.decision === 'approve' ? 'approved' : 'rejected', reviewer: user.display })
      if (body.comment) c.comments.push({ at: now(), author: user.display, text: body.comment })
      if (body.decision !== 'approve') this.free(c)
      return {}
    }
    if (what === 'withdraw') { c.state = 'withdrawn'; this.free(c); return {} }
    if (what === 'confirm') { c.confirm.by = user.display; this.releases.find((r) => r.number === c.release).confirmed = true; return {} }
    if (what === 'publish') {
      if (body.at) { Object.assign(c, { state: 'scheduled', schedule: { id: c.id, at: body.at } }); return { scheduled: body.at } }
      return this.publish(c, body, user)
    }
    return undefined
  }

  free(c) { c.keys.forEach((k) => { const d = this.docs.get(k); const r = this.rev(d, d.draft); if (r) r.state = 'draft' }) }

  runGate(c) {
    const run = `g${this.gates.size + 1}`
    const g = { run, state: 'running', done: 0, total: 4000, candidate: 'abc', base: this.releases[0].number, flips: [], broken: 0, hard: 0, seconds: 0, gold: 3000, real: 1000 }
    this.gates.set(run, g)
    c.gate = g
    const answer = (item, label, verdict) => ({ action: 'answer', item, label, verdict })
    const step = () => {
      g.done = Math.min(g.total, g.done + 1000)
      if (g.done < g.total) return setTimeout(step, 300)
      Object.assign(g, { state: 'done', seconds: 3.4, flips: [
        { id: 'q-8812', question: '通行证卡面起皮了能换吗', kind: 'real', was: { action: 'clarify' }, now: answer('CRJ-007', '往来港澳通行证换发'), blocking: false, hard: false },
        ...(c.title.includes('坏') ? [
          { id: 'plain-CRJ-0021', question: '证还有俩月到期，礼拜天能弄吗', kind: 'gold', was: answer('CRJ-007', '往来港澳通行证换发', 'right'), now: answer('CRJ-011', '赴香港个人旅游签注', 'wrong'), blocking: true, hard: false },
          ...(c.title.includes('危') ? [{ id: 'short-EM-0002', question: '有人砍人', kind: 'gold', was: { action: 'emergency', verdict: 'right' }, now: { action: 'clarify', verdict: 'wrong' }, blocking: true, hard: true }] : []),
        ] : [])] })
      g.broken = g.flips.filter((f) => f.blocking).length
      g.hard = g.flips.filter((f) => f.hard).length
      return undefined
    }
    setTimeout(step, 300)
    return { run }
  }

  publish(c, body, user) {
    const number = this.releases[0].number + 1
    const changes = c.keys.map((key) => {
      const d = this.docs.get(key)
      const from = d.live
      d.live = d.draft
      d.draft = 0
      this.rev(d, d.live).releases.push(number)
      return { key, title: this.title(key), from, to: d.live }
    })
    this.releases.unshift({ number, at: now(), note: c.title, author: c.author, reviewer: c.reviewer, changes, gate: { broken: c.gate.broken, flips: c.gate.flips.length, total: c.gate.total }, override: body.override, alone: body.alone, confirmed: !body.alone, change: c.id })
    Object.assign(c, { state: 'published', release: number, override: body.override, alone: body.alone, confirm: body.alone ? { needed: true } : null })
    this.log(user, 'release.publish', `release/${number}`)
    return { release: number }
  }

  release(method, [n, what], body, user) {
    if (!n) return this.releases
    const r = this.releases.find((x) => String(x.number) === n)
    if (what !== 'rollback') return r
    const number = this.releases[0].number + 1
    const changes = r.changes.map(({ key, from }) => { const d = this.docs.get(key); const was = d.live; d.live = from; return { key, title: this.title(key), from: was, to: from } })
    this.releases.unshift({ number, at: now(), note: `回滚发布 ${n}：${body.reason}`, author: user.display, changes, gate: null })
    this.log(user, 'release.rollback', `release/${number}`)
    return { release: number }
  }

  answer(text, draft) {
    const reply = { conversation: '', seq: 2, item: '', article: '', facet: 'how', confidence: 0.93, items: [], options: [], links: [], sources: [], release: draft ? 0 : this.releases[0].number, ai_generated: false, ...answer(text) }
    const d = this.docs.get(reply.item && `item/${reply.item}`)
    const fields = d && this.rev(d, (draft && d.draft) || d.live)?.fields
    for (const b of reply.blocks ?? []) if (b.item && fields) b.item = { ...b.item, summary: fields.summary, fee: fields.fee, name: fields.name, materials: fields.materials }
    if (fields) reply.text = fields.summary
    return { reply, trace: {
      text, tokens: [...text.matchAll(/港澳通行证|到期|周末|换|[\u4e00-\u9fff]{1,2}|\w+/g)].map((m) => m[0]), concepts: ['hk-permit', 'renew'], act: 'ask', facet: 'how', triage: '', slots: {},
      candidates: [{ key: 'CRJ-007', name: '往来港澳通行证换发', score: 7.31, confidence: 0.93, features: { name: 2.1, concept: 3.4, ask: 1.2 } }, { key: 'CRJ-011', name: '赴香港个人旅游签注', score: 3.02, confidence: 0.04, features: { concept: 1.9 }, lost: '把握不如第一名' }],
      policies: [{ policy: 'emergency', fired: false, reason: '没有危险' }, { policy: 'human', fired: false, reason: '没有要求人工' }, { policy: 'decide', fired: true, reason: '直接回答的代价最小' }], policy: 'decide', release: 1,
    } }
  }

  tried(text) {
    const [live, draft] = [this.answer(text, false), this.answer(text, true)]
    return { live, draft, same: live.reply.text === draft.reply.text, left: [] }
  }

  segment(text) {
    const tokens = (re) => [...text.matchAll(re)].map((m) => ({ text: m[0], start: m.index, end: m.index + m[0].length }))
    return {
      live: { text, tokens: tokens(/港澳|通行证|快|过期|周末|能|换|[^，。]/g), concepts: [{ id: 'hk-permit', name: '往来港澳通行证', kind: 'object', word: '通行证' }], rewrites: [] },
      draft: { text, tokens: tokens(/港澳通行证|快过期|周末|能|换|[^，。]/g), concepts: [{ id: 'hk-permit', name: '往来港澳通行证', kind: 'object', word: '港澳通行证' }, { id: 'expiring', name: '到期', kind: 'state', word: '快过期' }], rewrites: [] },
      changed: [{ question: '港澳卡快过期咋整', was: { action: 'clarify' }, now: { action: 'answer', item: 'CRJ-007', label: '往来港澳通行证换发' } }], of: 1000,
    }
  }

  goldRows(method, q, body) {
    if (method === 'POST') { this.gold.unshift({ id: `new-${this.gold.length}`, question: '（来自对话的问题）', ...body }); return { key: 'gold/crj.tsv', row: this.gold[0], follow_up: false } }
    const rows = this.gold.filter((r) => `${r.id}${r.question}${r.codes}`.includes(q.get('q') ?? ''))
    return { total: rows.length, rows, kinds: ['crj', 'emergency', 'general'] }
  }

  missed(parts, q, body, user) {
    const c = this.clusters.find((x) => String(x.id) === parts[1])
    if (!c) { const clusters = this.clusters.filter((x) => !q.get('state') || x.state === q.get('state')); return { clusters, total: clusters.length } }
    Object.assign(c, { state: { ignore: 'ignored', reopen: 'open' }[body.how] ?? 'drafted', assigned: body.key ?? '', title: this.title(body.key), by: user.name })
    const d = body.key && this.docs.get(body.key)
    if (d) {
      const fields = copy(this.shown(d).fields)
      fields.asks = [...new Set([...fields.asks, ...(body.how === 'merge' ? c.questions : body.text ? [body.text] : [])])]
      this.save(d, { base: d.live, draft: d.draft, take: true, fields }, user)
    }
    return { state: c.state, key: body.key ?? '', asks: [], drafted: !!d }
  }
}
