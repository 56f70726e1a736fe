package kb

import (
	"regexp"
	"strings"
)

// A problem's reason is for a terminal; an editor reads it in Chinese. The pairs are the
// formats of the checks with what an editor reads; %s stands for each part.
var problemWords = [][2]string{
	{"a tab; indent YAML with spaces", "这里有制表符，请改用空格缩进"},
	{"more than one YAML document; a file holds one", "一份内容里只能有一个 YAML 文档"},
	{"nothing in it", "内容是空的"},
	{"an article begins with front matter between two lines of ---", "开头要有两行 --- 之间的信息"},
	{"the front matter has no closing line of ---", "开头的信息缺少结尾的 ---"},
	{"field %s not found in type kb.%s", "没有名为 %s 的字段"},
	{"mapping key %s already defined at line %s", "字段 %s 写了两次（另一处在第 %s 行）"},
	{"cannot unmarshal %s into %s", "这里的值类型不对：%s"},
	{"the same document as %s", "与 %s 是同一份内容"},
	{"the code %s is taken by %s", "编号 %s 已被 %s 占用"},
	{"the code %s differs from the file's name", "编号 %s 与这份内容的编号不一致"},
	{"the id %s differs from the file's name", "编号 %s 与这份内容的编号不一致"},
	{"code %s: write a prefix of the catalogue, a hyphen and three digits", "编号 %s 不合规范：用目录里的前缀、短横线和三位数字"},
	{"audience %s: write 个人, 企业 or 两者", "办理对象 %s 不对：写 个人、企业 或 两者"},
	{"trips %s: write 0, 1 or 2", "跑动次数 %s 不对：写 0、1 或 2"},
	{"no source", "没有写来源"},
	{"links: %s is not one of web, miniprogram, terminal", "办理地址的渠道 %s 不对：写 web、miniprogram 或 terminal"},
	{"links: %s is no address for %s; begin with %s", "%s 不能作为 %s 的办理地址，要以 %s 开头"},
	{"rewrite %s → %s would turn the name of %s, %s, into another; give it a longer from or a when", "改写 %s → %s 会把事项 %s（%s）的名称改掉；请把原词写长一些，或加上出现条件"},
	{"choice is longer than 24 characters", "选项短语超过 24 个字"},
	{"unknown facet %s; known are %s", "没有名为 %s 的要点，可用的有 %s"},
	{"check: matter and when are needed", "「能不能办」要写 matter（哪一类事）和 when（条件）"},
	{"check: when %s: write ask and is, and no otherwise", "「能不能办」的条件 %s：写 ask（问话）和 is（符合的答案），不写 otherwise"},
	{"check: online %s: write ask, is and otherwise", "「能不能办」的线上条件 %s：写 ask（问话）、is（符合的答案）和 otherwise（不符合的答案）"},
	{"check: nothing tells it from %s in the matter %s", "「能不能办」里没有一个问题能把它和 %s 区分开（%s）"},
	{"check: english: %s is no question and no answer of this item", "「能不能办」的英文里有 %s，它不是本事项的问话或答案"},
	{"check: english: %s needs English words", "「能不能办」里 %s 的英文还没有写，或写的是中文"},
	{"check: english: %s is %s in another item of the matter %s", "「能不能办」里 %s 的英文在另一事项里是 %s，同一类事（%s）要一致"},
	{"english: name and text are needed", "英文要写名称和简答"},
	{"english: %s papers for the %s of materials; write one for each, in their order", "英文材料有 %s 样，中文有 %s 样：要一一对应，顺序相同"},
	{"english: unknown facet %s; known are %s", "英文里没有名为 %s 的要点，可用的有 %s"},
	{"confusable names the item itself", "易混事项写成了自己"},
	{"confusable names %s twice", "易混事项 %s 写了两次"},
	{"confusable names %s, which does not exist", "易混事项 %s 不存在"},
	{"id %s: use lower-case letters, digits and hyphens", "编号 %s 不合规范：用小写字母、数字和短横线"},
	{"kind %s: write guide, report or elsewhere", "类型 %s 不对：写 guide、report 或 elsewhere"},
	{"caution %s: write violence, selfharm or fraud", "安全提示 %s 不对：写 violence、selfharm 或 fraud"},
	{"related names %s, which does not exist", "相关事项 %s 不存在"},
	{"the body links or runs something from outside", "正文里有外部链接或脚本，请去掉"},
	{"%s %s: write a date as YYYY-MM-DD", "%s 的日期 %s 不对，写成 2026-12-31 这样"},
	{"%s %s: write Shenzhen time as YYYY-MM-DD or YYYY-MM-DD HH:MM", "%s 的时间 %s 不对，写成 2026-12-31 或 2026-12-31 18:00（深圳时间）"},
	{"expires %s is not after effective %s", "失效时间 %s 要晚于生效时间 %s"},
	{"%s asks; at most %s", "有 %s 个问法，最多 %s 个"},
	{"an empty ask", "有一个空的问法"},
	{"the ask %s stands in %s already", "问法 %s 已经在 %s 里了"},
	{"%s is both an ask and a counter-ask", "%s 既是问法又是反例"},
	{"outlet %s %s: id, name and district are needed", "网点 %s %s：编号、名称和区都要写"},
	{"outlet %s has a position without a source", "网点 %s 的位置没有来源"},
	{"outlet %s has hours without a source", "网点 %s 的开放时间没有来源"},
	{"outlet %s: position out of range", "网点 %s 的位置超出范围"},
	{"outlet %s: origin %s: write for example gcj02 22.5431,114.0579 (wgs84, gcj02 or bd09)", "网点 %s 的原坐标 %s 读不懂，应写成 gcj02 22.5431,114.0579（坐标系可为 wgs84、gcj02、bd09）"},
	{"outlet %s: lat and lng are %s metres from its origin; leave them out, they are reckoned from it", "网点 %s 的经纬度与原坐标相差 %s 米；经纬度可以不填，由原坐标换算"},
	{"concept %s is defined twice", "概念 %s 定义了两次"},
	{"concept %s has no words", "概念 %s 没有词"},
	{"concept %s: kind %s is not one of object, action, state, person, topic", "概念 %s 的种类 %s 不对：写 object、action、state、person 或 topic"},
	{"concept %s has the unknown parent %s", "概念 %s 的上级 %s 不存在"},
	{"concept %s is its own ancestor", "概念 %s 成了自己的上级"},
	{"a sensitive matter needs a name and words", "敏感事项要有名称和说法"},
	{"sensitive matter %s: the word %s is too short and would be found everywhere; write at least two characters", "敏感事项 %s 的说法 %s 太短，会到处命中；请至少写两个字"},
	{"rewrite %s → %s changes nothing", "改写 %s → %s 没有变化"},
	{"fact %s has no value or no source", "事实 %s 没有值或没有来源"},
	{"list %s %s: id and name are needed, and by is life or audience", "清单 %s %s：编号和名称都要写，by 是 life 或 audience"},
	{"list %s names the item %s, which does not exist", "清单 %s 里的事项 %s 不存在"},
	{"list %s names the article %s, which does not exist", "清单 %s 里的条目 %s 不存在"},
	{"list %s is empty", "清单 %s 是空的"},
	{"the review date %s is past: read the text again and set a later one", "复核日期 %s 已过：请再看一遍内容，改成以后的日期"},
	{"%s is empty", "%s 还没有填"},
}

