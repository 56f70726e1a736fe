package phrase

import (
	"strconv"
	"strings"
)

// Chinese numbers, as far as texts about services have them: 三, 两, 十二, 二十四, 一百二十, 三万, 半.

const numeralRunes = "零〇一二两三四五六七八九十百千万亿半"

func isNumeral(r rune) bool { return strings.ContainsRune(numeralRunes, r) }

var digitOf = map[rune]int64{
	'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
}

var scaleOf = map[rune]int64{'十': 10, '百': 100, '千': 1000, '万': 10_000, '亿': 100_000_000}

// numeralValue reads a run of numerals as a decimal; ok is false for none (十万八千里 is one, 半半 is not).
func numeralValue(run []rune) (value string, ok bool) {
	if len(run) == 1 && run[0] == '半' {
		return "0.5", true
	}
	var total, section, digit int64
	seen, scaled := false, false
	var plain strings.Builder // 一三八零: digits one after another
	for _, r := range run {
		if d, is := digitOf[r]; is {
			plain.WriteString(strconv.FormatInt(d, 10))
			digit, seen = d, true
			continue
		}
		scale, is := scaleOf[r]
		if !is {
			return "", false
		}
		scaled = true
		switch {
		case scale >= 10_000:
			total, section = (total+section+digit)*scale, 0
		case !seen:
			section += scale // 十二
		default:
			section += digit * scale
		}
		digit, seen = 0, false
	}
	if !scaled && plain.Len() > 1 {
		return plain.String(), true
	}
	return strconv.FormatInt(total+section+digit, 10), true
}

// decimal writes a number in one way: 1,500.0 and 1500 are the same.
func decimal(digits string, scale float64) string {
	digits = strings.ReplaceAll(digits, ",", "")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return digits
	}
	return strconv.FormatFloat(v*scale, 'f', -1, 64)
}

// notNumbers are words that hold a numeral and mean no number.
var notNumbers = wordSet(`一般 一起 一样 一定 一直 统一 唯一 万一 一切 一旦 一并 一律 一致 一边 一些 一点 一下 一会 一共 一概 一同 一向 一时 一早
一体机 一体 一次性 一窗 一站式 一网通 一卡通 一路 一件事 一经 一方 任一 逐一 某一 之一 同一 每一 一一 一手 一家人 一键 一侧 一来 一半 其一 一说 一看 一不 一眼 一趟趟 一份份
十分 千万 百姓 万能 万事 两岸 两者 两边 二手 二维码 三方 第三者 三轮 四轮 两轮 半挂 半夜 四川 三亚 三星 五一 双十一 七夕 六一 三者险 三无 九龙 三甲 九年制 万科 百货 百度 千里 三明 五金 八卦 六合 三角 四舍五入 五险一金
进一步 下一步 上一步 一步步 一次次 第一时间 一对一 一站 一码 一网 一证 三五 七八 两三 一两 三四 一二 再一次 四肢 五官 四周 三更 十堰 三峡 一把 一带 一头 一股 一向 一面 一堆 一套流程`)
