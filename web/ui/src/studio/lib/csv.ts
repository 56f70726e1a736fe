// Tables for a spreadsheet. A cell that begins like a formula is made text, because what
// citizens wrote ends up in these files.

export type Cell = string | number | boolean | null | undefined

/** One cell: quoted where needed, never a formula. */
export function cell(value: Cell): string {
  if (typeof value === 'number') return isFinite(value) ? String(value) : ''
  let text = value === null || value === undefined ? '' : String(value)
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replace(/"/g, '""')}"` : text
}

/** A whole table with the mark by which spreadsheets know UTF-8. */
export function csv(head: string[], rows: Cell[][]): string {
  return `\ufeff${[head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Hands a file to the browser. */
export function download(name: string, text: string, type = 'text/csv;charset=utf-8'): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