type phrase struct {
	form    *regexp.Regexp
	chinese string
}

var phrases = compilePhrases()

func compilePhrases() []phrase {
	all := make([]phrase, len(problemWords))
	for i, w := range problemWords {
		form := strings.ReplaceAll(regexp.QuoteMeta(w[0]), "%s", "(.+?)")
		all[i] = phrase{regexp.MustCompile("^" + form + "$"), w[1]}
	}
	return all
}

// Chinese is the reason as an editor reads it.
func (p Problem) Chinese() string {
	for _, ph := range phrases {
		if m := ph.form.FindStringSubmatch(p.Reason); m != nil {
			said := ph.chinese
			for _, part := range m[1:] {
				said = strings.Replace(said, "%s", strings.Trim(part, `"`), 1)
			}
			return said
		}
	}
	return "写法有误：" + p.Reason
}

var fieldLine = regexp.MustCompile(`^([a-z_]+):`)

// FieldAt is the field of an item or article that holds the line (counted from 1), "" for none.
func (d Document) FieldAt(line int) string {
	if d.Kind != KindItem && d.Kind != KindArticle {
		return ""
	}
	lines := strings.Split(d.Body, "\n")
	for i := min(line, len(lines)) - 1; i >= 0; i-- {
		if m := fieldLine.FindStringSubmatch(lines[i]); m != nil {
			return m[1]
		}
		if strings.HasPrefix(lines[i], "---") && i > 0 {
			return "body"
		}
	}
	return ""
}
