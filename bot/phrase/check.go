package phrase

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"shenwei/internal/mask"
)

// The limits of a wording's length, as shares of the source's, and the signs that a short one
// may have beside.
const (
	leastLength = 0.4
	mostLength  = 1.5
	spareLength = 24
)

// Verify returns nil for a text that says what the source says: its facts, each belonging to
// what it belonged to, its yes and no, its names and nothing else. Otherwise a *Blocked.
func (s *Source) Verify(text string) error {
	w, err := s.read(text)
	if err != nil {
		return err
	}
	if w.empty() {
		return blocked(CauseEmpty, "no words")
	}
	for _, check := range []func(*wording) error{s.length, s.values, s.kept, s.lists, s.assigned, s.senses, s.denials, s.covers, s.grounded, s.anchored, s.intruded, s.promises} {
		if err := check(w); err != nil {
			return err
		}
	}
	return nil
}

// VerifyPart is Verify for the beginning of a text whose rest is not known yet: what may still
// come is not missed.
func (s *Source) VerifyPart(text string) error {
	w, err := s.read(text)
	if err != nil {
		return err
	}
	w.part = true
	for _, check := range []func(*wording) error{s.values, s.assigned, s.senses, s.denials, s.grounded, s.anchored, s.intruded, s.promises} {
		if err := check(w); err != nil {
			return err
		}
	}
	return nil
}

// wording is a text under examination.
type wording struct {
	text    string
	runes   []rune
	facts   []fact
	count   map[string]int
	clauses []clause
	part    bool
}

func (w *wording) empty() bool {
	return !slices.ContainsFunc(w.runes, isHan)
}

// read takes a text apart, unless it holds what no text may hold.
func (s *Source) read(text string) (*wording, error) {
	if !utf8.ValidString(text) {
		return nil, blocked(CauseMarkup, "bytes")
	}
	text, err := s.impersonal(text)
	if err != nil {
		return nil, err
	}
	if err := s.looks(text); err != nil {
		return nil, err
	}
	w := &wording{text: text, runes: plain(text), count: map[string]int{}}
	w.facts = readFacts(w.runes, s.names)
	for _, f := range w.facts {
		w.count[f.id()]++
	}
	w.clauses = readClauses(w.runes, w.facts)
	return w, nil
}

// titles may follow a name.
var titles = []string{"先生", "女士", "小姐", "同志", "老师", "师傅", "阿姨", "叔叔"}

// maxGreeting is how many bytes of a text may stand before the end of the citizen's name.
const maxGreeting = 48

// impersonal is a text without the substitute of the name by which it addresses the citizen at its
// beginning. It refuses any other one: of other data, elsewhere, or for nothing that she wrote.
func (s *Source) impersonal(text string) (string, error) {
	if end := strings.IndexByte(text, ']') + 1; s.own != nil && 0 < end && end <= maxGreeting {
		if greeting := s.own.Without(text[:end], mask.Name); greeting != text[:end] {
			rest := text[end:]
			for _, title := range titles {
				rest = strings.TrimPrefix(rest, title)
			}
			text = greeting + rest
		}
	}
	if !mask.NewMasker().Knows(text) {
		return "", blocked(CauseLeak, "a substitute of personal data")
	}
	return text, nil
}

// leaks are words of a machine about itself.
var leaks = strings.Fields(`⟦ ⟧ 系统提示 提示词 语言模型 大模型 人工智能 作为AI 作为ai 作为一个AI 作为助手 我是AI 指令 prompt Prompt PROMPT system assistant JSON json 改写后 改写如下 以下是改写 槽位 占位符 <think 思考过程 原文如下 根据原文 根据您提供的`)

// looks refuses markup, signs that cannot be seen, another language and talk about the task.
func (s *Source) looks(text string) error {
	for _, l := range leaks {
		if strings.Contains(text, l) && !strings.Contains(s.text, l) {
			return blocked(CauseLeak, "words about the task")
		}
	}
	for _, r := range text {
		switch {
		case isHan(r), r == '\n' || r == ' ' || r == '\u3000':
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || r == utf8.RuneError:
			return blocked(CauseMarkup, "a sign that cannot be seen")
		case unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) || r >= 0x1F000:
			return blocked(CauseMarkup, "a picture")
		case unicode.IsLetter(r):
			if !isLatin(plainRune(r)) {
				return blocked(CauseLanguage, "letters of another script")
			}
		}
	}
	for _, m := range []string{"<", ">", "](", "**", "__", "```", "`", "##", "|", "~~", "{", "}", "\\", "&#"} {
		if strings.Contains(text, m) && !strings.Contains(s.text, m) {
			return blocked(CauseMarkup, "markup")
		}
	}
	for key := range latinWords(plain(text)) {
		if !s.latin[key] && !strings.Contains(strings.ToLower(s.text), key) {
			return blocked(CauseLanguage, "a word in letters")
		}
	}
	return nil
}

func plainRune(r rune) rune { return plain(string(r))[0] }

// latinWords are the words in letters of a text, those of links included.
func latinWords(text []rune) map[string]bool {
	out := map[string]bool{}
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isLatin(text[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out[strings.ToLower(string(text[start:i]))] = true
			start = -1
		}
	}
	return out
}

