// Made-up knowledge and numbers for the stand-in of the staff's interface.

const day = 86400_000
export const ago = (ms) => new Date(Date.now() - ms).toISOString()
const dateIn = (days) => new Date(Date.now() + days * day).toISOString().slice(0, 10)

const item = (code, type, name, more = {}) => ({
  code, police_type: type, name, aliases: [], audience: '个人', trips: 0, terminal: false, popular: false, fee: '不收费', time_limit: '当场办结',
  materials: ['居民身份证'], group: type === '人口' ? '户政' : type, tags: [], summary: `${name}，按页面提示办理。`, choice: name, facets: { how: '- 网上申请\n- 到窗口办理' },
  asks: [`${name}怎么办`, `${name}要带什么`], sources: ['广东政务服务网'], owner: '深圳市公安局', review: dateIn(120), ...more,
})

export const items = [
  item('CRJ-007', '出入境', '往来港澳通行证换发', {
    popular: true, fee: '60元', time_limit: '7个工作日', materials: ['居民身份证', '原往来港澳通行证', '符合标准的证件照片'],
    summary: '通行证快到期或已到期都可以换，网上提交后等邮寄，60元。',
    aliases: ['港澳通行证换证', '港澳通行证到期换'],
    facets: {
      condition: '原证有效期不足或已过期、证件损坏、信息变更的都可以换。', material: '- 居民身份证\n- 原往来港澳通行证\n- 符合标准的证件照片',
      how: '- 网上提交，证件邮寄到家\n- 或到任一出入境窗口', fee: '每本60元，签注另收。', time: '一般7个工作日。',
    },
    asks: ['港澳通行证快到期了怎么换', '港澳通行证过期了还能用吗', '周末能换港澳通行证吗', '通行证换新要多少钱'],
    counter_asks: ['签注用完了再签一次'], confusable: [{ code: 'CRJ-011', question: '是通行证这张卡快到期，还是卡上的签注用完了？' }],
    english: { name: 'Renew the Exit-Entry Permit to Hong Kong and Macao', text: 'Apply online; 60 yuan; about 7 working days.', asks: [] },
    legal_basis: ['《中国公民因私事往来香港地区或者澳门地区的暂行管理办法》'],
  }),
  item('CRJ-011', '出入境', '赴香港个人旅游签注', { fee: '一次15元；两次30元', asks: ['香港签注用完了', '周末想自己去香港玩'], expires: `${dateIn(12)} 00:00` }),
  item('CRJ-012', '出入境', '赴澳门个人旅游签注', { fee: '一次15元' }),
  item('CRJ-013', '出入境', '赴香港“一签多行”签注'),
  item('CRJ-001', '出入境', '首次申领普通护照', { fee: '120元', review: dateIn(-10) }),
  item('RK-001', '人口', '出生登记'), item('RK-027', '人口', '居民身份证换领'), item('JJ-001', '交警', '初次申领机动车驾驶证'), item('ZA-001', '治安', '旅馆业特种行业许可'),
  ...Array.from({ length: 60 }, (_, i) => item(`JJ-${String(i + 2).padStart(3, '0')}`, '交警', `机动车业务示例 ${i + 1}`)),
]

export const articles = [{
  id: 'baojing-dianhua', title: '什么时候打 110，什么时候打 12345', category: '报警求助', kind: 'guide', summary: '正在发生的危险打 110；咨询和投诉打 12345。', phones: ['110', '12345'],
  asks: ['报警打什么电话', '110 和 12345 有什么区别'], sources: ['公安机关公开资料'], review: dateIn(60),
  body: '正在发生的**危险**、犯罪和求助，马上打 110。\n\n- 有人受伤：120\n- 起火：119\n\n不紧急的咨询和投诉打 12345。',
}]

export const lexicon = {
  words: ['一签多行'], concepts: [
    { id: 'hk-permit', kind: 'object', name: '往来港澳通行证', words: ['港澳通行证', '香港通行证', '港澳卡'], parents: ['travel-document'] },
    { id: 'expiring', kind: 'state', name: '到期', words: ['快到期', '快过期', '要到期'] }, { id: 'renew', kind: 'action', name: '换发', words: ['换', '换证', '换新'] },
  ], rewrites: [{ from: 'gatxz', to: '港澳通行证' }, { from: '几钱', to: '多少钱' }], stop: ['请问一下'],
}

export const outlets = { outlets: [
  { id: 'futian', name: '深圳市公安局福田分局', kind: '分局', district: '福田区', places: ['华强北', '车公庙'], serves: ['人口', '治安'], sources: { name: '公开资料' }, note: '以公告为准' },
  { id: 'luohu-kouan', name: '罗湖口岸', kind: '口岸', district: '罗湖区', sources: { name: '公开资料' } },
] }

