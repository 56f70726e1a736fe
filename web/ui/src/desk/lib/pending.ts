import type { Pending, Row } from '../types'

/** The number of the last row, 0 for none. */
export const lastRow = (rows: Row[]): number => rows.reduce((last, r) => Math.max(last, r.seq), 0)

/** Whether a reply under way stands among the rows already: its row may come before the word that it was taken. */
export const arrived = (p: Pending, rows: Row[]): boolean => rows.some((r) => r.kind === 'agent' && r.seq > p.after && r.text === p.text)
