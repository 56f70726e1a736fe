// Lighthouse against a running server, in the Chromium of the browser tests.

import { launch as launchChrome } from 'chrome-launcher'
import lighthouse from 'lighthouse'

/**
 * Looks at pages and returns, for each, the scores of the categories from 0 to 100 and the audits that
 * cost points, as lines.
 */
export async function look(base, paths, categories) {
  const chrome = await launchChrome({
    chromePath: process.env.CHROMIUM ?? '/usr/bin/chromium', logLevel: 'silent',
    chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--lang=zh-CN'],
  })
  try {
    const seen = []
    for (const path of paths) {
      const { lhr } = await lighthouse(base + path, { port: chrome.port, output: 'json', logLevel: 'silent', onlyCategories: categories })
      const scores = {}, lost = []
      for (const name of categories) {
        const category = lhr.categories[name]
        scores[name] = Math.round(category.score * 100)
        for (const ref of category.auditRefs) {
          const audit = lhr.audits[ref.id]
          if (ref.weight > 0 && audit.score !== null && audit.score < 1) lost.push(`${ref.id} ${audit.score}: ${audit.title} ${JSON.stringify(audit.details?.items?.[0] ?? '').slice(0, 300)}`)
        }
      }
      seen.push({ path, scores, lost })
    }
    return seen
  } finally {
    await chrome.kill()
  }
}
