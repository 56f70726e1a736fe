/** Offers a text as a file. Web views that save no files get it on the clipboard: false then. */
export async function keepText(text: string, name: string): Promise<boolean> {
  if (/MicroMessenger/i.test(navigator.userAgent)) {
    await navigator.clipboard.writeText(text)
    return false
  }
  const url = URL.createObjectURL(new Blob(['\ufeff' + text], { type: 'text/plain;charset=utf-8' }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  document.body.appendChild(a)
  a.click()
  a.remove()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
  return true
}
