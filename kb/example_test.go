package kb_test

import (
	"fmt"

	"shenwei/kb"
)

func ExampleParse() {
	item := kb.Document{Kind: kb.KindItem, ID: "CRJ-003", Body: `
code: CRJ-003
police_type: 出入境
name: 普通护照补发
aliases: []
audience: 个人
trips: 1
terminal: false
popular: true
fee: 120元/本
time_limit: 7个工作日
materials: [居民身份证]
group: 出入境
tags: []
sources: [目录]
`}
	k, err := kb.Parse([]kb.Document{item})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(k.Item("CRJ-003").Name, k.Item("CRJ-003").TripsLabel())

	item.Body += "colour: blue\n"
	_, err = kb.Parse([]kb.Document{item})
	fmt.Println(err)
	// Output:
	// 普通护照补发 一次跑动
	// items/crj/CRJ-003.yaml:16: field colour not found in type kb.Item
}
