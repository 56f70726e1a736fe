// @vitest-environment node
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('../src/shared/tokens.css', import.meta.url), 'utf8')
const [light = '', dark = ''] = css.split('@media')

const values = (text: string) =>
  new Map([...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1]!, m[2]!]))

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m) as [number, number]
  return (x + 0.05) / (y + 0.05)
}

const pairs = [
  ['ink', 'page'], ['ink', 'surface'], ['ink', 'sunken'], ['ink', 'blue-soft'], ['ink-soft', 'page'], ['ink-soft', 'surface'],
  ['ink-soft', 'sunken'], ['ink-soft', 'blue-soft'], ['blue', 'page'], ['blue', 'surface'], ['blue', 'blue-soft'],
  ['on-blue', 'blue'], ['on-blue', 'blue-deep'], ['on-bubble', 'bubble'], ['on-red', 'red'], ['red-deep', 'on-red'],
  ['red-ink', 'surface'], ['red-ink', 'page'], ['amber-ink', 'amber-soft'], ['red-ink', 'red-soft'], ['green-ink', 'green-soft'],
  ['green-ink', 'surface'], ['green-ink', 'page'], ['violet-ink', 'violet-soft'], ['ink-soft', 'red-soft'], ['ink-soft', 'green-soft'],
] as const

test.each([['light', values(light)], ['dark', new Map([...values(light), ...values(dark)])]])(
  'in %s every text has a contrast of 4.5 to its ground', (_, tokens) => {
    const weak = pairs
      .map(([text, ground]) => [text, ground, contrast(tokens.get(text)!, tokens.get(ground)!)] as const)
      .filter(([, , c]) => !(c >= 4.5))
    expect(weak).toEqual([])
  })

test('edges of fields and the mark of focus have a contrast of 3', () => {
  for (const tokens of [values(light), new Map([...values(light), ...values(dark)])]) {
    for (const [line, ground] of [['line-strong', 'surface'], ['focus', 'page']] as const) {
      expect(contrast(tokens.get(line)!, tokens.get(ground)!)).toBeGreaterThanOrEqual(3)
    }
  }
})
