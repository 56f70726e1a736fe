// What Lighthouse says of the pages that citizens see: nothing may cost a point.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { look } from './lighthouse.mjs'
import { startServer } from './server.mjs'

let server

before(async () => {
  server = await startServer()
})
after(() => server?.stop())

test('accessibility and best practices have 100 points on chat and guide pages', async () => {
  for (const { path, scores, lost } of await look(server.url, ['/', '/items/CRJ-007', '/articles/beipian-yi-zhuanzhang'], ['accessibility', 'best-practices'])) {
    assert.deepEqual(scores, { accessibility: 100, 'best-practices': 100 }, `${path}\n${lost.join('\n')}`)
  }
})
