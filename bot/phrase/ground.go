package phrase

import "strings"

// A wording may add politeness, never matter: what its sentences speak of is in the source.

// common are words that tell nothing about the matter; they are neither known nor unknown.
var common = wordSet(`多少钱 多少 上的来 照着 按着 打听 打听打听 瞧瞧 怎么写 记一下 看明白 跟您说 听我说 是这样 祝您 顺利 慢慢来 您好 请您 请问 放心 请放心 记得 注意 提醒 提醒您 建议 建议您 麻烦 方便 辛苦 稍等 耐心 慢慢 明白 理解 了解 一下 情况 的话 如果 假如 要是 因为 所以 但是 不过 另外 此外 还有 同时 然后 接着 最后 首先 其次 总之 也就是说
就是说 意思是 比如 例如 例如说 通常 一般 大概 大约 左右 大多 一共 总共 全部 整个 直接 顺便 尽量 尽快 尽早 及时 提前 事先 之后 以后 之前 以前 期间 时候 时间 当中 过程 方式 办法 途径 渠道 地方 这边 那边 这里 那里 这项 这个 那个 这些 那些 这样 那样
本人 自己 亲自 本身 家里 家人 大家 人员 人士 朋友 市民 办理 办好 办完 办成 申请 提交 准备 带上 带着 带好 携带 拿着 拿上 凭着 前往 过去 过来 到场 现场 线上 线下 网络 网上 手机上 在线 当面 材料 资料 手续 流程 步骤 事情 事项 业务 费用 收费 花费 价格 价钱
交钱 交费 缴费 支付 需要 不需要 不用 无需 可以 能够 必须 只要 只需 只能 才能 就能 就行 即可 符合 满足 条件 要求 规定 属于 对于 关于 根据 按照 以及 并且 而且 或者 还是 仍然 依然 已经 曾经 正在 将会 会在 开始 结束 完成 出来 下来 起来 拿到 收到 领到 取得 得到
看看 查看 查询 问问 咨询 询问 确认 核实 核对 联系 通知 告知 说明 具体 详细 相关 有关 对应 相应 合适 适合 准确 清楚 明确 为准 以为准 实际 公布 公告 显示 页面 办理页面 内容 信息 结果 原因 问题 帮助 服务 窗口 受理 审核 审批 批准 通过 同意
再来 再去 再次 重新 继续 不必 不要 别忘了 别忘 以免 免得 避免 否则 不然 担心 着急 安心 提示 小提示 温馨 即便 即使 哪怕 虽然 尽管 无论 不论 只有 除非 除了 包括 其中 其他 其它 任何 每个 每次 各个 分别 都是 就是 不是 没有 还没 有了 有的 可能 应该 应当 也许 属实`)

// The least share of a sentence's matter that the source has, and the longest run of signs that
// it does not have.
const (
	leastKnown  = 0.5
	mostUnknown = 5
	shortClause = 3
)

// grounded refuses sentences about something else.
func (s *Source) grounded(w *wording) error {
	covered := common.covered(w.runes)
	neutral := func(i int) bool { return covered[i] || isFiller(w.runes[i]) || !isHan(w.runes[i]) }
	start := 0
	for i := 0; i <= len(w.runes); i++ {
		if i < len(w.runes) && !strings.ContainsRune("。！？；\n", w.runes[i]) {
			continue
		}
		known, unknown, run := 0, 0, 0
		for j := start; j < i; j++ {
			switch {
			case isHan(w.runes[j]) && s.known.one[w.runes[j]] > 0 && !neutral(j):
				known, run = known+1, 0
			case neutral(j):
			default:
				unknown++
				if run++; run > mostUnknown {
					return blocked(CauseOffTopic, "a run of other words")
				}
			}
		}
		if n := known + unknown; unknown > shortClause && float64(known) < leastKnown*float64(n) {
			return blocked(CauseOffTopic, "a sentence about something else")
		}
		start = i + 1
	}
	return nil
}
