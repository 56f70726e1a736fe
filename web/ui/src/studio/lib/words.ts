// The words and colours of states. A state always has both.

export type Tone = 'blue' | 'green' | 'amber' | 'red' | 'violet' | 'grey'

const states: { [state: string]: [name: string, tone: Tone] } = {
  draft: ['草稿', 'violet'], review: ['待审', 'amber'], live: ['已发布', 'green'], expiring: ['将失效', 'amber'],
  expired: ['已失效', 'grey'], hidden: ['已下架', 'red'], approved: ['已通过', 'blue'], rejected: ['已退回', 'red'],
  scheduled: ['定时发布', 'blue'], published: ['已发布', 'green'], withdrawn: ['已撤回', 'grey'], effective: ['待生效', 'blue'],
  open: ['待处理', 'amber'], drafted: ['等发布', 'blue'], solved: ['已解决', 'green'], ignored: ['已忽略', 'grey'],
}

export const stateName = (state: string): string => states[state]?.[0] ?? state
export const stateTone = (state: string): Tone => states[state]?.[1] ?? 'grey'

export const kindNames: { [kind: string]: string } = {
  item: '事项', article: '条目', outlet: '网点', lexicon: '词典', gold: '金标', facts: '数据依据', list: '清单', weights: '权重',
}

export const facetNames: { [facet: string]: string } = {
  condition: '办理条件', material: '材料', how: '办理流程', fee: '费用', time: '办理时限', place: '办理地点', progress: '进度查询',
  consequence: '影响与后果', other: '其他',
}
export const facets = Object.keys(facetNames)

export const actionNames: { [action: string]: string } = {
  answer: '回答', clarify: '反问', handoff: '转人工', emergency: '紧急', smalltalk: '寒暄', decline: '婉拒', relayed: '转达',
  general: '条目回答', report: '报案指引', oos: '不受理',
}

export const policeTypes = ['出入境', '人口', '交警', '治安', '禁毒', '网警', '刑警', '视频']
export const groups = ['出入境', '户政', '交警', '治安', '刑警', '禁毒', '网安', '视频', '综合']
export const categories = [
  '报警求助', '反诈', '治安', '交通安全', '出入境', '户政', '身份证', '禁毒', '网络安全', '权利与救济', '投诉', '办事指引', '平台使用', '不归公安',
  '隐私', '综合',
]

/** "item/CRJ-011" in its two halves. */
export function splitKey(key: string): { kind: string; id: string } {
  const i = key.indexOf('/')
  return { kind: key.slice(0, i), id: key.slice(i + 1) }
}

export const documentPath = (key: string): string => {
  const { kind, id } = splitKey(key)
  return `/studio/documents/${kind}/${id.split('/').map(encodeURIComponent).join('/')}`
}

/** What the audit log calls an action. */
export const deeds: { [action: string]: string } = {
  'account.add': '新建账号', 'account.setup': '设置账号', 'account.second_factor': '绑定动态码', 'account.password': '换密码', 'account.reset': '重置账号',
  'account.change': '修改账号', 'account.disable': '停用账号', 'account.enable': '恢复账号', 'account.signout': '退出某人', 'account.first_link': '生成首个链接',
  'account.link': '生成链接', 'account.roles': '改角色', 'session.begin': '登录',
  'session.end': '退出', 'session.refused': '登录失败', 'session.begin_oidc': '统一身份登录', 'session.second_factor': '第二步验证', 'audit.read': '看审计日志', 'draft.create': '建草稿', 'draft.replace': '换下草稿', 'draft.drop': '放弃草稿',
  'change.submit': '送审', 'change.gate': '跑回归', 'change.approve': '通过', 'change.reject': '退回',
  'change.withdraw': '撤回', 'change.schedule': '定时发布', 'change.unschedule': '取消定时', 'change.schedule_failed': '定时发布失败', 'release.gate': '回滚后跑回归', 'release.publish': '发布', 'release.confirm': '确认发布',
  'takedown.on': '下架', 'takedown.off': '恢复上架', 'notice.on': '发公告', 'notice.off': '撤公告', 'switch.on': '全部转人工', 'switch.off': '恢复机器人', 'links.health': '办理链接停用或恢复', 'published.on': '只用原文', 'published.off': '恢复改写',
  'missed.resolve': '处理未解决问题', 'conversation.look': '看对话', 'citizen.export': '导出个人数据', 'citizen.delete': '删除个人数据',
}

/** How a person is called, whether the server gives a name or a whole person. */
export function nameOf(person: unknown): string {
  if (!person) return ''
  if (typeof person === 'string') return person
  const p = person as { display?: string; name?: string; id?: string }
  return p.display || p.name || p.id || ''
}
