// Reads a text aloud with the browser's own voice. Where a web view has none, there is no button.

import { ref } from 'vue'

/** What is being read, by the caller's name of it; '' for nothing. */
export const reading = ref('')

export const canSpeak = (): boolean =>
  typeof window.speechSynthesis !== 'undefined' && typeof window.SpeechSynthesisUtterance === 'function'

const longest = 160

/** A text in parts that every voice reads to the end: some stop after a quarter of a minute. */
export function partsToSay(text: string): string[] {
  const all: string[] = []
  text.split(/\n+/).forEach((line) => {
    let open = ''
    line.split(/([。！？；!?;]|\.\s)/).forEach((piece) => {
      if (open.length + piece.length > longest && open) {
        all.push(open)
        open = ''
      }
      open += piece
    })
    if (open.trim()) all.push(open.trim())
  })
  return all
}

/** Reads the text, or stops when it is being read. */
export function speak(name: string, text: string, lang: string): void {
  const again = reading.value === name
  stopSpeaking()
  if (again || !canSpeak()) return
  reading.value = name
  const parts = partsToSay(text)
  parts.forEach((part, i) => {
    const said = new SpeechSynthesisUtterance(part)
    said.lang = lang === 'en' ? 'en-US' : lang === 'zh-Hant' ? 'zh-HK' : 'zh-CN'
    said.rate = 0.9
    const done = () => {
      if (reading.value === name && i === parts.length - 1) reading.value = ''
    }
    said.onend = done
    said.onerror = done
    window.speechSynthesis.speak(said)
  })
}

export function stopSpeaking(): void {
  reading.value = ''
  if (canSpeak()) window.speechSynthesis.cancel()
}
