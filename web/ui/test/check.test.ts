// 能不能办 in the studio: what the form reads from a file, writes back, and asks an editor to mend.

import { expect, test } from 'vitest'
import { checkOf, faultsOf, rowsOf } from '../src/studio/forms/check'

const check = {
  matter: '普通护照',
  when: [{ ask: '以前办过护照吗？', is: ['办过'] }],
  online: [{ ask: '户口在深圳吗？', is: ['在深圳'], otherwise: ['不在深圳'] }],
  english: { 普通护照: 'Passport', '以前办过护照吗？': 'Had one before?', 办过: 'Yes' },
}

test('what is read is written back as it was', () => {
  expect(checkOf(rowsOf(check))).toEqual(check)
  expect(faultsOf(rowsOf(check))).toEqual([])
})

test('a question that is renamed takes its English along, and leaves none behind', () => {
  const rows = rowsOf(check)
  rows.when[0]!.ask.text = '办过护照没有？'
  const { english } = checkOf(rows)
  expect(english).toEqual({ 普通护照: 'Passport', '办过护照没有？': 'Had one before?', 办过: 'Yes' })
})

test('lines that nobody wrote anything in are left out; what is missing is told at its field', () => {
  const empty = { text: '', english: '' }
  const rows = { matter: { text: ' ', english: '' }, when: [{ ask: { text: '怎么去？', english: '' }, is: [empty], otherwise: [] }], online: [{ ask: empty, is: [{ text: '满了', english: '' }], otherwise: [] }] }
  expect(checkOf(rows)).toEqual({ matter: '', when: [{ ask: '怎么去？', is: [] }], online: [{ ask: '', is: ['满了'], otherwise: [] }], english: {} })
  expect(faultsOf(rows).map((f) => f.field)).toEqual(['matter', 'when.0.is', 'online.0.ask', 'online.0.otherwise'])
  expect(faultsOf({ ...rows, when: [] }).map((f) => f.field)).toContain('when')
})

test('a question twice, or an answer that is both, is told', () => {
  const rows = rowsOf({ ...check, when: [...check.when, ...check.when], online: [{ ask: '满16岁了吗？', is: ['满了'], otherwise: ['满了'] }] })
  expect(faultsOf(rows).map((f) => f.field)).toEqual(['when.1.ask', 'online.0.is'])
})
