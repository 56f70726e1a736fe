import { onBeforeUnmount, onMounted } from 'vue'
import { api } from './api'
import { Conversation, sessionKey } from './conversation'
import { entered } from './entered'
import { dialChat } from './socket'
import { tabKeep, type Keep } from './storage'
import { fixed } from './words'

/** The page's conversation, alive as long as the page is. */
export function useConversation(): { conversation: Conversation; keep: Keep } {
  const keep = tabKeep()
  entered(keep, sessionKey)
  const conversation = new Conversation({ api, dial: dialChat, keep, lang: () => fixed.value })
  const wake = () => {
    if (!document.hidden) conversation.wake()
  }
  onMounted(() => {
    conversation.start()
    window.addEventListener('online', wake)
    document.addEventListener('visibilitychange', wake)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('online', wake)
    document.removeEventListener('visibilitychange', wake)
    conversation.stop()
  })
  return { conversation, keep }
}
