package mask

import (
	"strings"
	"unicode/utf8"
)

// Words that give a number near them a meaning. Lower case.
var (
	identityWords = []string{
		"身份证", "身份證", "身分证", "身分證", "身份号", "证号", "證號", "证件号", "證件號", "居住证", "居住證",
		"永居", "永久居留", "公民身份", "idcard", "id card", "id_card", "identity", "id no", "id_no", "id number", "sfz",
	}
	permanentWords = []string{"永居", "永久居留", "五星卡", "permanent resid", "green card"}
	phoneWords     = []string{
		"电话", "電話", "手机", "手機", "座机", "固话", "联系", "聯繫", "聯絡", "致电", "来电", "打给", "拨打", "传真",
		"号码", "號碼", "微信", "机主", "短信", "tel", "phone", "mobile", "cell", "call", "fax", "whatsapp", "contact",
	}
	cardWords = []string{
		"银行", "銀行", "卡号", "卡號", "账号", "帐号", "賬號", "账户", "帐户", "储蓄卡", "信用卡", "借记卡", "收款", "打款",
		"转账", "轉賬", "汇款", "工行", "农行", "中行", "建行", "交行", "招行", "bank", "card no", "card num", "credit card",
	}
	permitWords   = []string{"通行证", "通行證", "港澳证", "签注", "回乡证", "回鄉證", "回乡卡", "证件", "證件", "permit"}
	passportWords = []string{"护照", "護照", "passport"}
	taiwanWords   = []string{"台胞证", "台胞證", "臺胞證", "台湾居民", "台灣居民", "臺灣居民", "taiwan compatriot"}
)

// Words that, right before a number, say that it is a reference or a quantity.
var (
	referenceWords = []string{
		"单号", "單號", "编号", "編號", "案号", "流水号", "受理号", "回执号", "文号", "批号", "型号", "序列号", "设备号", "序号",
		"业务号", "申请号", "票号", "房号", "代码", "编码", "条码", "时间戳", "金额", "余额", "数量", "合计", "共计", "总计", "总额",
		"人民币", "耗时", "用时", "版本", "端口", "¥", "￥", "$", "€", "£",
	}
	referenceKeys = map[string]bool{
		"order": true, "seq": true, "took": true, "duration": true, "elapsed": true, "latency": true, "time": true,
		"timestamp": true, "ts": true, "bytes": true, "size": true, "offset": true, "length": true, "len": true,
		"count": true, "total": true, "amount": true, "sum": true, "price": true, "port": true, "pid": true,
		"revision": true, "release": true, "version": true, "trace": true, "span": true, "ns": true, "us": true,
		"ms": true, "rmb": true, "cny": true, "hkd": true, "usd": true, "orderid": true, "order_id": true,
		"trace_id": true, "span_id": true, "serial": true, "sku": true,
	}
	// personalKeys are the query parameters whose values are masked even inside an address.
	personalKeys = map[string]bool{
		"phone": true, "mobile": true, "tel": true, "idcard": true, "id_card": true, "idno": true, "id_no": true,
		"sfz": true, "sfzh": true, "passport": true, "card": true, "cardno": true, "card_no": true, "zjhm": true, "sjhm": true,
	}
	units = []string{
		"元", "块", "圆", "万元", "亿元", "亿", "美元", "美金", "港币", "港元", "人民币", "毫秒", "微秒", "纳秒", "字节", "人次", "%", "％",
	}
	unitWords = map[string]bool{
		"ns": true, "us": true, "ms": true, "kb": true, "mb": true, "gb": true, "bytes": true, "rmb": true, "cny": true,
		"usd": true, "hkd": true, "yuan": true, "times": true,
	}
)

// How far a word reaches, in bytes: some 20 Chinese characters before the number, 10 behind it.
const (
	reachBefore = 60
	reachAfter  = 30
)

// near reports whether one of the words stands around f.s[start:end].
func (f *finder) near(words []string, start, end int) bool {
	before := strings.ToLower(f.s[max(0, start-reachBefore):start])
	after := strings.ToLower(f.s[end:min(len(f.s), end+reachAfter)])
	for _, w := range words {
		if strings.Contains(before, w) || strings.Contains(after, w) {
			return true
		}
	}
	return false
}

// follows reports whether one of the words stands right before start, with nothing between
// them but «号码», «是» and marks.
func (f *finder) follows(words []string, start int) bool {
	before := strings.ToLower(f.before(start))
	for _, tail := range [...]string{"", "号码", "號碼", "号", "號", "no", "number"} {
		rest, ok := strings.CutSuffix(before, tail)
		if !ok {
			continue
		}
		rest = strings.TrimRight(rest, " _")
		for _, w := range words {
			if strings.HasSuffix(rest, w) {
				return true
			}
		}
	}
	return false
}

