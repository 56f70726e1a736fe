import '../shared/base.css'
import '../shared/controls.css'
import './old.css'
import '../embed/frame.css'
import '../embed/frame'
import { createApp } from 'vue'
import { apply } from '../shared/view'
import { beginWords } from '../shared/words'
import ChatPage from './ChatPage.vue'

apply()
// early.js looks for this: from here on the page starts.
document.documentElement.setAttribute('data-started', '')
// The page is painted once in its language; words that take long do not keep it.
const patience = 1500
let mounted = false
const start = () => {
  if (!mounted) createApp(ChatPage).mount('#app')
  mounted = true
}
void beginWords().then(start)
setTimeout(start, patience)

// The worker keeps the shell for a time without a network; the page does not need it.
if ('serviceWorker' in navigator && !/MicroMessenger/i.test(navigator.userAgent)) {
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('/sw.js').catch(() => undefined)
  })
}
