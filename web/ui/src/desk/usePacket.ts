import { computed, ref, watch, type Ref } from 'vue'
import { desk } from './api'
import type { Packet, Suggestion, Talk, Ticket } from './types'

/** The handover packet of the conversation that is looked at, and suggestions that follow its lines. */
export function usePacket(ticket: Ref<Ticket | null>, talk: Ref<Talk | undefined>) {
  const packet = ref<Packet | null>(null)
  const suggestions = ref<Suggestion[]>([])
  let round = 0

  async function reload(): Promise<void> {
    const number = ticket.value?.number
    const mine = ++round
    if (!number) return
    try {
      const p = await desk.packet(number)
      if (mine !== round) return
      packet.value = p
      // «Not ours» and the like rest on nothing: an agent says that in her own words.
      suggestions.value = (p.suggestions ?? []).filter((s) => s.item || s.article || s.options?.length)
    } catch {
      // The conversation itself is there; the packet is asked for again with its next line.
    }
  }

  watch(() => ticket.value?.number, () => {
    packet.value = null
    suggestions.value = []
    void reload()
  }, { immediate: true })

  // After each line of the citizen, and on WeChat after each reply, which uses up what may be sent.
  const follows = computed(() => {
    const rows = (talk.value?.rows ?? []).filter((r) => r.kind === 'citizen' || (ticket.value?.channel !== 'web' && r.kind === 'agent'))
    return talk.value?.opened ? `${ticket.value?.number} ${rows[rows.length - 1]?.seq ?? 0}` : ''
  })
  watch(follows, (is, was) => { if (is && was && is.split(' ')[0] === was.split(' ')[0]) void reload() })

  return { packet, suggestions, reload }
}
