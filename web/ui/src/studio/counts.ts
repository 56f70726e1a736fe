// The few numbers beside the menu: what waits for a decision and what is not as it should be.

import { reactive } from 'vue'
import { studio } from './api'

export const counts = reactive({ review: 0, unconfirmed: 0, toPeople: false })

/** Asks for them again; a failure leaves the numbers as they were. */
export async function refreshCounts(): Promise<void> {
  const [review, releases, switches] = await Promise.allSettled([
    studio.changes({ state: 'review' }), studio.releases(), studio.switches(),
  ])
  if (review.status === 'fulfilled') counts.review = review.value.length
  if (releases.status === 'fulfilled') counts.unconfirmed = releases.value.filter((r) => r.alone && !r.confirmed).length
  if (switches.status === 'fulfilled') counts.toPeople = switches.value.all_to_people
}
