// Every address below /studio and /staff, and who may see it.

import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import type { Role } from '../shared/staff/api'
import { session } from '../shared/staff/session'

declare module 'vue-router' {
  interface RouteMeta {
    title?: string
    /** Roles that may come here; without it everybody who is signed in. */
    roles?: readonly Role[]
    /** May be seen by people who are not signed in. */
    open?: boolean
    /** Takes the whole window, without the studio's navigation. */
    whole?: boolean
  }
}

export const mayRead: readonly Role[] = ['editor', 'reviewer', 'supervisor', 'administrator', 'auditor']
export const mayEdit: readonly Role[] = ['editor', 'reviewer', 'administrator']
export const mayDecide: readonly Role[] = ['reviewer', 'administrator']
export const mayHelpAtNight: readonly Role[] = ['reviewer', 'administrator', 'supervisor']

export const mayServe: readonly Role[] = ['agent', 'supervisor']

const read = { roles: mayRead }

const routes: RouteRecordRaw[] = [
  { path: '/studio', redirect: () => home() },
  { path: '/studio/documents', component: () => import('./pages/DocumentsPage.vue'), meta: { title: '知识', ...read } },
  { path: '/studio/documents/:kind/:id(.+)', component: () => import('./pages/DocumentPage.vue'), meta: { title: '编辑', ...read } },
  { path: '/studio/segment', component: () => import('./pages/SegmentPage.vue'), meta: { title: '词典试切', ...read } },
  { path: '/studio/try', component: () => import('./pages/TryPage.vue'), meta: { title: '试一试', ...read } },
  { path: '/studio/changes', component: () => import('./pages/ChangesPage.vue'), meta: { title: '送审', ...read } },
  { path: '/studio/changes/:id', component: () => import('./pages/ChangePage.vue'), meta: { title: '送审单', ...read } },
  { path: '/studio/releases', component: () => import('./pages/ReleasesPage.vue'), meta: { title: '发布记录', ...read } },
  { path: '/studio/releases/:n', component: () => import('./pages/ReleasePage.vue'), meta: { title: '发布', ...read } },
  { path: '/studio/night', component: () => import('./pages/NightPage.vue'), meta: { title: '夜间应急', ...read } },
  { path: '/studio/links', component: () => import('./pages/LinksPage.vue'), meta: { title: '办理链接', ...read } },
  { path: '/studio/gold', component: () => import('./pages/GoldPage.vue'), meta: { title: '金标', ...read } },
  { path: '/studio/missed', component: () => import('./pages/MissedPage.vue'), meta: { title: '未解决问题', ...read } },
  { path: '/studio/files', component: () => import('./pages/FilesPage.vue'), meta: { title: '导入导出', roles: [...mayEdit, 'auditor'] } },
  { path: '/studio/stats', component: () => import('./pages/StatsPage.vue'), meta: { title: '看板', ...read } },
  {
    path: '/desk', component: () => import('../desk/DeskShell.vue'), meta: { title: '热线工作台', roles: mayServe, whole: true },
    children: [
      { path: '', component: () => import('../desk/pages/TalkPage.vue') },
      { path: 'orders', component: () => import('../desk/pages/OrdersPage.vue'), meta: { title: '工单' } },
      { path: 'board', component: () => import('../desk/pages/BoardPage.vue'), meta: { title: '大屏', roles: ['supervisor'] } },
      { path: 'quality', component: () => import('../desk/pages/QualityPage.vue'), meta: { title: '质检', roles: ['supervisor'] } },
      { path: 'report', component: () => import('../desk/pages/ReportPage.vue'), meta: { title: '报表', roles: ['supervisor'] } },
      { path: 'canned', component: () => import('../desk/pages/CannedPage.vue'), meta: { title: '常用语', roles: ['supervisor'] } },
    ],
  },
  { path: '/staff', redirect: (to) => ({ path: '/staff/account', hash: to.hash }) },
  { path: '/staff/sign-in', component: () => import('./pages/SignInPage.vue'), meta: { title: '登录', open: true } },
  { path: '/staff/setup', component: () => import('./pages/SetUpPage.vue'), meta: { title: '设置账号', open: true } },
  { path: '/staff/account', component: () => import('./pages/AccountPage.vue'), meta: { title: '我的账号' } },
  { path: '/staff/users', component: () => import('./pages/UsersPage.vue'), meta: { title: '人员', roles: ['administrator'] } },
  { path: '/staff/audit', component: () => import('./pages/AuditPage.vue'), meta: { title: '审计日志', roles: ['administrator', 'auditor'] } },
  { path: '/:rest(.*)', component: () => import('./pages/NowherePage.vue'), meta: { title: '没有这个页面' } },
]

/** Where somebody begins her work. */
export function home(): string {
  if (session.has(...mayServe)) return '/desk'
  if (session.has('editor', 'reviewer', 'supervisor', 'administrator')) return '/studio/documents'
  return session.has('auditor') ? '/staff/audit' : '/staff/account'
}

export const router = createRouter({ history: createWebHistory(), routes })

router.beforeEach(async (to) => {
  if (!session.state.known) await session.load()
  if (!session.state.known || to.meta.open) return true // the page says what is wrong
  if (!session.state.user) return { path: '/staff/sign-in', query: to.path === '/staff/account' ? {} : { to: to.fullPath }, hash: to.hash }
  if (to.path === '/studio/documents' && !session.has(...mayRead)) return '/staff/account'
  return true
})

router.afterEach((to) => {
  document.title = `${to.meta.title ? `${to.meta.title} · ` : ''}深微工作台`
})
