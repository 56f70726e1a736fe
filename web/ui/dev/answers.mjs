// Made-up replies in the server's shape, one for each card: for looking at the pages without a
// server (npm run dev:fake) and for the tests of the cards. Not knowledge; nothing here ships.

const rating = { type: 'rating', title: '这个回答有用吗？' }

export const crj007 = {
  code: 'CRJ-007', name: '往来港澳通行证换发', police_type: '出入境',
  summary: '可以换。网上随时能提交，周末也行；到现场换的，以网点周末开放安排为准。',
  facet: 'time', facet_name: '办理时限', facet_text: '一般7个工作日，从受理那天算起。\n- 网上申请：全天可提交，周末也收\n- 现场申请：周末是否开放，以预约页面为准',
  trips: '零跑腿', trips_note: '网上办限16周岁以上、深圳户籍且留过指纹的申请人；其他人需到场一次。',
  fee: '60元/张', time_limit: '一般7个工作日',
  materials: ['原往来港澳通行证', '居民身份证', '电子证件照和手写签名（网上申请时）'],
  links: [
    { kind: 'web', label: '去办理', url: '/go/CRJ-007' },
    { kind: 'tel', label: '拨打 12367', url: 'tel:12367' },
  ],
}

const steps = {
  type: 'steps', folded: true, sections: [
    { facet: 'condition', title: '办理条件', text: '通行证有效期不足，或者证件页用完，都可以换发。' },
    { facet: 'how', title: '办理流程', text: '1. 登录并刷脸\n2. 上传照片、手写签名\n3. 缴费\n4. 选择邮寄或自取' },
    { facet: 'place', title: '办理地点', text: '网上办不用去。要到现场的，先预约任意一个出入境办证大厅。' },
  ],
}

const item = {
  action: 'answer', item: 'CRJ-007', facet: 'time', text: '往来港澳通行证换发：可以换。费用60元/张，一般7个工作日。',
  sources: [{ kind: 'item', id: 'CRJ-007', revision: 7 }],
  blocks: [{ type: 'item', item: crj007 }, steps, rating],
}

const hotlineNumbers = [
  { label: '政务服务便民热线', number: '12345', hours: '全天', for: '办事咨询、投诉建议' },
  { label: '出入境服务热线', number: '12367', hours: '全天', for: '护照、通行证、签注、签证' },
]

const handoff = {
  action: 'handoff', text: '已为您转人工，受理编号 2211-0042，排第 3 位。可拨打 12345、12367。',
  blocks: [{
    type: 'hotline', title: '已为您登记转人工', text: '人工座席按顺序回复您，也可以直接打电话。刚才说过的情况已经带上，不用再说一遍。',
    numbers: hotlineNumbers, prepare: ['要办的事和证件名称', '受理编号', '户籍所在地和现住的区'],
    number: '2211-0042', position: 3,
  }],
}

const emergency = {
  action: 'emergency', text: '110 立即拨打\n有人持刀：先躲到安全的地方，再报警。',
  blocks: [{
    type: 'emergency', title: '有人持械，请马上报警', text: '这里不是报警平台，无法派警。请现在就打电话。',
    numbers: [
      { label: '报警电话', number: '110' }, { label: '急救', number: '120' },
      { label: '不方便说话时发短信', number: '12110' },
    ],
    advice: ['先躲进能反锁的房间，远离门窗', '不要下楼查看，不要和对方争执', '说清小区、楼栋和看到的情况', '有人受伤就拨 120'],
  }],
}

const choices = {
  action: 'clarify', text: '您的通行证是哪种情况？1 快到期或已过期 2 丢了 3 要加签注',
  options: [{ code: 'CRJ-007', label: '证件快到期，换一张新的' }],
  blocks: [{
    type: 'choices', text: '您说的是通行证的哪种情况？',
    options: [
      { code: 'CRJ-007', label: '证件快到期，换一张新的', hint: '卡面有效期不足或已过期' },
      { code: 'CRJ-008', label: '证件丢了、坏了，补一张', hint: '需要先挂失' },
      { code: 'CRJ-011', label: '证件没到期，要加签注', hint: '去香港或澳门的次数用完了' },
      { id: 'gangao-weekend', label: '只想知道周末开不开门' },
    ],
    extra: [{ label: '都不是', text: '都不是' }, { label: '转人工', text: '转人工' }],
  }],
}

