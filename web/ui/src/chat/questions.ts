/** What people often want to know, in their own words; four are shown at a time. */
export const questions = [
  '港澳通行证快到期了，周末能换吗',
  '身份证丢了，人在外地怎么补',
  '小孩第一次办护照要带什么',
  '居住证到期了怎么续签',
  '驾驶证快到期了，网上能换吗',
  '去澳门的签注怎么办',
  '新生儿入户要什么材料',
  '无犯罪记录证明能网上开吗',
]

/** The same for readers of English. */
export const english = [
  'How do I renew my work residence permit?',
  'I lost my passport in Shenzhen',
  'Do I need to register where I stay?',
  'Police certificate for immigration',
  'Change my foreign driving licence',
  'Can I extend my visa?',
  'Apply for permanent residence',
  'Temporary driving permit',
]
