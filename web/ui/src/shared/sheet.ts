// A checklist as a picture: what people keep in their album and show at the counter.

export interface Sheet { title: string; facts: string[]; heading: string; lines: string[]; foot: string[] }

const width = 750
const margin = 48
const font = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'

/** Breaks a text into lines that fit, by what measure tells of a text's width. */
export function wrap(text: string, room: number, measure: (text: string) => number): string[] {
  const lines: string[] = []
  let line = ''
  // Words of Latin letters stay whole, everything else breaks anywhere.
  const pieces = text.match(/[A-Za-z0-9.,:/()'-]+\s*|[\s\S]/g) || []
  pieces.forEach((piece) => {
    if (line && measure(line + piece) > room) {
      lines.push(line)
      line = piece.replace(/^\s+/, '')
    } else {
      line += piece
    }
  })
  if (line) lines.push(line)
  return lines
}

interface Row { text: string; size: number; colour: string; bold: boolean; box: boolean; gap: number }

/** Draws the sheet; null where the browser cannot. */
export function draw(sheet: Sheet, ticked: (line: number) => boolean): HTMLCanvasElement | null {
  const canvas = document.createElement('canvas')
  const pen = canvas.getContext('2d')
  if (!pen) return null
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string, other: string) => style.getPropertyValue(name).trim() || other
  const ink = colour('--ink', 'black'), soft = colour('--ink-soft', 'black')
  const rows: Row[] = []
  const add = (text: string, size: number, c: string, bold: boolean, box: boolean, gap: number) => {
    pen.font = `${bold ? 'bold ' : ''}${size}px ${font}`
    const room = width - 2 * margin - (box ? 48 : 0)
    wrap(text, room, (s) => pen.measureText(s).width).forEach((line, i) =>
      rows.push({ text: line, size, colour: c, bold, box, gap: i ? 10 : gap }))
  }
  add(sheet.title, 40, ink, true, false, 0)
  sheet.facts.forEach((f) => add(f, 28, soft, false, false, 14))
  add(sheet.heading, 30, ink, true, false, 36)
  const first = rows.length
  const starts: { [row: number]: number } = {}
  sheet.lines.forEach((line, i) => {
    starts[rows.length] = i
    add(line, 32, ink, false, true, 20)
  })
  sheet.foot.forEach((f, i) => add(f, 22, soft, false, false, i ? 8 : 40))
  const height = rows.reduce((sum, r) => sum + r.gap + r.size, 2 * margin)
  canvas.width = width
  canvas.height = height
  pen.fillStyle = colour('--surface', 'white')
  pen.fillRect(0, 0, width, height)
  let y = margin
  rows.forEach((r, i) => {
    y += r.gap + r.size
    pen.font = `${r.bold ? 'bold ' : ''}${r.size}px ${font}`
    pen.fillStyle = r.colour
    pen.fillText(r.text, margin + (r.box ? 48 : 0), y - r.size * 0.15)
    const line = starts[i]
    if (i >= first && line !== undefined) {
      pen.strokeStyle = soft
      pen.lineWidth = 3
      pen.strokeRect(margin, y - 29, 28, 28)
      if (ticked(line)) pen.fillText('✓', margin + 1, y - r.size * 0.15)
    }
  })
  return canvas
}

/** Gives the picture to the reader: as a file, or, where web views save none, as an address to show. */
export function keepPicture(canvas: HTMLCanvasElement, name: string): string {
  const data = canvas.toDataURL('image/png')
  if (/MicroMessenger|iPhone|iPad/i.test(navigator.userAgent)) return data
  const a = document.createElement('a')
  a.href = data
  a.download = name
  document.body.appendChild(a)
  a.click()
  a.remove()
  return ''
}
