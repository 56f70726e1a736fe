import '../shared/base.css'
import '../shared/controls.css'
import '../embed/frame.css'
import '../embed/frame'
import { createApp } from 'vue'
import ChatPage from './ChatPage.vue'

createApp(ChatPage).mount('#app')
