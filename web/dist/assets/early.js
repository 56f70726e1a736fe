// Runs before the page is painted, in every browser that ever was (no build step, ES3): puts the
// elders' view on the root element, and shows the telephone numbers where the page cannot start.
(function () {
  var root = document.documentElement
  var view = null
  try {
    view = JSON.parse(window.localStorage.getItem('shenwei.view'))
  } catch (e) {
    // Storage is refused: the standard view.
  }
  if (view && view.elder === true) {
    root.setAttribute('data-mode', 'elder')
    root.setAttribute('data-size', String(Math.min(Math.max(Number(view.size) || 0, 0), 2)))
  }
  function check() {
    var old = document.getElementById('old')
    // The application marks the root element before the page has loaded, or never runs.
    if (!old || root.getAttribute('data-started') !== null) return
    old.removeAttribute('hidden')
    document.getElementById('app').style.display = 'none'
  }
  if (window.addEventListener) window.addEventListener('load', check, false)
  else if (window.attachEvent) window.attachEvent('onload', check)
})()
