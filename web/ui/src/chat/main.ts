import '../shared/base.css'
import '../shared/controls.css'
import './old.css'
import { createApp } from 'vue'
import { apply } from '../shared/view'
import { beginWords } from '../shared/words'
import ChatPage from './ChatPage.vue'

apply()
beginWords()
createApp(ChatPage).mount('#app')

// The worker keeps the shell for a time without a network; the page does not need it.
if ('serviceWorker' in navigator && !/MicroMessenger/i.test(navigator.userAgent)) {
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('/sw.js').catch(() => undefined)
  })
}