func (s *Source) length(w *wording) error {
	n, of := len(w.runes), len(s.runes)
	if float64(n) < leastLength*float64(of) || float64(n) > max(mostLength*float64(of), float64(of+spareLength)) {
		return blocked(CauseLength, "%d signs for %d", n, of)
	}
	return nil
}

// numeric kinds are said exactly as often as in the source.
func numeric(k kind) bool {
	switch k {
	case kindLink, kindPhone, kindMoney, kindLimit, kindAge, kindDate, kindClock, kindOrdinal, kindMeasure, kindCount:
		return true
	}
	return false
}

// values refuses what the source does not have.
func (s *Source) values(w *wording) error {
	for _, f := range w.facts {
		id := f.id()
		switch {
		case f.kind == kindLatin:
			if f.locked() && w.count[id] > s.count[id] { // X1
				return blocked(CauseName, "%s", f.kind)
			}
		case numeric(f.kind) && f.soft:
			if s.contradicts(f) {
				return blocked(CauseValue, "%s", f.kind)
			}
		case numeric(f.kind):
			if w.count[id] > s.count[id] && !s.softly(f) {
				return blocked(CauseValue, "%s %s", f.kind, f.key)
			}
		case f.kind == kindSoon:
			if s.count[id] == 0 {
				return blocked(CauseValue, "%s", f.kind)
			}
		case f.kind == kindQuote:
			if s.count[id] == 0 {
				return blocked(CauseName, "%s", f.kind)
			}
		case !s.allowed[id]:
			return blocked(CauseName, "%s %s", f.kind, f.key)
		case w.count[id] > s.count[id]+maxTimes && s.count[id] > 0:
			return blocked(CauseName, "%s said too often", f.kind)
		}
	}
	return nil
}

// contradicts tells whether the source counts the same thing otherwise: 一张 where it says 两张.
func (s *Source) contradicts(f fact) bool {
	_, unit, _ := strings.Cut(f.key, " ")
	for _, g := range s.facts {
		if _, u, _ := strings.Cut(g.key, " "); g.kind == f.kind && u == unit && g.key != f.key {
			return true
		}
	}
	return false
}

// softly tells whether a count of one that is hard in one text was soft in the other.
func (s *Source) softly(f fact) bool {
	return f.kind == kindCount && strings.HasPrefix(f.key, "1 ") && s.count[f.id()] > 0 && !s.contradicts(f)
}

// kept refuses a text that lacks a fact of the source.
func (s *Source) kept(w *wording) error {
	for _, f := range s.facts {
		id := f.id()
		switch {
		case f.soft || f.kind == kindLatin && !f.locked() || f.kind == kindSoon && f.key == "anytime":
		case numeric(f.kind):
			if w.count[id] < s.count[id] {
				return blocked(CauseDropped, "%s", f.kind)
			}
		case w.count[id] == 0:
			return blocked(CauseDropped, "%s %s", f.kind, f.key)
		}
	}
	return s.traded(w)
}

// traded refuses a text that says one name less often than the source and another one more often:
// one stands in the place of the other.
func (s *Source) traded(w *wording) error {
	more, less := false, false
	for id, n := range w.count {
		more = more || isName(id) && n > s.count[id]
	}
	for id, n := range s.count {
		less = less || isName(id) && w.count[id] < n
	}
	if more && less {
		return blocked(CauseName, "one name for another")
	}
	return nil
}

// isName tells whether a fact's id is that of a name.
func isName(id string) bool {
	k, _, _ := strings.Cut(id, "|")
	return kind(k) == kindThing || kind(k) == kindOrgan || kind(k) == kindItem
}

func (s *Source) lists(w *wording) error {
	if n := countItems(w.text); n != s.items && (n > 0 || s.items > maxFolded) {
		return blocked(CauseList, "%d items for %d", n, s.items)
	}
	return nil
}

// maxFolded is how long a list may be that is told as plain sentences.
const maxFolded = 2

// riskyWords are requests and promises that only the source may make.
var riskyWords = strings.Fields(`保证 一定能 肯定能 肯定会 绝对 百分之百 百分百 包过 包办 包您 已为您 已经为您 已经帮您 帮您办 为您办理 替您办 代您 我会 我们会 我来帮 我帮您 我已 我们将 稍后为您 马上为您 承诺
必定 一定会 转账 汇款 打款 付款给 下载 扫码 扫描二维码 点击 加微信 添加微信 验证码 密码 银行卡号 银行卡 卡号 红包 押金 保证金 加急费 找人 关系户 熟人 中介 黄牛 优惠 打折 折扣 返现 补偿 赔偿 罚款 拘留 判刑 犯罪
投诉 举报 报警 退款 贷款 我们承诺 无条件 肯定可以 绝对可以 联系我 私信 本人微信 客服微信 点开 链接 关注 转发 抽奖 中奖`)

func (s *Source) promises(w *wording) error {
	for _, r := range riskyWords {
		if strings.Contains(w.text, r) && !strings.Contains(s.text, r) {
			return blocked(CausePromise, "a promise or request")
		}
	}
	for i := range w.runes {
		if _, n := elsewhere.at(w.runes, i); n > 0 {
			if place := string(w.runes[i : i+n]); !strings.Contains(s.text, place) {
				return blocked(CauseName, "another place")
			}
		}
	}
	return nil
}
