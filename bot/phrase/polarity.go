package phrase

import "strings"

// sense is a thing that a clause says of what it speaks about: that it is not so, that it must
// or may be, that only this counts.
type sense uint8

const (
	senseNone sense = iota // consumed: 是不是, 特别
	senseNot
	senseMust
	senseMay
	senseOnly
	senseExcept
	senseFree // of charge
	senseMost // at most, less than
	senseLeast
	senseBefore
	senseAfter
	senseOr
	senseBanned // must not
	senseNeedNot
	senseCannot
	senseAnd
	senses
)

var senseWords = func() *words[sense] {
	w := newWords[sense]()
	add := func(s sense, list string) {
		for _, x := range strings.Fields(list) {
			w.add(x, s)
		}
	}
	add(senseNeedNot, `无需 无须 不需要 不需 不用 不必 不须 用不着 不要求 毋须 毋需 免交 免带 免于 免去 免考 免试 不强制 没必要 没有必要 省去 不要再`)
	add(senseBanned, `禁止 严禁 不得 不准 不许 不允许 不可以 不可 不要 别 勿 请勿 切勿 千万别 千万不要 不应 不应当 不该 禁放 禁行 禁燃 禁 不予 不宜 不准许`)
	add(senseCannot, `不能 无法 不能够 没法 没办法 办不了 不行 不支持 不受理 用不了 不了 不到`)
	add(senseMust, `必须 务必 须 需 需要 应 应当 要 得 一定要 应该 必需 务请 需由`)
	add(senseMay, `可以 可 能 能够 允许 准许 均可 即可 可直接 都行 也行 就行`)
	add(senseOnly, `仅 只 仅限 只限 限 只能 只有 唯一 专用 专门 只准 仅供 单单 才 才能 才可 才可以 才会 不面向`)
	add(senseExcept, `除外 之外 以外 除 除了 除非 不包括 不含 不包含 例外 不适用`)
	add(senseFree, `免费 不收费 不收钱 不要钱 不花钱 免收 不收 零费用 不用交钱 不用花钱 无需缴费 无需付费 不需要交钱 不用交费 不需交费 不收取费用 不收取任何费用 不收任何费用 没有费用 无需交费 不产生费用 不用付钱 不另收费 是免的 免工本费 免证件费 不收工本费 不用付费 不用缴费 无需费用 不交钱 不必交钱 不必花钱 分文不收 不用掏钱 一分钱不收`)
	add(senseMost, `还没到 不超 不超过 不多于 不大于 最多 至多 最长 最迟 最晚 以内 之内 以下 不足 未满 不满 不到 没满 没到 少于 低于 小于 内 还没满`)
	add(senseLeast, `超过 超 满 至少 最少 不少于 多于 高于 以上 起 大于 不低于 达到 足 超出`)
	add(senseBefore, `之前 以前 前`)
	add(senseAfter, `之后 以后 后`)
	add(senseAnd, `和 及 与 以及 并 并且 且 而且 同时`)
	add(senseOr, `或 或者 任一 任意 任选`)
	add(senseNot, `不算 不 未 没 没有 无 非 尚未 还没 并非 不是 不会 绝非 从未 不再 没能`)
	add(senseNone, `不限 不多 不长 不对 不高 不远 不够 不一定 对不上 对不齐 没了 不齐全 不完整 不熟 不会用 不大 不小 不难 不明显 不完 用不完 非要 不可的 趁还没 与否 参与 涉及 及时 及格 以及时 并非不 合并 共和国 中华人民共和国 不但 不仅 不管 不论 无论 不同 不少 不久 不妨 差不多 要不要 是不是 能不能 可不可以 有没有 需不需要 办不办 会不会 行不行 要不 不然 要不然 否则 是否 能否 可否
不用担心 别担心 不必担心 别着急 不用着急 不着急 不要着急 别急 不急 不要紧 没关系 没事 不客气 非常 非药品类 未成年 未成年人 无证 无车 无车证明 不动产 不动产权证 免签 免冠 免签期 非深户 特别 类别
级别 区别 别人 别的 个别 识别 分别 辨别 告别 性别 别处 别名 别墅 不明 不清 不清楚 不明白 不确定 不知道 不良 不便 不方便 无线 无人机 未婚 未来 无犯罪 无犯罪记录 没收 非机动车 非法 非紧急 非营业性 非本地 不幸
可能 功能 智能 技能 能力 性能 职能 许可 许可证 认可 可靠 只是 只好 不只 应届 应用 对应 响应 反应 供应 应急 相应 适应 应邀 主要 重要 要点 要是 要件 要素 需求 得到 取得 获得 觉得 记得 只要 只需 只需要 才知道 刚才 人才
内地 国内 室内 内容 境内 市内 区内 户内 内部 起来 一起 对不起 起诉 起点 起草 起租 发起 引起 前往 前夫 前妻 目前 前后 面前 以前的 先生 首先 后果 然后再 最后 今后 前面 后面 背后 售后 事后 再见 再婚 再生 不断 不服 不符 不符合
满意 满分 充满 满分教育 满足 超市 超重 超速 超车 超标 足够 足球 不足之处 或许 限速 限行 权限 期限 年限 时限 界限 额度 限制 有限 无限 有限公司 最长的 足迹 要求 需求 不止 要么 除夕 解除 排除 删除 扣除 清除 消除 撤除 拆除 免除
可疑 可见 可惜 不可抗力 无效 有效 非户籍 提前还 先后 优先 领先 先进 另外的 之内的 先行 后续 随前 前科 前置 前提 没完 不动 无名 无主 无关 无误 不实 不法 不孕 非正常 非诉 未遂 不起诉 没收 不详 无障碍 无力 无业 无偿 不当 不料 不慎 不小心 不见 不见了 找不到 找不着 要钱 会不 不一 不一致 不一样 不全 不齐 不通 不过 想要 还要 需 得了 得上`)
	// 需 is a duty after all; it stands in the list above only as part of longer words.
	w.add("需", senseMust)
	return w
}()

