package phrase

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a model may do to an answer: change, drop, add or swap a number, a fee, a telephone, a link,
// a no, a name. The mutations know nothing of how texts are checked: they are made with patterns of
// their own on the published words.

// mutationSeed is printed, so that a failure can be seen again.
const mutationSeed = 20261123

// mutant is a changed text with what was done to it.
type mutant struct{ what, text string }

var (
	digitRun  = regexp.MustCompile(`\d+(?:\.\d+)?`)
	lineStart = regexp.MustCompile(`(?m)^\s*\d{1,2}[.、)）]`)
	hanNumber = regexp.MustCompile(`[二两三四五六七八九十][十百]?[二三四五六七八九]?(?:个月|个工作日|年|次|天|日|张|份|本|岁|周岁|分|人|级|类|副|个小时)`)
	withUnit  = regexp.MustCompile(`\d+(?:\.\d+)?(?:个工作日|工作日|个月|周岁|小时|分钟|万元|元|日|天|年|岁|米|分|次)`)
	phoneRun  = regexp.MustCompile(`0\d{2,3}-\d{7,8}|\b1\d{10}\b|\b(?:110|119|120|122|12110|12345|12367|12123|12389|12348|12393|96110|12356)\b`)
	linkRun   = regexp.MustCompile(`https?://[^\s，。；（）]+`)
)

// places are where a pattern matches, except for the numbers of lists.
func places(re *regexp.Regexp, text string) [][]int {
	lists := lineStart.FindAllStringIndex(text, -1)
	var out [][]int
	for _, m := range re.FindAllStringIndex(text, -1) {
		inList := false
		for _, l := range lists {
			inList = inList || m[0] >= l[0] && m[0] < l[1]
		}
		if !inList {
			out = append(out, m)
		}
	}
	return out
}

func put(text string, at []int, in string) string { return text[:at[0]] + in + text[at[1]:] }

