// @vitest-environment node
// What is committed in web/dist, which the server embeds and old web views have to read.

import { parse } from 'acorn'
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const dist = new URL('../../dist/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, dist), 'utf8')
const html = read('index.html')
const studio = read('studio.html')
const loaded = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]!)
const assets = readdirSync(new URL('assets/', dist))
const scripts = assets.filter((f) => f.endsWith('.js')).map((f) => read(`assets/${f}`))
const styles = assets.filter((f) => f.endsWith('.css')).map((f) => read(`assets/${f}`))
// What citizens' old web views have to read; staff sit at a desk with a browser of the last years.
const first = loaded.filter((f) => f.endsWith('.js'))
/** A script and all that it fetches later: import("./x"), import … from "./x", and the styles that go with them. */
function reached(from: string[], seen = new Set<string>()): Set<string> {
  for (const file of from.filter((f) => !seen.has(f))) {
    seen.add(file)
    if (file.endsWith('.js')) reached([...read(file).matchAll(/["'`](?:\.\/|\/?assets\/)([\w.-]+\.(?:js|css))["'`]/g)].map((m) => `assets/${m[1]}`), seen)
  }
  return seen
}
const whole = [...reached(first)]
const citizens = { scripts: whole.filter((f) => f.endsWith('.js')).map(read), styles: [...new Set([...loaded, ...whole, 'assets/pages.css'])].filter((f) => f.endsWith('.css')).map(read) }

test('the chat page stays under 60 kB, compressed', () => {
  const size = [html, ...loaded.map(read)].reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0)
  expect(loaded.length).toBeGreaterThanOrEqual(2)
  expect(size).toBeLessThan(60_000)
})

test('the chat page loads nothing of the staff\'s', () => {
  const apart = [...studio.matchAll(/\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]!)
  expect(apart.length).toBeGreaterThan(1)
  for (const file of whole) expect(apart).not.toContain(file)
  for (const script of citizens.scripts) expect(script).not.toMatch(/\/api\/v1\/(?:studio|staff|desk)/)
})

test('what few people need is fetched when they do, and the worker keeps all of it', () => {
  const later = whole.filter((f) => !loaded.includes(f))
  expect(later.filter((f) => f.endsWith('.js')).length).toBeGreaterThanOrEqual(6)
  for (const file of [...loaded.filter((f) => !f.endsWith('early.js')), ...later]) expect(read('sw.js')).toContain(`"/${file}"`)
})

// import() is newer than ES2017, but Chromium has it since 63 and Safari since 11.1.
test('the citizens\' scripts are ES2017 and import(), the staff\'s ES2020, and none builds code from text', () => {
  expect(citizens.scripts.length).toBeGreaterThan(0)
  for (const script of citizens.scripts) expect(() => parse(script.replace(/\bimport\(/g, 'later('), { ecmaVersion: 2017, sourceType: 'module' })).not.toThrow()
  for (const script of scripts) {
    expect(() => parse(script, { ecmaVersion: 2020, sourceType: 'module' })).not.toThrow()
    expect(script).not.toMatch(/\beval\(|new Function\(/)
  }
}, 60_000)

test('the citizens\' styles use nothing that Chromium 64 does not know', () => {
  for (const style of citizens.styles) {
    expect(style).not.toMatch(/[{;]inset:|aspect-ratio:|:is\(|:where\(|clamp\(|[^-]min\(\d|[^-]max\(\d|\ddvh|overflow-wrap:anywhere/)
    expect(style).not.toMatch(/@layer|@container|&/)
  }
})

test('the pages have no inline script or style and ask nobody else for anything', () => {
  for (const page of [html, studio]) expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/)
  for (const text of [html, studio, ...styles]) expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|url\(\s*["']?(?:https?:)?\/\//)
})

test('the loader for other sites is small, whole and for old browsers; so are the scripts of the page of outlets', () => {
  expect(Buffer.byteLength(read('assets/embed.js'))).toBeLessThan(5_000)
  for (const name of ['embed', 'outlets', 'map']) {
    const script = read(`assets/${name}.js`)
    expect(script, name).not.toMatch(/\bimport\s*\(|\bfrom\s*["']|\bimport\s*["']/)
    expect(() => parse(script, { ecmaVersion: 2017, sourceType: 'module' }), name).not.toThrow()
  }
  expect(() => parse(read('assets/embed.js'), { ecmaVersion: 2017, sourceType: 'script' })).not.toThrow()
})

test('the server embeds every file and finds the style sheet of its own pages', () => {
  expect(assets.filter((f) => /^[._]/.test(f))).toEqual([])
  expect(assets).toContain('pages.css')
})

test('no template renders HTML from data', () => {
  const sources = readdirSync(new URL('../src/', import.meta.url), { recursive: true, encoding: 'utf8' })
  for (const file of sources.filter((f) => /\.(vue|ts)$/.test(f))) {
    const text = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8')
    expect(text, file).not.toMatch(/v-html|innerHTML/)
    expect(text.split('\n').length, file).toBeLessThanOrEqual(400)
  }
})

test('every part of Element Plus that a template names is registered', () => {
  const parts = readFileSync(new URL('../src/studio/element.ts', import.meta.url), 'utf8')
  const sources = readdirSync(new URL('../src/studio/', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.vue'))
  const named = new Set(sources.flatMap((f) => [...readFileSync(new URL(`../src/studio/${f}`, import.meta.url), 'utf8').matchAll(/<el-([\w-]+)/g)].map((m) => m[1]!)))
  expect(named.size).toBeGreaterThan(5)
  const registered = parts.slice(parts.indexOf('const parts = {'), parts.indexOf('}', parts.indexOf('const parts = {')))
  for (const name of named) expect(registered).toMatch(new RegExp(`\\bEl${name.split('-').map((w) => w[0]!.toUpperCase() + w.slice(1)).join('')}\\b`))
})

test('colours stand in the tokens only', () => {
  const sources = readdirSync(new URL('../src/', import.meta.url), { recursive: true, encoding: 'utf8' })
  for (const file of sources.filter((f) => /\.(vue|css)$/.test(f) && !/tokens\.css|pages\.css$/.test(f))) {
    const text = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8')
    expect(text, file).not.toMatch(/:[^;{]*#[0-9a-f]{3,8}\b[^;{]*;|gradient\(/i)
  }
})
