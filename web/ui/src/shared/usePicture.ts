import { onBeforeUnmount, ref } from 'vue'
import { ApiError } from './api'
import { address, mostBytes, shrink } from './picture'
import { t } from './words'

/** Choosing a picture, looking at it once more and sending it; send fails with an ApiError. */
export function usePicture(send: (file: Blob, preview: string) => Promise<void> | void) {
  const preview = ref('')
  const problem = ref('')
  const busy = ref(false)
  const chosen = ref(false)
  let file: Blob | null = null
  let round = 0
  onBeforeUnmount(() => { round++ })

  /** Takes what was chosen in a field for files, or pasted. */
  async function take(from: Blob | null | undefined): Promise<void> {
    if (!from) return
    const mine = ++round
    chosen.value = true
    problem.value = preview.value = ''
    try {
      const smaller = await shrink(from)
      const shown = await address(smaller)
      if (mine !== round) return
      if (smaller.size > mostBytes) throw new ApiError({ code: 'too_large', message: t('图片应在 5 MB 以内，请压缩或截取需要的部分再发。') })
      file = smaller
      preview.value = shown
    } catch (cause) {
      problem.value = cause instanceof ApiError ? cause.message : t('图片打不开，请重新选择。')
    }
  }

  async function confirm(): Promise<void> {
    if (!file || busy.value) return
    busy.value = true
    problem.value = ''
    try {
      await send(file, preview.value)
      cancel()
    } catch (cause) {
      problem.value = cause instanceof ApiError ? cause.message : t('没有发出，请再试一次。')
    } finally {
      busy.value = false
    }
  }

  function cancel(): void {
    round++
    file = null
    chosen.value = false
    preview.value = problem.value = ''
  }

  return { preview, problem, busy, chosen, take, confirm, cancel }
}
