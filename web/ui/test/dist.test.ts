// @vitest-environment node
// What is committed in web/dist, which the server embeds and old web views have to read.

import { parse } from 'acorn'
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const dist = new URL('../../dist/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, dist), 'utf8')
const html = read('index.html')
const loaded = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]!)
const assets = readdirSync(new URL('assets/', dist))
const scripts = assets.filter((f) => f.endsWith('.js')).map((f) => read(`assets/${f}`))
const styles = assets.filter((f) => f.endsWith('.css')).map((f) => read(`assets/${f}`))

test('the chat page stays under 60 kB, compressed', () => {
  const size = [html, ...loaded.map(read)].reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0)
  expect(loaded.length).toBeGreaterThanOrEqual(2)
  expect(size).toBeLessThan(60_000)
})

test('scripts are ES2017 and build no code from text', () => {
  for (const script of scripts) {
    expect(() => parse(script, { ecmaVersion: 2017, sourceType: 'module' })).not.toThrow()
    expect(script).not.toMatch(/\beval\(|new Function\(/)
  }
})

test('styles use nothing that Chromium 64 does not know', () => {
  for (const style of styles) {
    expect(style).not.toMatch(/[{;]inset:|aspect-ratio:|:is\(|:where\(|clamp\(|[^-]min\(\d|[^-]max\(\d|\ddvh|overflow-wrap:anywhere/)
    expect(style).not.toMatch(/@layer|@container|&/)
  }
})

test('the page has no inline script or style and asks nobody else for anything', () => {
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/)
  for (const text of [html, ...styles]) expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|url\(\s*["']?(?:https?:)?\/\//)
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
