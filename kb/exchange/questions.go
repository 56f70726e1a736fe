package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"shenwei/kb"
)

// The question-and-answer tables of other systems: a row becomes an article.

// questionTitles are the headings understood for each column.
var questionTitles = [][]string{
	{"标准问", "标准问题", "问题", "标准问法"}, {"相似问", "相似问题", "相似问法", "扩展问"}, {"反例问", "反例", "反例问法", "负例"},
	{"答案", "回答", "标准答案"}, {"分类", "类别", "问题分类", "分类名称"}, {"是否停用", "停用"},
}

const (
	colQuestion = iota
	colSimilar
	colCounter
	colAnswer
	colCategory
	colStopped
)

// questionColumns finds the columns; ok says that question and answer are there.
func questionColumns(titles []string) (at []int, ok bool) {
	at = make([]int, len(questionTitles))
	for i, names := range questionTitles {
		at[i] = slices.IndexFunc(titles, func(t string) bool { return slices.Contains(names, strings.TrimSpace(t)) })
	}
	if slices.Contains(titles, fileTitle) { // our own sheet of gold questions
		return nil, false
	}
	return at, at[colQuestion] >= 0 && (at[colAnswer] >= 0 || at[colSimilar] >= 0)
}

// readQuestions makes articles of the rows; an article with the same title is updated.
func (r *Result) readQuestions(t *table, at []int, src Source, live []kb.Document) {
	if at[colAnswer] < 0 {
		r.say(t.name, 1, questionTitles[colAnswer][0], "缺少这一列")
		return
	}
	for i, title := range t.rows[0] {
		if !slices.Contains(at, i) && strings.TrimSpace(title) != "" {
			r.note("%s没有「%s」这一列，没有读取", inSheet(t.name), clip(title))
		}
	}
	titles := articleTitles(live)
	seen := map[string]int{}
	stopped := 0
	for i, row := range t.rows[1:] {
		if blank(row) {
			continue
		}
		number := i + 2
		q, fine := r.question(t, at, row, number)
		if !fine {
			continue
		}
		if q.stopped {
			stopped++
			if key, ok := titles[kb.AskKey(q.title)]; ok {
				r.note("第 %d 行停用，没有读取；同名的 %s 仍然有效，需要时请下架它", number, key)
			}
			continue
		}
		if other := seen[kb.AskKey(q.title)]; other > 0 {
			r.say(t.name, number, questionTitles[colQuestion][0], "标准问 %q 和第 %d 行重复", clip(q.title), other)
			continue
		}
		seen[kb.AskKey(q.title)] = number
		r.putQuestion(t, q, number, titles, src, live)
	}
	if stopped > 0 {
		r.note("%d 行标为停用，没有读取", stopped)
	}
}

type question struct {
	title, answer, category string
	similar, counter        []string
	stopped                 bool
}

func (r *Result) question(t *table, at []int, row []string, number int) (question, bool) {
	fine := true
	cell := func(col int) string {
		if at[col] < 0 || at[col] >= len(row) {
			return ""
		}
		if why, bad := t.bad[[2]int{number - 1, at[col]}]; bad {
			r.say(t.name, number, questionTitles[col][0], "%s", why)
			fine = false
		}
		return strings.TrimSpace(tidy(row[at[col]], prose))
	}
	q := question{title: cell(colQuestion), answer: plainAnswer(cell(colAnswer)), category: cell(colCategory),
		similar: splitAsks(cell(colSimilar)), counter: splitAsks(cell(colCounter))}
	switch strings.ToLower(cell(colStopped)) {
	case "是", "停用", "已停用", "1", "true", "y", "yes", "√":
		q.stopped = true
	case "", "否", "启用", "0", "false", "n", "no", "×":
	default:
		r.say(t.name, number, questionTitles[colStopped][0], "应填“是”或“否”，现在是 %q", clip(cell(colStopped)))
		fine = false
	}
	if q.stopped {
		return q, fine
	}
	need := func(col int, bad bool, reason string) {
		if bad {
			r.say(t.name, number, questionTitles[col][0], "%s", reason)
			fine = false
		}
	}
	need(colQuestion, kb.AskKey(q.title) == "", "这一格是空的")
	need(colQuestion, strings.Contains(q.title, "\n") || utf8.RuneCountInString(q.title) > 200, "标准问应为一行，最多 200 个字")
	need(colAnswer, fine && q.answer == "", "这一格是空的")
	need(colSimilar, len(q.similar) >= kb.MaxAsks, "相似问太多")
	return q, fine
}

