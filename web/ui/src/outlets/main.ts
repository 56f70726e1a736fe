// The page of outlets where scripts run: the citizen's own position, and the map. Without them the
// server's page does the same by street, community or district.

const form = document.querySelector<HTMLFormElement>('[data-outlets]')
const button = document.querySelector<HTMLButtonElement>('[data-locate]')
const says = document.querySelector<HTMLElement>('[data-says]')

/** What a position of more than so many metres' doubt is called. */
const vague = 2000

function say(text: string) {
  if (says) says.textContent = text
}

/** Puts what the server found in the place of what is shown. */
function show(html: string): boolean {
  const found = new DOMParser().parseFromString(html, 'text/html').querySelector('[data-found]')
  const shown = document.querySelector('[data-found]')
  if (!found || !shown || !shown.parentNode) return false
  shown.parentNode.replaceChild(document.importNode(found, true), shown)
  offerMap()
  return true
}

async function near(position: GeolocationPosition) {
  const { latitude, longitude, accuracy } = position.coords
  const fields = new URLSearchParams()
  for (const name of ['item', 'kind', 'open']) {
    const field = form && form.elements.namedItem(name)
    if (field && 'value' in field && field.value) fields.set(name, field.value)
  }
  // Ten metres: enough for the order, and it goes in the body, which no log keeps.
  fields.set('near', `${latitude.toFixed(4)},${longitude.toFixed(4)}`)
  try {
    const answer = await fetch('/outlets', { method: 'POST', body: fields })
    if (!answer.ok || !show(await answer.text())) throw new Error(String(answer.status))
    say(accuracy > vague ? `已按距离排列；您的位置不太准，可能差 ${Math.round(accuracy / 1000)} 公里。` : '已按距离排列，近的在前。')
  } catch {
    say('没有连上，请检查网络后再试，或者输入街道、社区名查找。')
  }
}

function locate() {
  say('正在取得您的位置…')
  if (button) button.disabled = true
  const again = () => {
    if (button) button.disabled = false
  }
  navigator.geolocation.getCurrentPosition(
    (position) => void near(position).then(again),
    (failure) => {
      say(failure.code === failure.PERMISSION_DENIED
        ? '没有得到位置：您没有允许，或这个浏览器不给。可以输入街道、社区或区的名字查找。'
        : '暂时取不到位置。可以再试一次，或者输入街道、社区或区的名字查找。')
      again()
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  )
}

/** The map's own script is fetched when somebody wants to see it, and not before. */
function offerMap() {
  const open = document.querySelector<HTMLButtonElement>('[data-map]')
  if (!open) return
  open.hidden = false
  open.addEventListener('click', () => {
    open.disabled = true
    if (document.querySelector('script[data-leaflet]')) {
      document.dispatchEvent(new Event('shenwei:map'))
      return
    }
    const style = document.createElement('link')
    style.rel = 'stylesheet'
    style.href = '/assets/map.css'
    const script = document.createElement('script')
    script.type = 'module'
    script.src = '/assets/map.js'
    script.dataset.leaflet = ''
    script.onerror = () => {
      open.disabled = false
      script.parentNode?.removeChild(script)
      say('地图没有取到，请再试一次；下面的列表一样能用。')
    }
    document.head.appendChild(style)
    document.head.appendChild(script)
  })
}

if (button && 'geolocation' in navigator) {
  button.hidden = false
  button.addEventListener('click', locate)
}
offerMap()

export {}
