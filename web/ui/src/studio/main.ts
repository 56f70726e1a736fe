import '../shared/base.css'
import '../shared/controls.css'
import { createApp } from 'vue'
import StudioApp from './StudioApp.vue'
import { installParts } from './element'
import './element.css'
import { router } from './router'
import './studio.css'

const app = createApp(StudioApp)
installParts(app)
app.use(router)
app.mount('#app')