export const gold = [
  ['plain-CRJ-0021', '证还有俩月到期，礼拜天能弄吗', 'answer', ['CRJ-007'], 'time'], ['short-EM-0002', '有人砍人', 'emergency', [], 'other'],
  ['plain-CRJ-0003', '第一次领护照窗口收多少银子啊', 'answer', ['CRJ-001'], 'fee'], ['plain-GE-0001', '喝了一瓶啤酒开车会怎样', 'general', [], 'consequence'],
].map(([id, question, action, codes, facet]) => ({ id, kind: id.split('-')[1].toLowerCase(), question, action, codes, facet, sure: '2', comment: '' }))

export const clusters = [
  { id: 1, size: 37, questions: ['港澳通行证塑封掉了能过关吗', '通行证外面那层膜开了', '港澳证脱胶了要换吗', '证件起皮了过关会不会被拦', '卡片分层怎么办'],
    reasons: { missed: 21, thumbed: 6, repeated: 8, handed: 2 }, nearest: [{ key: 'item/CRJ-007', title: '往来港澳通行证换发', p: 0.62 }, { key: 'item/CRJ-011', title: '赴香港个人旅游签注', p: 0.11 }],
    first: ago(6 * day), last: ago(3600_000), state: 'open' },
  { id: 2, size: 18, questions: ['电动车上牌现场要排多久', '电动自行车周末能上牌吗', '上牌点哪里人少'], reasons: { missed: 9, handed: 9 },
    nearest: [{ key: 'item/JJ-002', title: '机动车业务示例 1', p: 0.34 }], first: ago(5 * day), last: ago(2 * 3600_000), state: 'open' },
  { id: 3, size: 52, questions: ['身份证加急怎么办', '身份证最快几天能拿'], reasons: { missed: 30, repeated: 22 }, nearest: [{ key: 'item/RK-027', title: '居民身份证换领', p: 0.8 }],
    first: ago(40 * day), last: ago(9 * day), state: 'solved', how: 'merge', assigned: 'item/RK-027', title: '居民身份证换领', by: 'chen', after: { before_per_week: 13, after_per_week: 2 } },
]

const split = (questions) => {
  const asked_back = Math.round(questions * 0.13)
  const handed_over = Math.round(questions * 0.07)
  const wrong = Math.round(questions * 0.012)
  const silent = Math.round(questions * 0.02)
  return { questions, solved: questions - asked_back - handed_over - wrong - silent, asked_back, handed_over, wrong, silent }
}

export function stats(by) {
  const names = {
    day: Array.from({ length: 30 }, (_, i) => new Date(Date.now() - (29 - i) * day).toISOString().slice(5, 10)),
    hour: Array.from({ length: 24 }, (_, i) => `${i} 时`), type: ['出入境', '人口', '交警', '治安', '网警'], channel: ['网页', '公众号', '接口'],
    item: items.slice(0, 20).map((i) => i.name),
  }[by]
  const rows = names.map((label, i) => ({ label, ...split(Math.round(900 + 420 * Math.sin(i / 2.3) + 37 * (i % 5))) }))
  const sum = (k) => rows.reduce((n, r) => n + r[k], 0)
  return {
    totals: Object.fromEntries(['questions', 'solved', 'asked_back', 'handed_over', 'wrong', 'silent'].map((k) => [k, sum(k)])), rows,
    top: items.slice(0, 10).map((i, n) => ({ key: `item/${i.code}`, label: i.name, ...split(1400 - 110 * n) })),
    failed: items.slice(3, 9).map((i, n) => ({ key: `item/${i.code}`, label: i.name, ...split(600 - 80 * n) })),
    never_hit: items.slice(30, 50).map((i) => ({ key: `item/${i.code}`, title: i.name, type: i.police_type })),
    due: [{ key: 'item/CRJ-001', title: '首次申领普通护照', review: items[4].review, days: -10 }, { key: 'article/baojing-dianhua', title: articles[0].title, review: articles[0].review, days: 60 }],
    trips: { avoided: 8120, money: 406000, assumptions: { yuan_per_trip: 50, text: ['机器人解决的问题里，每答对一个要跑一次的事项算少跑一次', '每次跑动按 50 元计'] } },
  }
}

export const users = [
  { id: 'u1', name: 'admin', display: '管理员', roles: ['administrator'], disabled: false, second_factor: true, signed_in: ago(600_000) },
  { id: 'u2', name: 'chen', display: '陈晓', roles: ['editor'], disabled: false, second_factor: true, signed_in: ago(60_000) },
  { id: 'u3', name: 'zhou', display: '周敏', roles: ['reviewer'], disabled: false, second_factor: true, signed_in: ago(7200_000) },
  { id: 'u4', name: 'lin', display: '林班长', roles: ['supervisor', 'agent'], disabled: false, second_factor: false, locked_until: new Date(Date.now() + 900_000).toISOString() },
  { id: 'u5', name: 'wu', display: '吴审计', roles: ['auditor'], disabled: true, second_factor: true },
]
