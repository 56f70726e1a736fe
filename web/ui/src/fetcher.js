// Fetches a part of the page: its styles first, so that it is not seen without. The build puts this in place of
// Vite's own, which old web views cannot read.
const asked = {}

export function __vitePreload(load, files) {
  const styles = (files || []).filter((f) => f.slice(-4) === '.css').map((f) => {
    if (!asked[f]) {
      asked[f] = new Promise((done) => {
        const link = document.createElement('link')
        link.rel = 'stylesheet'
        link.href = '/' + f
        link.onload = link.onerror = done // a part without its styles still works
        document.head.appendChild(link)
      })
    }
    return asked[f]
  })
  return Promise.all(styles).then(load)
}
