package phrase

import (
	"regexp"
	"strings"
)

// strangers is from how many signs of matter on, none of which the source has, a sentence is a
// stranger where no two signs of it stand together in the source.
// strangeClause is the same of a part of a sentence, which may lean on the rest.
const (
	strangers     = 2
	strangeClause = 2
)

// anchored refuses sentences that take up nothing of the source. grounded allows for a few other words
// in a sentence; one that consists of nothing else (给您讲个笑话吧) is short enough to pass there.
func (s *Source) anchored(w *wording) error {
	covered := common.covered(w.runes)
	start, clause := 0, 0
	for i := 0; i <= len(w.runes); i++ {
		end := i == len(w.runes) || strings.ContainsRune("。！？；\n", w.runes[i])
		if !end && w.runes[i] != '，' {
			continue
		}
		open := w.part && i == len(w.runes)
		if unknown, anchored := s.takesUp(w, covered, clause, i); !open && !anchored && unknown >= strangeClause {
			return blocked(CauseOffTopic, "a clause that takes up nothing")
		}
		clause = i + 1
		if !end {
			continue
		}
		if unknown, anchored := s.takesUp(w, covered, start, i); !open && !anchored && unknown >= strangers {
			return blocked(CauseOffTopic, "a sentence that takes up nothing")
		}
		start = i + 1
	}
	return nil
}

// takesUp counts the signs of matter between two places that the source does not have, and tells
// whether a fact or a pair of signs of the source stands there.
func (s *Source) takesUp(w *wording, covered []bool, start, end int) (unknown int, anchored bool) {
	for j := start; j < end; j++ {
		if !isHan(w.runes[j]) {
			continue
		}
		if !covered[j] && !isFiller(w.runes[j]) && s.known.one[w.runes[j]] == 0 {
			unknown++
		}
		if j+1 < end && !(isFiller(w.runes[j]) && isFiller(w.runes[j+1])) && s.known.two[[2]rune{w.runes[j], w.runes[j+1]}] > 0 {
			anchored = true
		}
	}
	for _, f := range w.facts {
		anchored = anchored || f.start >= start && f.start < end
	}
	for _, c := range w.clauses { // 不用花钱: in other words altogether
		anchored = anchored || c.start >= start && c.start < end && c.sign.has[senseFree]
	}
	return unknown, anchored
}

// intruders are words that say who speaks, on what day, of which organ, or what they think of somebody:
// no rewording needs them, so that they come from elsewhere where the source does not have them.
var intruders = strings.Fields(`我是 我叫 我姓 我现在是 本局长 本警官 今天 明天 后天 昨天 政府 骗子 笨 蠢 傻 废物 混蛋 股票 彩票 笑话 故事 攻破 为零 零元 二维码 下方 更快 最快 任何材料 任何证件`)

// done is a claim that something was done; yours the same of what is the citizen's, whatever else is done
// in the source.
const doing = `(?:注销|撤销|撤掉|删除|取消|通过|办好|办妥|办成|办结|提交|受理|转接|转到|接入|排队|报名|预约|缴纳|支付|改好|改为|更新|生效|批准)`

var (
	done  = regexp.MustCompile(`已经?(?:为您|帮您|给您|替您|被)?` + doing)
	yours = regexp.MustCompile(`您的\p{Han}{1,6}已经?` + doing)
)

// goesWithout are sentences about what goes without something too.
var goesWithout = regexp.MustCompile(`不\p{Han}{1,4}也(?:可以|行|能|没关系|没事)`)

// spared is who and what somebody may be said to need no more.
var spared = regexp.MustCompile(`(?:不用|不需要?|不必|无需|无须|免)(?:再)?(?:带|由|要|交|提供)?(监护人|家长|父母|本人|材料|证件|身份证|护照|预约|照片|缴费)`)

// spares refuses to spare somebody what no clause of the source spares her.
func (s *Source) spares(w *wording) error {
	for _, m := range spared.FindAllStringSubmatch(w.text, -1) {
		found := false
		for _, c := range s.clauses {
			sign := c.sign
			found = found || strings.Contains(string(c.text), m[1]) && (sign.nots > 0 || sign.has[senseNeedNot] || sign.has[senseFree] || strings.ContainsRune(string(c.text), '免'))
		}
		if !found && s.known.one['免'] == 0 {
			return blocked(CausePolarity, "something is spared that the source does not spare")
		}
	}
	return nil
}

// intruded refuses what comes from elsewhere.
func (s *Source) intruded(w *wording) error {
	for _, word := range intruders {
		if strings.Contains(w.text, word) && !strings.Contains(s.text, word) {
			return blocked(CauseOffTopic, "a word from elsewhere")
		}
	}
	for _, claim := range done.FindAllString(w.text, -1) {
		if !strings.Contains(s.text, claim) && !strings.Contains(s.text, strings.Replace(claim, "已经", "已", 1)) {
			return blocked(CausePromise, "something is said to be done")
		}
	}
	for _, claim := range append(goesWithout.FindAllString(w.text, -1), yours.FindAllString(w.text, -1)...) {
		if !strings.Contains(s.text, claim) {
			return blocked(CauseOffTopic, "a claim from elsewhere")
		}
	}
	free, needless := said(w.clauses, senseFree)-said(s.clauses, senseFree), said(w.clauses, senseNeedNot)-said(s.clauses, senseNeedNot)
	if free > 0 || needless > said(s.clauses, senseNot) { // 不跑腿 may be said as 不必跑腿
		return blocked(CausePolarity, "more is free or needless than in the source")
	}
	if err := s.spares(w); err != nil {
		return err
	}
	return s.joined(w)
}

// said is in how many clauses a sense is said.
func said(all []clause, v sense) int {
	n := 0
	for _, c := range all {
		if c.sign.has[v] {
			n++
		}
	}
	return n
}

// joined refuses facts that follow one another without a sign between and do not in the source: one
// said twice, or two that changed places.
func (s *Source) joined(w *wording) error {
	pairs, leads := map[[2]string]bool{}, map[string]bool{}
	for i := 1; i < len(s.facts); i++ {
		if a, b := s.facts[i-1], s.facts[i]; a.end == b.start {
			pairs[[2]string{a.id(), b.id()}], leads[a.id()] = true, true
		}
	}
	for i := 1; i < len(w.facts); i++ {
		a, b := w.facts[i-1], w.facts[i]
		if a.end == b.start && a.locked() && b.locked() && (leads[a.id()] || a.id() == b.id()) && !pairs[[2]string{a.id(), b.id()}] {
			return blocked(CauseOrder, "two facts that do not belong together")
		}
	}
	return nil
}
