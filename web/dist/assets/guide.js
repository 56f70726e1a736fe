// What the guide pages can do beside being read: the elders' view, read aloud, share. They read
// without it. No build step: ES5, run after the page is parsed.
(function () {
  var root = document.documentElement
  var words = {
    'zh-Hant': { '标准版': '標準版', '长辈版': '長輩版', '字号': '字號', '朗读': '朗讀', '停止朗读': '停止朗讀', '请点右上角「···」，选「转发给朋友」。': '請點右上角「···」，選「轉發給朋友」。', '网址已复制。': '網址已複製。' },
    en: { '标准版': 'Standard view', '长辈版': 'Large print', '字号': 'Text size', '朗读': 'Read aloud', '停止朗读': 'Stop reading', '分享': 'Share', '请点右上角「···」，选「转发给朋友」。': 'Use "···" at the top to forward this page.', '网址已复制。': 'Address copied.' }
  }
  function t(text) { return (words[root.lang] || {})[text] || text }
  var key = 'shenwei.view'
  var main = document.querySelector('main')
  var bar = document.getElementById('tools')
  if (!bar || !main) return

  function save(view) {
    try {
      window.localStorage.setItem(key, JSON.stringify(view))
    } catch (e) {
      // Kept for this page only.
    }
  }
  function button(text, act) {
    var b = document.createElement('button')
    b.type = 'button'
    b.textContent = text
    b.addEventListener('click', function () { act(b) })
    bar.appendChild(b)
    return b
  }

  function elder() { return root.getAttribute('data-mode') === 'elder' }
  function sizes(b) { b.hidden = !elder() }
  var mode = button('', function (b) {
    var on = !elder()
    if (on) {
      root.setAttribute('data-mode', 'elder')
      root.setAttribute('data-size', '0')
    } else {
      root.removeAttribute('data-mode')
      root.removeAttribute('data-size')
    }
    save({ elder: on, size: 0 })
    b.textContent = t(on ? '标准版' : '长辈版')
    sizes(larger)
  })
  mode.textContent = t(elder() ? '标准版' : '长辈版')
  var larger = button(t('字号'), function () {
    var next = (Number(root.getAttribute('data-size')) + 1) % 3
    root.setAttribute('data-size', String(next))
    save({ elder: true, size: next })
  })
  sizes(larger)

  if (window.speechSynthesis && window.SpeechSynthesisUtterance) {
    button(t('朗读'), function (b) {
      if (window.speechSynthesis.speaking) {
        window.speechSynthesis.cancel()
        b.textContent = t('朗读')
        return
      }
      var said = new window.SpeechSynthesisUtterance(main.innerText)
      said.lang = root.lang || 'zh-CN'
      said.rate = 0.9
      said.onend = said.onerror = function () { b.textContent = t('朗读') }
      b.textContent = t('停止朗读')
      window.speechSynthesis.speak(said)
    })
    window.addEventListener('pagehide', function () { window.speechSynthesis.cancel() })
  }

  var told = document.createElement('span')
  told.setAttribute('role', 'status')
  button(t('分享'), function () {
    var url = (document.querySelector('link[rel=canonical]') || {}).href || location.href
    if (/MicroMessenger/i.test(navigator.userAgent)) {
      told.textContent = t('请点右上角「···」，选「转发给朋友」。')
    } else if (navigator.share) {
      navigator.share({ title: document.title, url: url }).catch(function () {})
    } else if (navigator.clipboard) {
      navigator.clipboard.writeText(document.title + ' ' + url).then(function () { told.textContent = t('网址已复制。') }, function () { told.textContent = url })
    } else {
      told.textContent = url
    }
  })
  bar.appendChild(told)
})()
