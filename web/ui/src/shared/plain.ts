// The little structure that plain text has: paragraphs, lines, and lists of lines that begin
// with a dash. Nothing here is ever read as HTML.

export interface Part { kind: 'lines' | 'list'; lines: string[] }

const bullet = /^\s*[-•·*]\s+/

export function parts(text: string): Part[] {
  const all: Part[] = []
  let open: Part | null = null
  text.replace(/\r\n?/g, '\n').split('\n').forEach((line) => {
    if (!line.trim()) {
      open = null
      return
    }
    const kind = bullet.test(line) ? 'list' : 'lines'
    if (!open || open.kind !== kind) {
      open = { kind, lines: [] }
      all.push(open)
    }
    open.lines.push(line.replace(bullet, '').trim())
  })
  return all
}