const caution = {
  action: 'answer', item: '', article: 'fraud-calls', text: '96110 反诈。凡是让您转账到安全账户的都是诈骗。',
  ai_generated: true, sources: [{ kind: 'article', id: 'fraud-calls', revision: 2 }],
  blocks: [
    {
      type: 'caution', title: '如果已经转账，请马上打电话', text: '先打 110 止付，再说经过。越早越可能拦下。',
      links: [{ kind: 'tel', label: '110 报警', url: 'tel:110' }, { kind: 'tel', label: '96110 反诈', url: 'tel:96110' }],
    },
    { type: 'text', text: '公检法不会电话办案，更不会要您转账。\n\n接到这样的电话：\n- 挂断，不回拨对方给的号码\n- 不共享屏幕，不报验证码\n- 用 96110 核实' },
    rating,
  ],
}

const outlets = {
  action: 'answer', item: 'CRJ-007', text: '南山区可以去两处。',
  sources: [{ kind: 'item', id: 'CRJ-007', revision: 7 }],
  blocks: [
    { type: 'text', text: '南山区有两处可以去，去之前先预约。' },
    {
      type: 'outlets', title: '南山区可以去的地方', outlets: [
        { id: 'ns-1', name: '南山办证大厅（示例）', kind: '大厅', district: '南山区', address: '示例路 1 号', phone: '0755-0000 0001', hours: '周一至周五 9:00–12:00，14:00–18:00' },
        { id: 'ns-2', name: '粤海自助办证区（示例）', kind: '一体机', district: '南山区', address: '示例街 2 号一楼', hours: '24 小时', note: '只办签注和自助取证' },
      ],
    },
    rating,
  ],
}

const decline = {
  action: 'decline', text: '这件事不归公安办理。社保请问 12333。',
  blocks: [{ type: 'text', text: '社保卡不归公安办理，这里答不了。可以问人社热线 12333。' }],
}

const smalltalk = { action: 'smalltalk', text: '您好，请说要办什么事。', blocks: [{ type: 'text', text: '您好！请直接说要办什么事。' }] }

export const replies = { item, handoff, emergency, choices, caution, outlets, decline, smalltalk }

const rules = [
  [/人工|客服/, handoff],
  [/拿刀|持刀|救命|杀人/, emergency],
  [/诈骗|骗|转账/, caution],
  [/哪里|地址|南山/, outlets],
  [/社保/, decline],
  [/快到期|换发|CRJ-007|周末/, item],
  [/通行证|签注/, choices],
]

export function answer(text) {
  const rule = rules.find(([pattern]) => pattern.test(text))
  return rule ? rule[1] : smalltalk
}

export const popular = [
  ['CRJ-001', '普通护照首次申请', '出入境', 1], ['CRJ-007', '往来港澳通行证换发', '出入境', 0],
  ['CRJ-011', '往来港澳签注', '出入境', 0], ['RK-003', '居民身份证补领', '人口', 1],
  ['RK-021', '深圳经济特区居住证申领', '人口', 0], ['RK-040', '新生儿出生登记', '人口', 0],
  ['JJ-005', '驾驶证期满换证', '交警', 0], ['ZA-012', '无犯罪记录证明', '治安', 0],
].map(([code, name, police_type, trips]) => ({ code, name, police_type, trips, summary: '' }))

export const suggestions = [
  { text: '港澳通行证快到期了，周末能换吗', code: 'CRJ-007' },
  { text: '港澳通行证丢了怎么补', code: 'CRJ-008' },
  { text: '港澳通行证签注怎么办', code: 'CRJ-011' },
]
