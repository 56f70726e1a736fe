// Sound and desktop notification: each only when the agent has switched it on, on this computer.

import { reactive } from 'vue'
import { keepIn } from '../../shared/storage'

const keep = keepIn(() => window.localStorage)
const key = 'shenwei.desk.ring'
const saved = keep.get<{ sound: boolean; notify: boolean }>(key)

export const ringing = reactive({ sound: !!saved?.sound, notify: !!saved?.notify && 'Notification' in window && Notification.permission === 'granted' })
const save = () => keep.set(key, { sound: ringing.sound, notify: ringing.notify })

let audio: AudioContext | null = null

/** Two short tones. Browsers are silent until the page was clicked once. */
export function beep(): void {
  if (!ringing.sound) return
  try {
    audio ??= new AudioContext()
    for (const [at, hertz] of [[0, 660], [0.18, 880]] as const) {
      const tone = audio.createOscillator()
      const loud = audio.createGain()
      tone.frequency.value = hertz
      loud.gain.setValueAtTime(0.12, audio.currentTime + at)
      loud.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.16)
      tone.connect(loud).connect(audio.destination)
      tone.start(audio.currentTime + at)
      tone.stop(audio.currentTime + at + 0.17)
    }
  } catch {
    // No sound card, or not allowed: the bar on the screen says it too.
  }
}

/** Shows a notification while nobody looks at the page; never with a citizen's words. */
export function notify(title: string, body: string, tag: string): void {
  if (!ringing.notify || !document.hidden) return
  try {
    const n = new Notification(title, { body, tag })
    n.onclick = () => { window.focus(); n.close() }
  } catch {
    // Some browsers show them to installed pages only.
  }
}

export function setSound(on: boolean): void {
  ringing.sound = on
  save()
  beep()
}

/** Asks for the permission when it is switched on; false when the browser refuses. */
export async function setNotify(on: boolean): Promise<boolean> {
  if (on && (!('Notification' in window) || (await Notification.requestPermission()) !== 'granted')) {
    ringing.notify = false
    save()
    return false
  }
  ringing.notify = on
  save()
  return true
}
