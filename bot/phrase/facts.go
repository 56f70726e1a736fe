package phrase

import (
	"regexp"
	"slices"
	"strings"
)

// kind is what a fact is. Facts of one kind keep their order, and what they belong to.
type kind string

const (
	kindLink    kind = "link"
	kindPhone   kind = "phone" // and every number without a unit
	kindMoney   kind = "money"
	kindLimit   kind = "limit" // spans of time
	kindAge     kind = "age"
	kindDate    kind = "date"
	kindClock   kind = "clock"
	kindOrdinal kind = "ordinal"
	kindMeasure kind = "measure"
	kindCount   kind = "count"
	kindSoon    kind = "soon"  // at once, the same day
	kindQuote   kind = "quote" // what stands in 《》 or 「」: titles, menus, programs
	kindItem    kind = "item"
	kindOrgan   kind = "organ"
	kindThing   kind = "thing" // papers and things: checked, not locked
	kindLatin   kind = "latin"
)

// fact is a piece of a text that a wording must not change.
type fact struct {
	kind kind
	// key is the same for two ways to write the same: 两年 and 2年.
	key        string
	start, end int // runes
	// soft facts may be added and left out: 一个, 一次.
	soft bool
}

// locked tells whether the model sees a slot in the place of the fact.
func (f fact) locked() bool {
	switch f.kind {
	case kindThing, kindSoon:
		return false
	case kindLatin:
		return strings.ContainsAny(f.key, "0123456789") // X1
	}
	return !f.soft
}

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

