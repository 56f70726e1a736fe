// Times are UTC on the wire and Shenzhen's on the screen. China has kept UTC+8 without summer
// time since 1992, so a fixed offset is right whatever the browser's own zone is.

const offset = 8 * 3600_000

const shifted = (iso: string | number | Date): Date | null => {
  const at = new Date(iso)
  return isNaN(at.getTime()) ? null : new Date(at.getTime() + offset)
}
const two = (n: number) => String(n).padStart(2, '0')

/** "2026-11-22", or "" for no time. */
export function day(iso: string | number | Date | undefined | null): string {
  const at = iso ? shifted(iso) : null
  return at && at.getUTCFullYear() > 1 ? `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}` : ''
}

/** "18:03", or "" for no time. */
export function clock(iso: string | number | Date | undefined | null): string {
  const at = iso ? shifted(iso) : null
  return at && at.getUTCFullYear() > 1 ? `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}` : ''
}

/** "11-22 18:03" in the current year, else "2025-11-22 18:03". */
export function moment(iso: string | number | Date | undefined | null, now: number = Date.now()): string {
  const date = day(iso)
  if (!date) return ''
  return `${date.slice(0, 4) === day(now).slice(0, 4) ? date.slice(5) : date} ${clock(iso)}`
}

/** What a datetime-local field shows for a time. */
export const toField = (iso: string | undefined | null): string => (day(iso) ? `${day(iso)}T${clock(iso)}` : '')

/** The time (UTC, RFC 3339) that a datetime-local field says in Shenzhen; "" when it is empty or no time. */
export function fromField(text: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return ''
  const at = Date.parse(`${text.slice(0, 16)}:00+08:00`)
  return isNaN(at) ? '' : new Date(at).toISOString().replace('.000Z', 'Z')
}

/** The next midnight in Shenzhen, as a datetime-local field shows it. */
export function nextMidnight(now: number = Date.now()): string {
  return `${day(now + 24 * 3600_000)}T00:00`
}

/** Days from today until a date (YYYY-MM-DD); negative when it is past. */
export function daysUntil(date: string, now: number = Date.now()): number {
  return Math.round((Date.parse(`${date}T00:00:00Z`) - Date.parse(`${day(now)}T00:00:00Z`)) / 86400_000)
}

/** "3 分 20 秒". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  return s < 60 ? `${s} 秒` : `${Math.floor(s / 60)} 分${s % 60 ? ` ${s % 60} 秒` : ''}`
}

/** A document's own times ("2026-11-23", "2026-11-23 00:00", already Shenzhen's) for a datetime-local field. */
export function momentToField(text: string | undefined): string {
  const m = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?/.exec(text ?? '')
  return m ? `${m[1]}T${m[2] ?? '00:00'}` : ''
}

/** The other way: what a datetime-local field says, as documents write it. */
export const fieldToMoment = (field: string): string => field.slice(0, 16).replace('T', ' ')

/** A document's time or one of the wire, as Shenzhen reads it. */
export function anyMoment(text: string | undefined): string {
  if (!text) return ''
  return /Z$|[+-]\d\d:\d\d$/.test(text) ? `${day(text)} ${clock(text)}` : text
}
