/** A line's own id: 128 random bits, so that nobody can guess another's. */
export function newRef(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += ((bytes[i] as number) + 256).toString(16).slice(1)
  return text
}