// whether is the length of what asks whether (认不认, 有没有, 可不可以), 0 for anything else.
func whether(text []rune, i int) int {
	if i+2 < len(text) && (text[i+1] == '不' || text[i+1] == '没') && text[i] == text[i+2] && isHan(text[i]) {
		return 3
	}
	return 0
}

// sign is what a clause says of its matter, as flags and counts.
type sign struct {
	has  [senses]bool
	of   [senses]int
	nots int
	// denied is what each negation denies; being free of charge is counted apart.
	denied []map[rune]bool
}

// after are signs that make 不 deny what stands before it: 换不了, 约不上.
const after = "了上成到得出起下动着"

// denies is how many signs of matter a negation speaks of.
const denies = 3

// noAt reads what a negation of n signs at i of a clause denies.
func noAt(text []rune, i, n int) map[rune]bool {
	scope := map[rune]bool{}
	forward := func(j, most int) {
		for ; j < len(text) && len(scope) < most && text[j] != '、'; j++ {
			if isHan(text[j]) && !isFiller(text[j]) {
				scope[text[j]] = true
			}
		}
	}
	back := func(most int) {
		for j := i - 1; j >= 0 && len(scope) < most && text[j] != '、'; j-- {
			if isHan(text[j]) && !isFiller(text[j]) {
				scope[text[j]] = true
			}
		}
	}
	if text[i] == '不' && (n == 2 || i+1 < len(text)) && strings.ContainsRune(after, at(text, i+1)) {
		back(denies)
		return scope
	}
	forward(i+n, denies)
	if len(scope) == 0 {
		back(denies)
	}
	return scope
}

// readSign reads the senses of a clause; names hold none (无犯罪记录证明).
func readSign(text []rune, facts []fact, start, end int) sign {
	var s sign
	inName := func(i int) bool {
		for _, f := range facts {
			if i >= f.start && i < f.end && (f.kind == kindItem || f.kind == kindOrgan || f.kind == kindThing || f.kind == kindQuote) {
				return true
			}
		}
		return false
	}
	clause := text[start:end]
	for i := 0; i < len(clause); {
		if inName(start + i) {
			i++
			continue
		}
		if n := whether(clause, i); n > 0 { // 认不认, 可不可以: a question denies nothing
			i += n
			continue
		}
		v, n := senseWords.at(clause, i)
		if n == 0 {
			i++
			continue
		}
		s.has[v] = true
		s.of[v]++
		switch v {
		case senseNot, senseBanned, senseCannot, senseNeedNot:
			s.nots++
			s.denied = append(s.denied, noAt(clause, i, n))
		case senseFree, senseExcept:
			s.nots++
		}
		i += n
	}
	return s
}
