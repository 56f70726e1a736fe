package web_test

import "shenwei/kb"

func item(code, name, more string) kb.Document {
	return kb.Document{Kind: kb.KindItem, ID: code, Body: "code: " + code + "\nname: " + name + `
audience: 个人
trips: 0
terminal: true
group: 出入境
fee: 60元/张
time_limit: 7个工作日
sources: [事项目录]
` + more}
}

// testMatter leads to two items of testDocuments.
const testMatter = "通行证"

var testDocuments = []kb.Document{
	item("CRJ-007", "往来港澳通行证换发", `police_type: 出入境
popular: true
summary: 快到期就换，60元。<b>粗</b>
choice: 卡快到期
check:
  matter: 通行证
  when: [{ask: 卡还有效吗, is: [快到期]}]
  online: [{ask: 留过指纹吗, is: [留过], otherwise: [没有]}]
trips_note: 限深户
materials: [原通行证, 身份证]
facets:
  condition: |
    卡还没过期。
    第二段<script>alert(1)</script>
  how: |
    - 网上申请
    - 缴费
confusable:
  - {code: CRJ-011, question: "换卡还是签注？"}
asks: [通行证快到期]
english: {name: Permit renewal, text: Renew it.}
review: 2027-05-25
`),
	item("CRJ-011", "往来港澳签注", "police_type: 出入境\npopular: false\nmaterials: []\nchoice: 去香港\ncheck: {matter: 通行证, when: [{ask: 卡还有效吗, is: [有效, 刚办]}]}\n"),
	item("JJ-001", "驾驶证换证", "police_type: 交警\npopular: false\nmaterials: [驾驶证]\n"),
	{Kind: kb.KindArticle, ID: "baojing", Body: `---
id: baojing
title: 报警电话
category: 报警求助
kind: report
summary: 紧急拨打110。
phones: ['110']
related: [CRJ-007]
asks: [怎么报警]
sources: [公开口径]
legal_basis: [治安管理处罚法]
review: 2027-08-15
---
1. 先到安全处
2. 打 [110](tel:110)

看 [指南](/items/CRJ-007)，不要看 [坏的](javascript:alert(1))。<img src=x onerror=alert(1)>

| 号 | 用 |
|---|---|
| 110 | 报警 |
`},
	{Kind: kb.KindOutlet, ID: "all", Body: `outlets:
- {id: futian, name: 福田大厅, kind: 大厅, district: 福田区, lat: 22.54, lng: 114.05, serves: [出入境], places: [车公庙], sources: {position: 公告}}
- {id: nanshan, name: 南山大厅, kind: 大厅, district: 南山区, lat: 22.53, lng: 113.93, serves: [CRJ-007], sources: {position: 公告}, phone: '12345', address: 路, note: 注}
- {id: luohu, name: 罗湖大厅, kind: 大厅, district: 罗湖区, sources: {name: 公告}}
- {id: jiaojing, name: 车管所, kind: 大厅, district: 南山区, lat: 22.60, lng: 113.99, serves: [交警], sources: {position: 公告}}
`},
}

func testOutlets() []kb.Outlet {
	return []kb.Outlet{{ID: "futian", Name: "福田大厅", Kind: "大厅", District: "福田区", Phone: "12345"}}
}