// before returns the text before start without the marks and copulas that end it.
func (f *finder) before(start int) string {
	const far = 60
	return strings.TrimRightFunc(f.s[max(0, start-far):start], func(r rune) bool {
		return strings.ContainsRune(" \t\r\n\u3000:：=#\"'`“‘「『(（[【<《|*_-+＋,，是为為.", r)
	})
}

// isReference reports whether the words right before start call the number a reference or a
// quantity.
func (f *finder) isReference(start int) bool {
	before := f.before(start)
	for _, w := range referenceWords {
		if strings.HasSuffix(before, w) {
			return true
		}
	}
	gap := f.s[max(0, start-60):start]
	gap = gap[strings.LastIndexFunc(gap, func(r rune) bool { return r < utf8.RuneSelf && isASCIILetter(byte(r)) })+1:]
	key := lastKey(before)
	if key == "" || !strings.ContainsAny(gap, "=:") { // «any time 138…» is no key
		return false
	}
	return referenceKeys[key] || referenceKeys[key[strings.LastIndexByte(key, '_')+1:]]
}

// keyed reports whether the number is the value of a query parameter that is named after
// personal data.
func (f *finder) keyed(start int) bool {
	before, ok := strings.CutSuffix(f.s[:start], "=")
	return ok && personalKeys[lastKey(before)]
}

// lastKey returns the ASCII identifier that s ends in, in lower case.
func lastKey(s string) string {
	i := len(s)
	for i > 0 && (isASCIILetter(s[i-1]) || s[i-1] == '_') {
		i--
	}
	return strings.ToLower(s[i:])
}

func isASCIILetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// isAmount reports whether the number is followed by a unit, or preceded by a currency sign.
func (f *finder) isAmount(start, end int) bool {
	if r, _ := utf8.DecodeLastRuneInString(f.s[:start]); strings.ContainsRune("¥￥$€£", r) {
		return true
	}
	after := strings.TrimLeft(f.s[end:min(len(f.s), end+reachAfter)], " ")
	for _, u := range units {
		if strings.HasPrefix(after, u) {
			return !strings.HasPrefix(after, "元旦")
		}
	}
	i := 0
	for i < len(after) && isASCIILetter(after[i]) {
		i++
	}
	return i > 0 && unitWords[strings.ToLower(after[:i])]
}

// isDecimal reports whether the number is a piece of a decimal fraction. «1.13800138000» at the
// head of a line is the first entry of a list.
func (f *finder) isDecimal(n number) bool {
	if end := n.end; end+1 < len(f.s) && f.s[end] == '.' && '0' <= f.s[end+1] && f.s[end+1] <= '9' {
		return true
	}
	if n.g == 0 || n.start < 2 || f.s[n.start-1] != '.' {
		return false
	}
	prev := f.groups[n.g-1]
	head, last := f.digits[prev.from], f.digits[prev.to-1]
	if last.end != n.start-1 {
		return false
	}
	entry := prev.to-prev.from <= 2 && head.value != '0'
	if r, _ := utf8.DecodeLastRuneInString(f.s[:head.start]); entry && head.start > 0 {
		entry = r == ' ' || r == '\n' || r > 0x2E80
	}
	return !entry
}

// inCode reports whether the digits are a piece of an opaque code: a hash, an ULID, a UUID.
func (f *finder) inCode(start, end int) bool {
	const far = 64
	from, to := start, end
	for from > max(0, start-far) && isCodeByte(f.s[from-1]) {
		from--
	}
	for to < min(len(f.s), end+far) && isCodeByte(f.s[to]) {
		to++
	}
	if isUUID(f.s[from:to]) {
		return true
	}
	letters, changes := 0, 0
	for i := from; i < to; i++ {
		if f.s[i] == '-' {
			continue
		}
		if isASCIILetter(f.s[i]) {
			letters++
		}
		if i > from && f.s[i-1] != '-' && isASCIILetter(f.s[i]) != isASCIILetter(f.s[i-1]) {
			changes++
		}
	}
	return letters >= 4 && changes >= 4
}

func isCodeByte(b byte) bool { return isASCIILetter(b) || ('0' <= b && b <= '9') || b == '-' }

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if (s[i] == '-') != (i == 8 || i == 13 || i == 18 || i == 23) {
			return false
		}
	}
	return true
}

// hyphened reports whether a code goes on with a hyphen on either side.
func (f *finder) hyphened(start, end int) bool {
	left := start >= 2 && f.s[start-1] == '-' && f.s[start-2] < utf8.RuneSelf && isCodeByte(f.s[start-2])
	right := end+1 < len(f.s) && f.s[end] == '-' && f.s[end+1] < utf8.RuneSelf && isCodeByte(f.s[end+1])
	return left || right
}
