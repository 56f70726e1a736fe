// The page of outlets where scripts run: the citizen's own position, and the map. Without them the
// server's page does the same by street, community or district.

const form = document.querySelector<HTMLFormElement>('[data-outlets]')
const button = document.querySelector<HTMLButtonElement>('[data-locate]')
const says = document.querySelector<HTMLElement>('[data-says]')

// Its few words; the page itself comes from the server in its language.
const words: { [lang: string]: { [text: string]: string } } = {
  'zh-Hant': {
    '已按距离排列，近的在前。': '已按距離排列，近的在前。',
    '已按距离排列；您的位置不太准，可能差 {0} 公里。': '已按距離排列；您的位置不太準，可能差 {0} 公里。',
    '没有连上，请检查网络后再试，或者输入街道、社区名查找。': '沒有連上，請檢查網絡後再試，或者輸入街道、社區名查找。',
    '正在取得您的位置…': '正在取得您的位置…',
    '没有得到位置：您没有允许，或这个浏览器不给。可以输入街道、社区或区的名字查找。': '沒有得到位置：您沒有允許，或這個瀏覽器不給。可以輸入街道、社區或區的名字查找。',
    '暂时取不到位置。可以再试一次，或者输入街道、社区或区的名字查找。': '暫時取不到位置。可以再試一次，或者輸入街道、社區或區的名字查找。',
    '地图没有取到，请再试一次；下面的列表一样能用。': '地圖沒有取到，請再試一次；下面的列表一樣能用。',
  },
  en: {
    '已按距离排列，近的在前。': 'Sorted by distance, nearest first.',
    '已按距离排列；您的位置不太准，可能差 {0} 公里。': 'Sorted by distance; your position is vague and may be {0} km off.',
    '没有连上，请检查网络后再试，或者输入街道、社区名查找。': 'No connection. Check your network and try again, or enter a street or community.',
    '正在取得您的位置…': 'Getting your position…',
    '没有得到位置：您没有允许，或这个浏览器不给。可以输入街道、社区或区的名字查找。': 'No position: it was not allowed, or this browser has none. Enter a street, community or district instead.',
    '暂时取不到位置。可以再试一次，或者输入街道、社区或区的名字查找。': 'The position cannot be had at the moment. Try again, or enter a street, community or district.',
    '地图没有取到，请再试一次；下面的列表一样能用。': 'The map could not be fetched. Try again; the list below works all the same.',
  },
}
const t = (text: string) => (words[document.documentElement.lang] || {})[text] || text

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
  for (const name of ['item', 'kind', 'open', 'lang']) {
    const field = form && form.elements.namedItem(name)
    if (field && 'value' in field && field.value) fields.set(name, field.value)
  }
  // Ten metres: enough for the order, and it goes in the body, which no log keeps.
  fields.set('near', `${latitude.toFixed(4)},${longitude.toFixed(4)}`)
  try {
    const answer = await fetch('/outlets', { method: 'POST', body: fields })
    if (!answer.ok || !show(await answer.text())) throw new Error(String(answer.status))
    say(accuracy > vague ? t('已按距离排列；您的位置不太准，可能差 {0} 公里。').replace('{0}', String(Math.round(accuracy / 1000))) : t('已按距离排列，近的在前。'))
  } catch {
    say(t('没有连上，请检查网络后再试，或者输入街道、社区名查找。'))
  }
}

function locate() {
  say(t('正在取得您的位置…'))
  if (button) button.disabled = true
  const again = () => {
    if (button) button.disabled = false
  }
  navigator.geolocation.getCurrentPosition(
    (position) => void near(position).then(again),
    (failure) => {
      say(failure.code === failure.PERMISSION_DENIED
        ? t('没有得到位置：您没有允许，或这个浏览器不给。可以输入街道、社区或区的名字查找。')
        : t('暂时取不到位置。可以再试一次，或者输入街道、社区或区的名字查找。'))
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
      say(t('地图没有取到，请再试一次；下面的列表一样能用。'))
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