func pickOne[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

var officialNumbers = []string{"110", "119", "120", "122", "12345", "12367", "12389", "12348", "96110", "0755-84465000", "0755-83333333", "13800138000"}

// numberMutants change one number, fee, telephone or link of a text.
func numberMutants(r *rand.Rand, text string) []mutant {
	var out []mutant
	add := func(what, mutated string) {
		if mutated != text {
			out = append(out, mutant{what, mutated})
		}
	}
	all := places(digitRun, text)
	for _, m := range all {
		digits := text[m[0]:m[1]]
		i := r.IntN(len(digits))
		for digits[i] == '.' {
			i = r.IntN(len(digits))
		}
		d := '0' + (digits[i]-'0'+byte(1+r.IntN(9)))%10
		if i == 0 && d == '0' {
			d = '9'
			if digits[0] == '9' {
				d = '8'
			}
		}
		add("a digit changed", put(text, m, digits[:i]+string(rune(d))+digits[i+1:]))
		add("a digit added", put(text, m, digits+string(rune('1'+r.IntN(9)))))
		if len(digits) > 1 {
			add("a digit dropped", put(text, m, digits[:len(digits)-1]))
		}
		add("a number in other signs", put(text, m, pickOne(r, []string{"三十七", "一千零九", "两百八十", "9999", "３３"})))
		if len(all) > 1 {
			if o := pickOne(r, all); text[o[0]:o[1]] != digits {
				add("a number in the place of another", put(text, m, text[o[0]:o[1]]))
				a, b := m, o
				if a[0] > b[0] {
					a, b = b, a
				}
				add("two numbers swapped", text[:a[0]]+text[b[0]:b[1]]+text[a[1]:b[0]]+text[a[0]:a[1]]+text[b[1]:])
			}
		}
	}
	for _, m := range places(withUnit, text) {
		whole := text[m[0]:m[1]]
		digits := digitRun.FindString(whole)
		unit := strings.TrimPrefix(whole, digits)
		other := map[string]string{
			"个工作日": "日", "工作日": "个月", "个月": "年", "周岁": "个月", "小时": "分钟", "分钟": "小时", "万元": "元", "元": "万元", "日": "个工作日",
			"天": "个工作日", "年": "个月", "岁": "年", "米": "公里", "分": "元", "次": "年",
		}[unit]
		add("another unit", put(text, m, digits+other))
		add("a fact dropped", put(text, m, ""))
	}
	for _, m := range places(hanNumber, text) {
		signs := []rune(text[m[0]:m[1]])
		signs[0] = pickOne(r, []rune("二三四五六七八九"))
		if mutated := string(signs); mutated != text[m[0]:m[1]] && !(strings.HasPrefix(mutated, "二") && strings.HasPrefix(text[m[0]:m[1]], "两")) {
			add("a Chinese number changed", put(text, m, mutated))
		}
	}
	for _, m := range places(phoneRun, text) {
		if o := pickOne(r, officialNumbers); o != text[m[0]:m[1]] {
			add("another telephone", put(text, m, o))
		}
		add("a telephone dropped", put(text, m, ""))
	}
	for _, m := range linkRun.FindAllStringIndex(text, -1) {
		link := text[m[0]:m[1]]
		add("another host", put(text, m, strings.Replace(link, ".gov.cn", pickOne(r, []string{".gov-cn.com", ".com", ".cn", "cn.top"}), 1)))
		add("another path", put(text, m, link+pickOne(r, []string{"/x", "1", "?a=1"})))
		add("no https", put(text, m, strings.Replace(link, "https", "http", 1)))
		add("a link dropped", put(text, m, ""))
	}
	end := strings.LastIndexAny(text, "。；")
	if end < 0 {
		end = len(text)
	}
	for what, more := range map[string]string{
		"a fee added": fmt.Sprintf("，另收%d元", 5+r.IntN(900)), "a limit added": fmt.Sprintf("，一般%d天", 1+r.IntN(28)),
		"a telephone added": "，可打" + pickOne(r, []string{"0755-12345678", "400-820-8820", "13912345678", "95588"}),
		"a link added":      "，详见" + pickOne(r, []string{"https://sz.gov-cn.com/a", "www.banzheng.com", "t.cn/abc", "http://10.0.0.1/x"}),
	} {
		add(what, text[:end]+more+text[end:])
	}
	return out
}

// turns are a no and a yes, a must and a may, and what limits them.
var turns = []struct{ from, to string }{
	{"不收费", "收费"}, {"不收费", "要收费"}, {"免费", "收费"}, {"不用", "要"}, {"不需要", "需要"}, {"无需", "需"}, {"不能", "能"}, {"不能", "可以"}, {"不可", "可"}, {"不得", "可以"},
	{"不得", "得"}, {"不予", "予以"}, {"不受理", "受理"}, {"禁止", "允许"}, {"严禁", "允许"}, {"不准", "准"}, {"未满", "已满"}, {"不足", "足"}, {"未", "已"}, {"没有", "有"}, {"没", "已"},
	{"不要", "要"}, {"别", "要"}, {"只能", "还能"}, {"只有", "除了"}, {"仅限", "不限"}, {"只限", "不限"}, {"除外", "在内"}, {"除外", "也一样"}, {"必须", "不必"}, {"必须", "可以"}, {"须", "不须"},
	{"可以", "不可以"}, {"可以", "必须"}, {"可在", "不可在"}, {"能在", "不能在"}, {"需要", "不需要"}, {"能", "不能"}, {"要", "不要"}, {"可", "不可"}, {"以上", "以下"}, {"以内", "以外"},
	{"不超过", "超过"}, {"不超", "超"}, {"至少", "最多"}, {"最多", "至少"}, {"之前", "之后"}, {"有效", "无效"}, {"或", "和"}, {"先", "不必先"}, {"本人", "不必本人"}, {"都", "都不"},
}

// idioms hold a sign that is no yes or no there: changing it makes no sense of any kind.
var idioms = regexp.MustCompile(`特别|别处|个别|别家|要紧|区别|类别|级别|分别|识别|别人|别的|性别|辨别|别墅|许可|认可|可能|功能|能力|智能|性能|节能|可靠|可疑|要求|重要|主要|需求|要点|要件|要素|优先|先生|先后|首先|成都|都市|首都|或者|只要|只需|未成年|未婚|未来|没收|沉没|要么|要是|或许|能源|可见|只是|不同|不但|不仅|不过|不论|不管|不动产|不明|不清|不便|不良|不少|不久|不然|不妨|差不多|是不是|能不能|要不要|有没有|可不可以|不要紧|不一定|必要|需要时|能否|可否|未必|有效期|有效身份|有效证件|都不|也不|才能|还要|就要|不须|不必`)

// senseMutants turn one yes, no, must, may or limit around.
func senseMutants(text string) []mutant {
	var out []mutant
	skip := idioms.FindAllStringIndex(text, -1)
	for _, t := range turns {
		for from := 0; ; {
			i := strings.Index(text[from:], t.from)
			if i < 0 {
				break
			}
			i += from
			from = i + len(t.from)
			if inAny(skip, i) || asks(text, i, from) || i >= 3 && strings.ContainsAny(text[i-3:i], "不无没未非免只") {
				continue
			}
			if t.from == "要" || t.from == "能" || t.from == "可" || t.from == "都" || t.from == "未" || t.from == "没" || t.from == "须" || t.from == "别" || t.from == "先" || t.from == "或" {
				if longer(text[i:]) {
					continue
				}
			}
			out = append(out, mutant{t.from + "→" + t.to, text[:i] + t.to + text[from:]})
		}
	}
	return out
}

// asks tells whether a no stands in a question whether (批没批, 收不收费).
func asks(text string, i, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	_, size := utf8.DecodeRuneInString(text[i:])
	after, _ := utf8.DecodeRuneInString(text[i+size:])
	return before == after && end > i
}

func inAny(spans [][]int, i int) bool {
	for _, s := range spans {
		if i >= s[0] && i < s[1] {
			return true
		}
	}
	return false
}

// longer tells whether a longer pattern begins here, which says the same.
func longer(text string) bool {
	for _, w := range []string{"可以", "可在", "能在", "没有", "未满", "或者", "须知", "先后", "要求", "能否", "可能", "可靠"} {
		if strings.HasPrefix(text, w) {
			return true
		}
	}
	return false
}

// nameMutants put another name of the same kind in the place of one.
func nameMutants(r *rand.Rand, text string) []mutant {
	lists := [][]string{
		{"居民身份证", "临时身份证", "身份证", "户口簿", "居住证", "护照", "港澳通行证", "台湾通行证", "台胞证", "回乡证", "驾驶证", "行驶证", "登记证书", "结婚证", "营业执照", "不动产权证"},
		{"派出所", "交警大队", "车管所", "出入境窗口", "居委会", "民政部门", "法院", "公证处", "使领馆", "户籍窗口", "税务局", "社保局", "教育局", "海关", "银行", "医院"},
		{"身份证首次申领", "往来港澳通行证换发", "机动车驾驶证补证", "居民户口簿补领"},
	}
	var out []mutant
	for _, list := range lists {
		for _, n := range list {
			i := strings.Index(text, n)
			if i < 0 || n == "身份证" && (strings.HasSuffix(text[:i], "居民") || strings.HasSuffix(text[:i], "临时")) {
				continue
			}
			o := pickOne(r, list)
			if o == n || strings.Contains(o, n) || strings.Contains(n, o) {
				continue
			}
			out = append(out, mutant{n + "→" + o, text[:i] + o + text[i+len(n):]})
		}
	}
	return out
}

// sources are the shipped texts, those with a link too: answers about places have them.
func sources(t testing.TB, share int, r *rand.Rand) []*Source {
	t.Helper()
	d := NewDictionary(knowledge(t))
	var out []*Source
	for i, p := range passages(t) {
		if i%share != r.IntN(share) {
			continue
		}
		text := p.text
		if i%5 == 0 {
			text = strings.TrimSpace(text) + fmt.Sprintf("\n办理页面：https://ga.sz.gov.cn/bs/%d?item=%d。", 100+i, i)
		}
		out = append(out, d.NewSource(text, p.around...))
	}
	return out
}

// share is the part of the work that is done unless SHENWEI_LONG asks for all of it.
func share(n int) int {
	if os.Getenv("SHENWEI_LONG") != "" {
		return 1
	}
	return n
}

// caught checks mutants and reports the share that is blocked, with examples of the rest.
func caught(t *testing.T, all map[*Source][]mutant) (n, missed int) {
	t.Helper()
	for s, mutants := range all {
		for _, m := range mutants {
			n++
			if s.Verify(m.text) != nil {
				continue
			}
			if missed++; missed <= 20 {
				t.Logf("missed (%s): %.120s", m.what, around(s.Text(), m.text))
			}
		}
	}
	return n, missed
}

// around is the part of a mutant that differs, with some signs on both sides.
func around(a, b string) string {
	x, y := []rune(a), []rune(b)
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	return string(y[max(0, i-25):min(len(y), i+25)])
}

func TestEveryChangedNumberFeeTelephoneAndLinkIsCaught(t *testing.T) {
	r := rand.New(rand.NewPCG(mutationSeed, 1)) //nolint:gosec // a test that can be repeated
	all := map[*Source][]mutant{}
	for _, s := range sources(t, share(3), r) {
		all[s] = numberMutants(r, s.Text())
	}
	n, missed := caught(t, all)
	t.Logf("seed %d: %d mutations, %d missed", mutationSeed, n, missed)
	if missed > 0 || n < 20_000/share(3) {
		t.Errorf("%d of %d changed numbers, fees, telephones and links got through", missed, n)
	}
}

func TestTurnedSensesAreCaught(t *testing.T) {
	r := rand.New(rand.NewPCG(mutationSeed, 2)) //nolint:gosec // a test that can be repeated
	all := map[*Source][]mutant{}
	for _, s := range sources(t, share(6), r) {
		all[s] = senseMutants(s.Text())
	}
	n, missed := caught(t, all)
	t.Logf("seed %d: %d mutations, %d missed (%.2f %% caught)", mutationSeed, n, missed, 100-100*float64(missed)/float64(n))
	if float64(missed) > 0.01*float64(n) || n < 500 {
		t.Errorf("%d of %d turned senses got through", missed, n)
	}
}

func TestChangedNamesAreCaught(t *testing.T) {
	r := rand.New(rand.NewPCG(mutationSeed, 3)) //nolint:gosec // a test that can be repeated
	all := map[*Source][]mutant{}
	for _, s := range sources(t, share(6), r) {
		all[s] = nameMutants(r, s.Text())
	}
	n, missed := caught(t, all)
	t.Logf("seed %d: %d mutations, %d missed (%.2f %% caught)", mutationSeed, n, missed, 100-100*float64(missed)/float64(n))
	if float64(missed) > 0.01*float64(n) || n < 200 {
		t.Errorf("%d of %d changed names got through", missed, n)
	}
}

// What a model can do to slots.
func TestEveryChangedSlotIsCaught(t *testing.T) {
	r := rand.New(rand.NewPCG(mutationSeed, 4)) //nolint:gosec // a test that can be repeated
	n := 0
	for _, s := range sources(t, share(12), r) {
		locked := s.Locked()
		for what, change := range map[string]func(string) string{
			"dropped": func(x string) string { return strings.ReplaceAll(x, "⟦F1⟧", "") },
			"unknown": func(x string) string {
				return strings.Replace(x, "⟦F1⟧", fmt.Sprintf("⟦F%d⟧", len(s.slots)+1), 1)
			},
			"open":   func(x string) string { return strings.Replace(x, "⟦F1⟧", "⟦F1", 1) },
			"spaced": func(x string) string { return strings.Replace(x, "⟦F1⟧", "⟦ F1⟧", 1) },
			"digits": func(x string) string { return strings.Replace(x, "。", "，共3份。", 1) },
			"swapped": func(x string) string {
				if len(s.slots) < 2 || s.slots[0].kind != s.slots[1].kind || !numeric(s.slots[0].kind) || s.slots[0].key == s.slots[1].key {
					return x
				}
				return strings.NewReplacer("⟦F1⟧", "⟦F2⟧", "⟦F2⟧", "⟦F1⟧").Replace(x)
			},
		} {
			changed := change(locked)
			if changed == locked {
				continue
			}
			n++
			text, err := s.Restore(changed, false)
			if err == nil {
				err = s.Verify(text)
			}
			var b *Blocked
			if !errors.As(err, &b) {
				t.Errorf("slots %s got through: %.80s", what, changed)
			}
		}
	}
	if n < 300 {
		t.Errorf("only %d slots were changed", n)
	}
}