var (
	linkForm = regexp.MustCompile(`^(?i:https?://|www\.)[^\s，。；、！？（）()【】「」《》“”"'<>]+`)
	hostForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.(?:com|cn|net|org|gov|edu|info|top|xyz|vip|io|cc|me|app|hk|mo|tw)(?:/[^\s，。；、！？（）()【】「」《》“”"'<>]*)?`)
	mailForm = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+`)
	// A telephone: an area code with a number, a service number with hyphens, or a mobile in groups.
	phoneForm = regexp.MustCompile(`^(?:\+?86[- ]?)?(?:0\d{2,3}[- ]?\d{3,4}[- ]?\d{4}|[48]00[- ]?\d{3,4}[- ]?\d{3,4}|1[3-9]\d[- ]?\d{4}[- ]?\d{4})`)
	dateForm  = regexp.MustCompile(`^(?:(\d{2,4})年)?(\d{1,2})月(?:(\d{1,2})[日号])?`)
	clockForm = regexp.MustCompile(`^(\d{1,2})[:：](\d{2})`)
	numForm   = regexp.MustCompile(`^\d+(?:,\d{3})*(?:\.\d+)?`)
	listForm  = regexp.MustCompile(`^\s*(?:\d{1,2}[.、)）]|[-*·•]|[（(]\d{1,2}[)）])\s*`)
)

// reader finds the facts of a text, left to right.
type reader struct {
	text  []rune
	names *names
	out   []fact
	skip  []bool // covered by a word that holds a numeral and is no number
	// bare is the place of the last number without a unit, which takes the unit of the number that
	// it is the beginning of: 80至240元.
	bare int
}

// readFacts finds every fact of a text; names may be nil.
func readFacts(text []rune, n *names) []fact {
	r := &reader{text: text, names: n, skip: notNumbers.covered(text), bare: -1}
	for i := 0; i < len(text); {
		if i == 0 || text[i-1] == '\n' {
			if m := listForm.FindString(string(text[i:min(i+8, len(text))])); m != "" {
				i += len([]rune(m))
				continue
			}
		}
		n := r.at(i)
		i += max(n, 1)
	}
	settle(r.out)
	return r.out
}

// settle hardens soft counts beside another number of the same: 一次15元、两次30元.
func settle(facts []fact) {
	others := map[string]bool{}
	for _, f := range facts {
		if f.kind == kindCount && !f.soft {
			_, name, _ := strings.Cut(f.key, " ")
			others[name] = true
		}
	}
	for i, f := range facts {
		if _, name, _ := strings.Cut(f.key, " "); f.soft && others[name] {
			facts[i].soft = false
		}
	}
}

func (r *reader) add(k kind, key string, start, n int) int {
	r.out = append(r.out, fact{kind: k, key: key, start: start, end: start + n})
	return n
}

// at reads the fact that begins at i and returns its length, 0 for none.
func (r *reader) at(i int) int {
	c := r.text[i]
	switch {
	case isDigit(c) || isLatin(c) || c == '+':
		return r.written(i)
	case c == '第':
		if n := r.ordinal(i); n > 0 {
			return n
		}
	case isNumeral(c) && !r.skip[i]:
		if n := r.numeral(i); n > 0 {
			return n
		}
	case strings.ContainsRune("《「『“\"", c):
		if n := r.quoted(i); n > 0 {
			return n
		}
	}
	for _, first := range []string{"头一", "首次", "初次"} {
		if strings.HasPrefix(string(r.text[i:min(i+2, len(r.text))]), first) {
			return r.add(kindOrdinal, "1", i, 2)
		}
	}
	if class, n := soon.at(r.text, i); n > 0 {
		return r.add(kindSoon, class, i, n)
	}
	if r.names != nil {
		if e, n := r.names.at(r.text, i); n > 0 {
			return r.add(e.kind, e.id, i, n)
		}
	}
	return 0
}

// written reads digits and letters.
func (r *reader) written(i int) int {
	rest := string(r.text[i:min(i+200, len(r.text))])
	if isLatin(r.text[i]) || isDigit(r.text[i]) {
		if m := linkForm.FindString(rest); m != "" {
			return r.add(kindLink, linkKey(m), i, len([]rune(m)))
		}
		if m := mailForm.FindString(rest); m != "" {
			return r.add(kindLink, strings.ToLower(m), i, len([]rune(m)))
		}
		if m := hostForm.FindString(rest); m != "" {
			return r.add(kindLink, linkKey(m), i, len([]rune(m)))
		}
	}
	if isLatin(r.text[i]) {
		n := 1
		for i+n < len(r.text) && (isLatin(r.text[i+n]) || isDigit(r.text[i+n]) || strings.ContainsRune("+-_.", r.text[i+n]) && i+n+1 < len(r.text) && (isLatin(r.text[i+n+1]) || isDigit(r.text[i+n+1]))) {
			n++
		}
		return r.add(kindLatin, strings.ToLower(string(r.text[i:i+n])), i, n)
	}
	return r.number(i, rest)
}

// number reads what begins with a digit.
func (r *reader) number(i int, rest string) int {
	if m := phoneForm.FindString(rest); m != "" && !isDigit(at(r.text, i+len(m))) {
		return r.add(kindPhone, digitsOf(m), i, len(m))
	}
	if m := dateForm.FindStringSubmatch(rest); m != nil {
		return r.add(kindDate, m[1]+"/"+m[2]+"/"+m[3], i, len([]rune(m[0])))
	}
	if m := clockForm.FindStringSubmatch(rest); m != nil {
		return r.add(kindClock, decimal(m[1], 1)+":"+m[2], i, len([]rune(m[0])))
	}
	m := numForm.FindString(rest)
	if m == "" { // a plus sign alone
		return 0
	}
	scale, n := 1.0, len(m)
	if s, ok := scaleOf[at(r.text, i+n)]; ok && s >= 1000 {
		if u, _ := units.at(r.text, i+n); u.kind == "" { // 3万, but not 3万元
			scale, n = float64(s), n+1
		}
	}
	return r.measured(i, n, m, scale)
}

// numeral reads a number in Chinese signs. One sign alone is a number only with a unit.
func (r *reader) numeral(i int) int {
	n := 1
	for i+n < len(r.text) && isNumeral(r.text[i+n]) && !r.skip[i+n] {
		n++
	}
	for ; n > 0; n-- { // 一万元: the unit may begin with a numeral
		value, ok := numeralValue(r.text[i : i+n])
		if !ok {
			continue
		}
		if u, m := units.at(r.text, i+n); m > 0 && !r.skipAll(i+n, m) {
			_ = u
			return r.measured(i, n, value, 1)
		}
		if n > 1 {
			return r.measured(i, n, value, 1)
		}
	}
	before, after := at(r.text, i-1), at(r.text, i+1)
	if strings.ContainsRune("、和或至到", before) && strings.ContainsRune("、和或至到，。；", after) || before == '目' && at(r.text, i-2) == '科' {
		value, _ := numeralValue(r.text[i : i+1])
		return r.add(kindOrdinal, value, i, 1)
	}
	return 0
}

func (r *reader) skipAll(i, n int) bool {
	for j := i; j < i+n; j++ {
		if !r.skip[j] {
			return false
		}
	}
	return true
}

// measured reads the unit after a number of n runes.
func (r *reader) measured(i, n int, digits string, scale float64) int {
	gap := 0
	for at(r.text, i+n+gap) == ' ' {
		gap++
	}
	u, m := units.at(r.text, i+n+gap)
	if m == 0 {
		r.add(kindPhone, strings.ReplaceAll(digits, ",", "")+scaled(scale), i, n)
		r.bare = len(r.out) - 1
		return n
	}
	value := decimal(digits, scale*u.scale)
	f := fact{kind: u.kind, key: value + " " + u.name, start: i, end: i + n + gap + m}
	f.soft = u.kind == kindCount && value == "1" && !slices.Contains(classes, u.name)
	if b := r.bare; b >= 0 && b == len(r.out)-1 && joins(r.text[r.out[b].end:i]) {
		r.out[b].kind, r.out[b].key = u.kind, decimal(r.out[b].key, u.scale)+" "+u.name
	}
	r.bare = -1
	r.out = append(r.out, f)
	return n + gap + m
}

func scaled(scale float64) string {
	if scale == 1 {
		return ""
	}
	return "×" + decimal("1", scale)
}

// joins tells whether what stands between two numbers makes them one range or list.
func joins(between []rune) bool {
	switch strings.TrimSpace(string(between)) {
	case "至", "到", "-", "—", "~", "～", "或", "、", "–", "和":
		return true
	}
	return false
}

// ordinal reads 第三, 第六、第十, 第一、二类.
func (r *reader) ordinal(i int) int {
	n := 1
	for i+n < len(r.text) && (isNumeral(r.text[i+n]) && r.text[i+n] != '半' || isDigit(r.text[i+n])) {
		n++
	}
	if n == 1 || r.skip[i] {
		return 0
	}
	r.ordinalKey(i+1, i+n)
	r.out[len(r.out)-1].start = i
	for at(r.text, i+n) == '、' && isNumeral(at(r.text, i+n+1)) {
		start := i + n + 1
		n += 2
		for i+n < len(r.text) && isNumeral(r.text[i+n]) {
			n++
		}
		r.ordinalKey(start, i+n)
	}
	return n
}

func (r *reader) ordinalKey(start, end int) {
	key := string(r.text[start:end])
	if value, ok := numeralValue(r.text[start:end]); ok {
		key = value
	}
	r.add(kindOrdinal, key, start, end-start)
}

// quoted reads a title, a menu's name or a program's.
func (r *reader) quoted(i int) int {
	closing := map[rune]rune{'《': '》', '「': '」', '『': '』', '“': '”', '"': '"'}[r.text[i]]
	for j := i + 1; j < len(r.text) && j-i <= 40 && r.text[j] != '\n'; j++ {
		if r.text[j] == closing {
			if j-i < 3 {
				return 0
			}
			return r.add(kindQuote, strings.ToLower(string(r.text[i+1:j])), i, j-i+1)
		}
	}
	return 0
}

func at(text []rune, i int) rune {
	if i < 0 || i >= len(text) {
		return 0
	}
	return text[i]
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if isDigit(r) {
			return r
		}
		return -1
	}, s)
}

// linkKey is a link in one way of writing: the host in lower case, no trailing point, no tracking.
func linkKey(s string) string {
	s = strings.TrimRight(s, ".,")
	head, query, _ := strings.Cut(s, "?")
	scheme, rest, found := strings.Cut(head, "://")
	if !found {
		scheme, rest = "", head
	}
	host, path, slash := strings.Cut(rest, "/")
	key := strings.ToLower(host)
	if slash && path != "" {
		key += "/" + path
	}
	if scheme != "" {
		key = strings.ToLower(scheme) + "://" + key
	}
	var kept []string
	for _, p := range strings.Split(query, "&") {
		if p != "" && !strings.HasPrefix(strings.ToLower(p), "utm_") {
			kept = append(kept, p)
		}
	}
	if len(kept) > 0 {
		key += "?" + strings.Join(kept, "&")
	}
	return key
}
