import { expect, it } from 'vitest'
import { buttonURL } from '../src/shared/link'

it.each([
  ['miniprogram', 'pages/item?code=CRJ-011', '/wechat/open?page=pages%2Fitem%3Fcode%3DCRJ-011'],
  ['miniprogram', 'https://example.org/x', 'https://example.org/x'],
  ['miniprogram', 'javascript:alert(1)', ''],
  ['miniprogram', 'pages/"onclick=', ''],
  ['web', 'pages/item?code=CRJ-011', ''],
  ['web', '/items/CRJ-011', '/items/CRJ-011'],
  ['web', '//evil.org', ''],
  ['tel', 'tel:110', 'tel:110'],
])('a button of kind %s to %s leads to "%s"', (kind, url, want) => {
  expect(buttonURL(kind, url)).toBe(want)
})
