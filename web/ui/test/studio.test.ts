// @vitest-environment happy-dom
// The studio's logic: what it computes, apart from how it looks.

import { describe, expect, test } from 'vitest'
import { cell, csv } from '../src/studio/lib/csv'
import { diffTexts, diffWords, readUnified } from '../src/studio/lib/diff'
import { fillItem, tidy } from '../src/studio/forms/shapes'
import { flipsFile, inOrder, judge } from '../src/studio/lib/gate'
import { askKey, byLine, merge, ownHints, pastedLines } from '../src/studio/lib/hints'
import { option } from '../src/studio/lib/plot'
import { figures, share, stacked } from '../src/studio/lib/stats'
import { anyMoment, clock, daysUntil, fieldToMoment, fromField, moment, momentToField, nextMidnight, toField } from '../src/studio/lib/time'
import { documentPath, nameOf, splitKey } from '../src/studio/lib/words'
import type { Flip, Gate } from '../src/studio/types'

describe('differences', () => {
  test('of two texts name the lines and mark the characters that changed', () => {
    const lines = diffTexts('名称: 换发\n费用: 60元\n时限: 7天', '名称: 换发\n费用: 80元\n时限: 7天\n新: 行')
    expect(lines.map((l) => [l.kind, l.text])).toEqual([
      ['same', '名称: 换发'], ['del', '费用: 60元'], ['add', '费用: 80元'], ['same', '时限: 7天'], ['add', '新: 行'],
    ])
    expect(lines[1]!.pieces!.filter((p) => p.changed).map((p) => p.text)).toEqual(['6'])
    expect(lines[2]!.pieces!.filter((p) => p.changed).map((p) => p.text)).toEqual(['8'])
    expect(diffWords(lines)).toBe('加 2 行、减 1 行')
  })

  test('leave out what stays the same far from any change', () => {
    const long = Array.from({ length: 40 }, (_, i) => `行 ${i}`)
    const lines = diffTexts(long.join('\n'), [...long.slice(0, 20), '新', ...long.slice(20)].join('\n'))
    expect(lines.filter((l) => l.kind === 'gap')).toHaveLength(2)
    expect(lines.filter((l) => l.kind === 'same').map((l) => l.text)).toEqual(['行 18', '行 19', '行 20', '行 21'])
    expect(diffWords(diffTexts('同', '同'))).toBe('没有不同')
  })

  test('of texts too long to compare line by line still say all of it', () => {
    const a = Array.from({ length: 3000 }, (_, i) => `a${i}`).join('\n')
    const b = Array.from({ length: 3000 }, (_, i) => `b${i}`).join('\n')
    const lines = diffTexts(a, b)
    expect(lines.filter((l) => l.kind === 'del')).toHaveLength(3000)
    expect(lines.filter((l) => l.kind === 'add')).toHaveLength(3000)
  })

  test('are read from unified text, lines that begin with signs included', () => {
    const lines = readUnified('--- a\n+++ b\n@@ -3,3 +3,4 @@\n asks:\n-  - 旧的问法\n+  - 新的问法\n+- - 两个减号\n 尾\n')
    expect(lines.map((l) => l.kind)).toEqual(['gap', 'same', 'del', 'add', 'add', 'same'])
    expect(lines[1]).toMatchObject({ old: 3, new: 3, text: 'asks:' })
    expect(lines[4]).toMatchObject({ new: 5, text: '- - 两个减号' })
    expect(lines[5]).toMatchObject({ old: 5, new: 6 })
    const yaml = readUnified('@@ -1,2 +1,1 @@\n---\n-title: a\n+title: b')
    expect(yaml.map((l) => [l.kind, l.text]).slice(0, 2)).not.toContainEqual(['gap', ''])
  })
})

describe('tables for a spreadsheet', () => {
  test('never hold a formula', () => {
    for (const evil of ['=1+1', '+86', '-1', '@x', '\t=1']) expect(cell(evil)).toContain(`'${evil}`)
    expect(cell(-3)).toBe('-3')
    expect(cell('a,"b"\n')).toBe('"a,""b""\n"')
    expect(csv(['甲'], [['=cmd|x'], [null]])).toBe('\ufeff甲\r\n\'=cmd|x\r\n\r\n')
  })
})

describe('hints', () => {
  test('find what stands twice in one list or in both', () => {
    const hints = ownHints(['护照怎么换', '护照怎么换？', ''], ['护照，怎么换', '别的', '别 的'])
    expect(hints.map((h) => [h.field, h.index, h.kind])).toEqual([
      ['asks', 1, 'duplicate'], ['counter_asks', 0, 'contradiction'], ['counter_asks', 2, 'duplicate'],
    ])
    expect(byLine(hints, 'asks').get(1)![0]!.text).toContain('第 1 个')
    expect(askKey('A b，C！')).toBe('abc')
  })

  test('of the server are not said twice', () => {
    const own = ownHints(['甲', '甲'], [])
    const merged = merge(own, [{ field: 'asks', index: 1, kind: 'duplicate', text: '又' }, { field: 'asks', index: 0, kind: 'near', text: '近' }])
    expect(merged.map((h) => h.text)).toEqual(['与本条第 1 个问法相同', '近'])
  })

  test('pasted lists become lines', () => {
    expect(pastedLines('- 一\n\n2. 二\r\n  • 三  \n12345怎么打')).toEqual(['一', '二', '三', '12345怎么打'])
  })
})

