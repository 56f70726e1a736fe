// Accounts as people make them: the first by the printed link, others by the administrator's.

import { totp } from './totp.mjs'

export const password = 'yi-ju-hen-chang-de-hua-2026'
export const button = (page, name) => page.getByRole('button', { name, exact: true })

/**
 * Opens a one-time link, sets a password and, where it is wanted, a second factor; then she is inside. `first` names
 * the first account of all; its `enrol` looks at the page of the second factor.
 */
export async function begin(page, url, link, first) {
  await page.goto(new URL(link, url).href)
  if (first) {
    await page.getByLabel(/^账号/).fill(first.name)
    await page.getByLabel(/^姓名/).fill(first.display)
  }
  await page.getByLabel(/^新密码/).fill(password)
  await page.getByLabel('再输一次').fill(password)
  await button(page, '继续').click()
  const secret = page.locator('b.mono')
  const inside = page.locator('.who').first()
  await secret.or(inside).first().waitFor()
  if (await secret.isVisible()) {
    await first?.enrol?.()
    await page.getByLabel('动态码', { exact: true }).fill(totp(await secret.innerText()))
    await button(page, '绑定').click()
  }
  await inside.waitFor()
  if (page.url().includes('#')) throw new Error('the token stays in the address')
}

/** The administrator makes an account with exactly these roles; returns its link. */
export async function account(admin, url, name, display, roles) {
  await admin.goto(`${url}/staff/users`)
  await button(admin, '新建账号').click()
  const dialog = admin.getByRole('dialog', { name: '新建账号' })
  await dialog.getByLabel(/^账号/).fill(name)
  await dialog.getByLabel('姓名').fill(display)
  for (const label of ['编辑', '审核', '坐席', '班长', '管理员', '审计']) {
    const box = dialog.getByRole('checkbox', { name: label, exact: true })
    if ((await box.isChecked()) !== roles.includes(label)) await dialog.locator('label.el-checkbox', { hasText: label }).click()
  }
  await button(dialog, '新建并生成链接').click()
  return (await admin.locator('.link.mono').innerText()).trim()
}