// splitAsks reads several questions in one cell.
func splitAsks(cell string) []string {
	var all []string
	for _, s := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("\n;；|｜", r) }) {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

var (
	breaks = regexp.MustCompile(`(?i)<\s*(br|/p|/div|/li|/tr|/h\d)\b[^>]*>`)
	tags   = regexp.MustCompile(`(?s)<!--.*?-->|<\s*(script|style)\b.*?<\s*/\s*(script|style)\s*>|<\s*/?\s*[a-zA-Z][^>]*>`)
	blanks = regexp.MustCompile(`\n{3,}`)
)

// plainAnswer takes the HTML away that other systems keep in answers; what is published is
// sanitised in any case.
func plainAnswer(s string) string {
	if !tags.MatchString(s) && !strings.Contains(s, "&") {
		return s
	}
	s = tags.ReplaceAllString(breaks.ReplaceAllString(s, "\n"), "")
	return strings.TrimSpace(blanks.ReplaceAllString(html.UnescapeString(s), "\n\n"))
}

// articleTitles are the live articles by their title as a question.
func articleTitles(live []kb.Document) map[string]string {
	all := map[string]string{}
	for _, d := range live {
		if d.Kind == kb.KindArticle {
			if a, _ := kb.ParseArticle(d); a != nil {
				all[kb.AskKey(a.Title)] = a.ID
			}
		}
	}
	return all
}

// questionID is the id of an article that is made of a question: the same for the same
// question in every import.
func questionID(title string) string {
	sum := sha256.Sum256([]byte(kb.AskKey(title)))
	return "faq-" + hex.EncodeToString(sum[:6])
}

func (r *Result) putQuestion(t *table, q question, number int, titles map[string]string, src Source, live []kb.Document) {
	id, ok := titles[kb.AskKey(q.title)]
	if !ok {
		id = questionID(q.title)
	}
	d := kb.Document{Kind: kb.KindArticle, ID: id}
	now, _, found := r.current(d, live)
	s := articleSheet()
	var have []string
	if found {
		rows, err := s.rowsOf(now)
		if err != nil {
			r.say(t.name, number, "", "%s（%s）", errForm.Error(), d.Path())
			return
		}
		have = rows[0]
		d.Body = now.Body
	}
	cells := q.cells(s, id, have, src)
	r.places[d.Key()] = place{sheet: t.name, row: number, rows: map[string]int{}}
	if slices.Equal(cells, have) {
		return
	}
	m := matched{added: []change{{-1, cells, number}}}
	if found {
		m = matched{changed: []change{{0, cells, number}}}
		r.writeDocument(t, s, d, [][]string{have}, m)
		return
	}
	r.writeDocument(t, s, d, nil, m)
}

func articleSheet() *sheet {
	i := slices.IndexFunc(sheets, func(s *sheet) bool { return s.shape == article })
	return sheets[i]
}

// reviewAfter is when an article made of a question is to be read again.
const reviewMonths = 6

// cells are the article's row. What the table says replaces; what it leaves open stays, and
// the asks that somebody added by hand to an article of her own stay as well.
func (q question) cells(s *sheet, id string, have []string, src Source) []string {
	cells := make([]string, len(s.columns))
	copy(cells, have)
	set := func(path, value string, onlyNew bool) {
		i := slices.IndexFunc(s.columns, func(c column) bool { return c.path == path })
		if have == nil || !onlyNew {
			cells[i] = value
		}
	}
	get := func(path string) string {
		return cells[slices.IndexFunc(s.columns, func(c column) bool { return c.path == path })]
	}
	category := q.category
	if category == "" {
		category = "常见问题"
	}
	set("id", id, true)
	set("title", q.title, true)
	set("category", category, q.category == "")
	set("kind", kb.KindGuide, true)
	if get(bodyPath) != q.answer {
		set("summary", summary(q.answer), false)
	}
	set(bodyPath, q.answer, false)
	asks := append([]string{q.title}, q.similar...)
	counter := q.counter
	if have != nil && !strings.HasPrefix(id, "faq-") {
		asks = append(splitLines(get("asks")), asks...)
		counter = append(splitLines(get("counter_asks")), counter...)
	}
	set("asks", joinLines(distinct(asks)), false)
	set("counter_asks", joinLines(distinct(counter)), len(q.counter) == 0)
	set("sources", "导入的问答表", true)
	set("review", src.Now.AddDate(0, reviewMonths, 0).Format("2006-01-02"), true)
	return cells
}

func distinct(asks []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, a := range asks {
		if key := kb.AskKey(a); !seen[key] && key != "" {
			seen[key] = true
			out = append(out, a)
		}
	}
	return out
}

// maxSummary is how long the first words of an answer may be, in characters.
const maxSummary = 60

// summary is the first sentence of an answer, shortened where it is long.
func summary(answer string) string {
	line, _, _ := strings.Cut(answer, "\n")
	line = strings.TrimLeft(line, "#-*>0123456789.、 ")
	if i := strings.IndexAny(line, "。！？"); i >= 0 {
		_, size := utf8.DecodeRuneInString(line[i:])
		line = line[:i+size]
	}
	if r := []rune(line); len(r) > maxSummary {
		return string(r[:maxSummary-1]) + "…"
	}
	if line == "" {
		return "见下文。"
	}
	return line
}
