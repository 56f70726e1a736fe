// What a gate's report means for publishing.

import { csv } from './csv'
import { anyMoment } from './time'
import { actionNames, nameOf } from './words'
import type { Change, Flip, Gate, Outcome } from '../types'

export type Weight = 'hard' | 'blocking' | 'other'

export const weight = (f: Flip): Weight => (f.hard ? 'hard' : f.blocking ? 'blocking' : 'other')
export const weightNames: { [w in Weight]: string } = { hard: '绝不放行', blocking: '变错了', other: '有变化' }

/** Flips in the order in which a reviewer needs them: what nobody may let pass first. */
export function inOrder(flips: Flip[]): Flip[] {
  const rank = { hard: 0, blocking: 1, other: 2 }
  return flips.map((f, i) => ({ f, i })).sort((a, b) => rank[weight(a.f)] - rank[weight(b.f)] || (a.f.kind === b.f.kind ? a.i - b.i : a.f.kind === 'gold' ? -1 : 1)).map(({ f }) => f)
}

/** "回答 · 往来港澳通行证换发" */
export const said = (o: Outcome | undefined): string =>
  (o ? [actionNames[o.action] ?? o.action, o.label || o.item || o.article].filter(Boolean).join(' · ') : '—')

const verdicts: { [v: string]: string } = {
  right: '对', wrong: '错', near: '接近', ok: '对', good: '对', bad: '错', tap: '一步可达', first: '对', silent: '没有回答',
}
export const verdict = (o: Outcome | undefined): string => (o?.verdict ? verdicts[o.verdict] ?? o.verdict : '')

/** May this change be published, and what does it take? */
export interface Verdict { may: boolean; override: boolean; why: string }

export function judge(gate: Gate | null | undefined, stale: boolean): Verdict {
  if (!gate) return { may: false, override: false, why: '还没有跑回归。先跑一遍，看有没有回答变错。' }
  if (gate.state === 'running') return { may: false, override: false, why: '回归正在跑。' }
  if (gate.state === 'failed') return { may: false, override: false, why: '这次回归没有跑完，请再跑一遍。' }
  if (stale) return { may: false, override: false, why: '这之后又有新的发布，回归结果已经不算数，请再跑一遍。' }
  if (gate.hard > 0) return { may: false, override: false, why: `${gate.hard} 个紧急、诈骗或隐私类金标会变错，任何人都不能放行。请改好再送审。` }
  if (gate.broken > 0) return { may: true, override: true, why: `${gate.broken} 个金标会变错。确实要发布，必须写明理由，理由会永久保留。` }
  return { may: true, override: false, why: '没有金标变错，可以发布。' }
}

/** Publishing without a second person has not been confirmed yet. */
export const unconfirmed = (c: Pick<Change, 'alone' | 'confirm'>): boolean => !!c.confirm?.needed && !c.confirm.by

/** The flips as a file for a spreadsheet. */
export function flipsFile(gate: Gate): string {
  return csv(['轻重', '来源', '编号', '问题', '原来', '原来对错', '之后', '之后对错', '何时起'], inOrder(gate.flips ?? []).map((f) => [
    weightNames[weight(f)], f.kind === 'gold' ? '金标' : '真实问题', f.id, f.question, said(f.was), verdict(f.was), said(f.now), verdict(f.now), anyMoment(f.as_of),
  ]))
}

/** People of a change in words. */
export const people = (c: Change): string => [`${nameOf(c.author)} 提交`, c.reviewer ? `${nameOf(c.reviewer)} 审核` : ''].filter(Boolean).join('，')
