// ECharts with only the parts that the board uses. Colours come from the tokens, so a plot
// follows light and dark; labels are drawn, not HTML, because inline styles are forbidden.

import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

export interface Series { name: string; values: number[]; color: string; type?: 'bar' | 'line'; stack?: string }
export interface Picture { labels: string[]; series: Series[]; sideways?: boolean }

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** What ECharts is told to draw. */
export function option(picture: Picture, look: (token: string) => string = token): Record<string, unknown> {
  const text = { color: look('ink-soft'), fontFamily: look('font'), fontSize: 12 }
  const names = {
    type: 'category', data: picture.labels, inverse: !!picture.sideways, axisTick: { show: false },
    axisLine: { lineStyle: { color: look('line') } }, axisLabel: { ...text, ...(picture.sideways ? { width: 150, overflow: 'truncate' } : { hideOverlap: true }) },
  }
  const numbers = { type: 'value', minInterval: 1, axisLabel: text, splitLine: { lineStyle: { color: look('line') } } }
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 8, right: 16, top: picture.series.length > 1 ? 36 : 12, bottom: 4, containLabel: true },
    legend: picture.series.length > 1 ? { top: 0, left: 0, itemWidth: 12, itemHeight: 8, textStyle: text } : undefined,
    tooltip: {
      trigger: 'axis', renderMode: 'richText', axisPointer: { type: 'shadow' }, backgroundColor: look('surface'), borderColor: look('line'),
      textStyle: { ...text, color: look('ink') },
    },
    xAxis: picture.sideways ? numbers : names,
    yAxis: picture.sideways ? names : numbers,
    series: picture.series.map((s) => ({
      name: s.name, type: s.type ?? 'bar', data: s.values, stack: s.stack, color: look(s.color), barMaxWidth: 22, symbol: 'none', lineStyle: { width: 2 },
    })),
  }
}

/** Draws into an element; resize and redraw are the caller's. */
export function draw(element: HTMLElement, picture: Picture, before?: EChartsType): EChartsType {
  const chart = before ?? init(element)
  chart.setOption(option(picture), { notMerge: true })
  return chart
}

export type { EChartsType }
