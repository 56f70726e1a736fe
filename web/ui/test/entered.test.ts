import { describe, expect, it } from 'vitest'
import { entered } from '../src/shared/entered'
import { keepIn } from '../src/shared/storage'

function page(hash: string) {
  const shown: string[] = []
  return {
    shown,
    location: { hash, pathname: '/', search: '?a=1' },
    history: { replaceState: (_: unknown, __: string, url: string) => shown.push(url) } as unknown as History,
  }
}

const memory = () => keepIn(() => { throw new Error('no storage') })

describe('a visitor who comes in through WeChat', () => {
  it('continues the conversation that the address names, and the address forgets it', () => {
    const keep = memory()
    const p = page('#c=wx-0123abc')
    entered(keep, 's', p)
    expect(keep.get('s')).toEqual({ conversation: 'wx-0123abc', token: '' })
    expect(p.shown).toEqual(['/?a=1'])
  })

  it('is not anybody who comes in with something else', () => {
    for (const hash of ['', '#', '#c=', '#c=<script>', '#c=' + 'x'.repeat(65), '#d=1']) {
      const keep = memory()
      const p = page(hash)
      entered(keep, 's', p)
      expect(keep.get('s')).toBeNull()
      expect(p.shown).toEqual([])
    }
  })
})
