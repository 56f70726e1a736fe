// Differences as people read them: lines that stay, go and come, with the characters that
// changed inside a line marked.

export interface Piece { text: string; changed: boolean }
export interface DiffLine {
  kind: 'same' | 'del' | 'add' | 'gap'
  text: string
  old: number
  new: number
  /** The line in pieces when it stands against another one. */
  pieces?: Piece[]
}

/** Reads a unified diff as servers and git write it. */
export function readUnified(text: string): DiffLine[] {
  const lines: DiffLine[] = []
  let from = 1
  let to = 1
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const at = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line)
    if (at) {
      from = Number(at[1])
      to = Number(at[2])
      if (lines.length || from > 1) lines.push({ kind: 'gap', text: '', old: 0, new: 0 })
    } else if (/^(---|\+\+\+) /.test(line) && !lines.some((l) => l.kind !== 'gap')) {
      continue
    } else if (line[0] === '+') {
      lines.push({ kind: 'add', text: line.slice(1), old: 0, new: to++ })
    } else if (line[0] === '-') {
      lines.push({ kind: 'del', text: line.slice(1), old: from++, new: 0 })
    } else if (line[0] === ' ') {
      lines.push({ kind: 'same', text: line.slice(1), old: from++, new: to++ })
    }
  }
  return mark(lines)
}

/** Most cells of the table that finds the longest common lines; longer texts differ as a whole. */
const most = 4_000_000

type Step = [kind: 'same' | 'del' | 'add', i: number, j: number]

/** The shortest way from one list to another. */
function steps<T>(a: T[], b: T[]): Step[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const n = a.length - head - tail
  const m = b.length - head - tail
  const out: Step[] = []
  for (let i = 0; i < head; i++) out.push(['same', i, i])
  if (n * m <= most) {
    const width = m + 1
    const table = new Uint32Array((n + 1) * width)
    for (let i = n - 1; i >= 0; i--) {
      for (let j = m - 1; j >= 0; j--) {
        table[i * width + j] = a[head + i] === b[head + j]
          ? table[(i + 1) * width + j + 1]! + 1
          : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!)
      }
    }
    let i = 0
    let j = 0
    while (i < n || j < m) {
      if (i < n && j < m && a[head + i] === b[head + j]) out.push(['same', head + i++, head + j++])
      else if (j >= m || (i < n && table[(i + 1) * width + j]! >= table[i * width + j + 1]!)) out.push(['del', head + i++, -1])
      else out.push(['add', -1, head + j++])
    }
  } else {
    for (let i = 0; i < n; i++) out.push(['del', head + i, -1])
    for (let j = 0; j < m; j++) out.push(['add', -1, head + j])
  }
  for (let k = 0; k < tail; k++) out.push(['same', a.length - tail + k, b.length - tail + k])
  return out
}

/** The lines of two texts against each other, with so many lines kept around each change. */
export function diffTexts(before: string, after: string, around = 2): DiffLine[] {
  const a = before.split('\n')
  const b = after.split('\n')
  const all = steps(a, b).map(([kind, i, j]): DiffLine =>
    ({ kind, text: (kind === 'add' ? b[j] : a[i]) as string, old: i + 1, new: j + 1 }))
  const keep = all.map((_, i) => all.slice(Math.max(0, i - around), i + around + 1).some((l) => l.kind !== 'same'))
  const lines: DiffLine[] = []
  all.forEach((line, i) => {
    if (keep[i]) lines.push(line)
    else if (i === 0 || keep[i - 1]) lines.push({ kind: 'gap', text: '', old: 0, new: 0 })
  })
  return mark(lines)
}

/** Marks what changed inside lines of which one replaced the other. */
function mark(lines: DiffLine[]): DiffLine[] {
  let i = 0
  while (i < lines.length) {
    const dels: DiffLine[] = []
    const adds: DiffLine[] = []
    while (lines[i]?.kind === 'del') dels.push(lines[i++]!)
    while (lines[i]?.kind === 'add') adds.push(lines[i++]!)
    for (let k = 0; k < Math.min(dels.length, adds.length); k++) against(dels[k]!, adds[k]!)
    if (!dels.length && !adds.length) i++
  }
  return lines
}

function against(del: DiffLine, add: DiffLine): void {
  const a = Array.from(del.text)
  const b = Array.from(add.text)
  if (a.length * b.length > most / 16) return
  const way = steps(a, b)
  const same = way.filter(([kind]) => kind === 'same').length
  if (same * 3 < Math.max(a.length, b.length)) return // two lines of their own
  del.pieces = pieces(way.filter(([kind]) => kind !== 'add').map(([kind, i]) => [a[i]!, kind !== 'same']))
  add.pieces = pieces(way.filter(([kind]) => kind !== 'del').map(([kind, , j]) => [b[j]!, kind !== 'same']))
}

function pieces(marked: [string, boolean][]): Piece[] {
  const out: Piece[] = []
  for (const [text, changed] of marked) {
    const last = out[out.length - 1]
    if (last && last.changed === changed) last.text += text
    else out.push({ text, changed })
  }
  return out
}

/** "改 3 行、加 2 行", or "没有不同". */
export function diffWords(lines: DiffLine[]): string {
  const adds = lines.filter((l) => l.kind === 'add').length
  const dels = lines.filter((l) => l.kind === 'del').length
  const said = [adds ? `加 ${adds} 行` : '', dels ? `减 ${dels} 行` : ''].filter(Boolean)
  return said.length ? said.join('、') : '没有不同'
}
