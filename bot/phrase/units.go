package phrase

import "strings"

// unit is what a number counts.
type unit struct {
	kind  kind
	name  string
	scale float64
}

var units = func() *words[unit] {
	w := newWords[unit]()
	add := func(k kind, name string, scale float64, list string) {
		for _, s := range strings.Fields(list) {
			w.add(s, unit{k, name, scale})
		}
	}
	add(kindMoney, "元", 1, "元 块 块钱 元钱 圆 人民币")
	add(kindMoney, "元", 0.1, "角 毛钱")
	add(kindMoney, "元", 10_000, "万元 万块 万块钱")
	add(kindMoney, "元", 1000, "千元")
	add(kindLimit, "工作日", 1, "个工作日 工作日 个工作天 工作天")
	add(kindLimit, "日", 1, "日 天 个自然日 自然日")
	add(kindLimit, "小时", 1, "小时 个小时 个钟头 钟头")
	add(kindLimit, "分钟", 1, "分钟")
	add(kindLimit, "秒", 1, "秒 秒钟")
	add(kindLimit, "月", 1, "个月 个多月")
	add(kindLimit, "年", 1, "年 周年 年期")
	add(kindLimit, "周", 1, "周 个星期 星期 个礼拜")
	add(kindAge, "周岁", 1, "周岁")
	add(kindAge, "岁", 1, "岁")
	add(kindClock, "点", 1, "点 点钟 时")
	add(kindMeasure, "米", 1, "米")
	add(kindMeasure, "米", 1000, "公里 千米 km")
	add(kindMeasure, "厘米", 1, "厘米 公分 cm")
	add(kindMeasure, "毫米", 1, "毫米 mm")
	add(kindMeasure, "平方米", 1, "平方米 平米")
	add(kindMeasure, "克", 1, "克")
	add(kindMeasure, "克", 1000, "公斤 千克 kg")
	add(kindMeasure, "克", 500, "斤")
	add(kindMeasure, "毫克", 1, "毫克 mg")
	add(kindMeasure, "吨", 1, "吨")
	add(kindMeasure, "升", 1, "升")
	add(kindMeasure, "%", 1, "% ％")
	for _, s := range strings.Fields("寸 座 度 折 倍 成 像素 千瓦 伏 瓦 毫升 吋") {
		add(kindMeasure, s, 1, s)
	}
	add(kindCount, "次", 1, "次 趟 遍 回")
	add(kindCount, "人", 1, "人 名 位 个人")
	for _, s := range strings.Fields("张 本 份 副 枚 套 件 个 种 项 条 步 家 口 级 类 科 楼 层 号 栋 台 辆 部 门 户 处 所 分 样 证 端 页 行 字 道 间 室 区 段 批 期 届 城 国 代 款 章 节 联 面 方 头 只 支 把 根 颗 片 格 点位 人次 车道 轮") {
		add(kindCount, s, 1, s)
	}
	return w
}()

// classes are units of which one is as much a fact as two: 一级.
var classes = []string{"级", "类", "科", "分", "证"}

// soon are words for a limit without a number.
var soon = func() *words[string] {
	w := newWords[string]()
	for class, list := range map[string]string{
		"instant": "当场 当时 即时 即刻 马上 立即 立刻 实时 立等可取 秒批 秒办",
		"day":     "当日 当天 同一天 次日 第二天",
		"anytime": "随时 全天 二十四小时",
	} {
		for _, s := range strings.Fields(list) {
			w.add(s, class)
		}
	}
	return w
}()