describe('fields', () => {
  test('keep a name that was emptied and drop lines that nobody wrote in', () => {
    const fields: Record<string, unknown> = { code: 'A-1', asks: ['一', '', ' '], trips_note: '旧' }
    fillItem(fields)
    fields.trips_note = ''
    ;(fields.confusable as unknown[]).push({ code: '', question: '' }, { code: 'B-1', question: '' })
    const sent = tidy(fields) as Record<string, unknown>
    expect(sent.trips_note).toBe('')
    expect(sent.asks).toEqual(['一'])
    expect(sent.confusable).toEqual([{ code: 'B-1', question: '' }])
    expect(sent.terminal).toBeUndefined()
  })
})

describe('the gate', () => {
  const flip = (more: Partial<Flip>): Flip => ({ id: 'x', question: '问', kind: 'gold', was: { action: 'answer' }, now: { action: 'clarify' }, blocking: false, hard: false, ...more })
  const gate = (more: Partial<Gate>): Gate => ({ run: 'r', state: 'done', done: 1, total: 1, flips: [], broken: 0, hard: 0, seconds: 1, ...more })

  test('lets nothing pass that was not run, is running, failed, is out of date or breaks what is hard', () => {
    expect(judge(null, false).may).toBe(false)
    expect(judge(gate({ state: 'running' }), false).may).toBe(false)
    expect(judge(gate({ state: 'failed' }), false).may).toBe(false)
    expect(judge(gate({}), true).may).toBe(false)
    expect(judge(gate({ broken: 2, hard: 1 }), false)).toMatchObject({ may: false, override: false })
    expect(judge(gate({ broken: 2 }), false)).toMatchObject({ may: true, override: true })
    expect(judge(gate({}), false)).toMatchObject({ may: true, override: false })
  })

  test('shows first what nobody may let pass, then what breaks, gold before real', () => {
    const flips = [flip({ id: 'real', kind: 'real' }), flip({ id: 'gold' }), flip({ id: 'bad', blocking: true }), flip({ id: 'hard', blocking: true, hard: true })]
    expect(inOrder(flips).map((f) => f.id)).toEqual(['hard', 'bad', 'gold', 'real'])
    const file = flipsFile(gate({ flips: [flip({ question: '=1', hard: true, blocking: true })] }))
    expect(file).toContain("绝不放行,金标,x,'=1,回答")
  })
})

describe('time', () => {
  const at = '2026-11-22T16:03:00Z'
  test('is Shenzhen\'s on the screen and UTC on the wire', () => {
    expect(clock(at)).toBe('00:03')
    expect(moment(at, Date.parse('2026-12-01T00:00:00Z'))).toBe('11-23 00:03')
    expect(moment(at, Date.parse('2027-12-01T00:00:00Z'))).toBe('2026-11-23 00:03')
    expect(toField(at)).toBe('2026-11-23T00:03')
    expect(fromField('2026-11-23T00:00')).toBe('2026-11-22T16:00:00Z')
    expect(fromField('tomorrow')).toBe('')
    expect(nextMidnight(Date.parse('2026-11-22T09:30:00Z'))).toBe('2026-11-23T00:00')
    expect(nextMidnight(Date.parse('2026-11-22T16:30:00Z'))).toBe('2026-11-24T00:00')
    expect(daysUntil('2026-11-25', Date.parse('2026-11-22T17:00:00Z'))).toBe(2)
  })
  test('of documents is Shenzhen\'s already', () => {
    expect(momentToField('2026-11-23')).toBe('2026-11-23T00:00')
    expect(momentToField('2026-11-23 08:30')).toBe('2026-11-23T08:30')
    expect(fieldToMoment('2026-11-23T08:30')).toBe('2026-11-23 08:30')
    expect(fieldToMoment('')).toBe('')
    expect(anyMoment('2026-11-23 08:30')).toBe('2026-11-23 08:30')
    expect(anyMoment(at)).toBe('2026-11-23 00:03')
    expect(clock('0001-01-01T00:00:00Z')).toBe('')
  })
})

describe('the board', () => {
  const row = (label: string, questions: number) => ({ label, questions, solved: questions, asked_back: 0, handed_over: 0, wrong: 0, silent: 0 })
  test('says shares and nothing of nothing', () => {
    expect(share(1, 3)).toBe('33.3%')
    expect(share(0, 0)).toBe('—')
    expect(figures({ ...row('', 0) })[1]!.value).toBe('—')
  })
  test('lays items down, largest first, and draws no HTML', () => {
    const picture = stacked([row('小', 1), row('大', 9)], 'item')
    expect(picture.labels).toEqual(['大', '小'])
    const drawn = option(picture, () => '#000000') as { tooltip: { renderMode: string }; yAxis: { data: string[] } }
    expect(drawn.tooltip.renderMode).toBe('richText')
    expect(drawn.yAxis.data).toEqual(['大', '小'])
    expect(stacked([row('01', 1), row('02', 9)], 'day').labels).toEqual(['01', '02'])
  })
})

test('keys, addresses and people have one form', () => {
  expect(splitKey('gold/crj.tsv')).toEqual({ kind: 'gold', id: 'crj.tsv' })
  expect(documentPath('item/CRJ-011')).toBe('/studio/documents/item/CRJ-011')
  expect([nameOf('陈'), nameOf({ name: 'chen', display: '陈' }), nameOf({ name: 'chen' }), nameOf(null)]).toEqual(['陈', '陈', 'chen', ''])
})
