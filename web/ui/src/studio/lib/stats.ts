// The board's numbers as sentences and pictures.

import type { Picture } from './plot'
import type { StatsRow, Totals } from '../types'

export const share = (n: number, of: number): string => (of > 0 ? `${((100 * n) / of).toFixed(1)}%` : '—')

export interface Figure { name: string; value: string; hint: string; tone?: 'good' | 'bad' }

/** The six numbers at the top. */
export function figures(t: Totals): Figure[] {
  const of = (n: number) => share(n, t.questions)
  return [
    { name: '问题', value: t.questions.toLocaleString('zh-CN'), hint: '市民发来的问题' },
    { name: '机器人解决', value: of(t.solved), hint: `${t.solved} 个`, tone: 'good' },
    { name: '反问', value: of(t.asked_back), hint: `${t.asked_back} 个` },
    { name: '转人工', value: of(t.handed_over), hint: `${t.handed_over} 个` },
    { name: '答错（按评价）', value: of(t.wrong), hint: `${t.wrong} 个`, tone: t.wrong ? 'bad' : undefined },
    { name: '没有答上', value: of(t.silent), hint: `${t.silent} 个`, tone: t.silent ? 'bad' : undefined },
  ]
}

export const parts: [name: keyof Totals, label: string, color: string][] = [
  ['solved', '机器人解决', 'plot-2'], ['asked_back', '反问', 'plot-1'], ['handed_over', '转人工', 'plot-3'], ['wrong', '答错', 'plot-5'], ['silent', '没有答上', 'plot-6'],
]

/** Rows as stacked bars; a day's rows stand, everything else lies. */
export function stacked(rows: StatsRow[], by: string): Picture {
  const sideways = by === 'type' || by === 'item' || by === 'channel'
  const shown = sideways ? [...rows].sort((a, b) => b.questions - a.questions).slice(0, 20) : rows
  const labels = shown.map((r) => (by === 'day' ? r.label.replace(/^\d{4}-/, '') : r.label))
  return { labels, series: parts.map(([name, label, color]) => ({ name: label, values: shown.map((r) => r[name]), color, stack: 'all' })), sideways }
}

/** What failed of a row: answers that citizens called wrong, and questions without one. */
export const failures = (r: StatsRow): number => r.wrong + r.silent + r.handed_over

export function ranking(rows: StatsRow[], of: 'questions' | 'failures', name: string, color: string, most = 10): Picture {
  const shown = rows.slice(0, most)
  return { labels: shown.map((r) => r.label), series: [{ name, values: shown.map((r) => (of === 'questions' ? r.questions : failures(r))), color }], sideways: true }
}
