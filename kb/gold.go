package kb

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// GoldRow is one gold question as a file holds it.
type GoldRow struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Action   string   `json:"action"`
	Codes    []string `json:"codes"`
	Facet    Facet    `json:"facet"`
	// Sure is "2" where nobody would argue, "1" where one could.
	Sure    string `json:"sure"`
	Comment string `json:"comment,omitempty"`
}

// GoldActions are what a gold question may expect, in the order of screens.
var GoldActions = []string{"answer", "clarify", "general", "report", "emergency", "oos"}

// The header of a file of gold questions; a file whose questions have comments has one more
// column.
const (
	goldHeader  = "id\tquestion\taction\tcodes\tfacet\tsure"
	goldComment = "\tcomment"
	goldColumns = 6
)

// MaxQuestion is the longest gold question that is added, in characters.
const MaxQuestion = 500

// MaxComment is the longest comment of a gold question, in characters.
const MaxComment = 200

// GoldRows reads a file of gold questions; lines that are none are passed over.
func GoldRows(doc Document) []GoldRow {
	var rows []GoldRow
	for i, line := range strings.Split(doc.Body, "\n") {
		f := strings.Split(strings.TrimRight(line, "\r"), "\t")
		if i == 0 || len(f) < goldColumns || len(f) > goldColumns+1 {
			continue
		}
		r := GoldRow{ID: f[0], Question: f[1], Action: f[2], Facet: Facet(f[4]), Sure: f[5]}
		r.Codes = slices.DeleteFunc(strings.Split(f[3], "|"), func(c string) bool { return c == "" })
		if len(f) > goldColumns {
			r.Comment = f[goldColumns]
		}
		rows = append(rows, r)
	}
	return rows
}

// AddGold returns a file of gold questions with one more at its end; an empty body becomes a
// file. The row gets an id that its file does not have, prefix-0001 and so on, unless it
// brings one. known tells whether an item exists.
func AddGold(doc Document, prefix string, row GoldRow, known func(code string) bool) (Document, GoldRow, error) {
	row.Question, row.Comment = oneLine(row.Question), oneLine(row.Comment)
	if row.Facet == "" {
		row.Facet = Other
	}
	if row.Sure == "" {
		row.Sure = "2"
	}
	if err := checkGold(row, known); err != nil {
		return doc, row, err
	}
	if doc.Body == "" {
		doc.Body = goldHeader + "\n"
	}
	header, rest, _ := strings.Cut(doc.Body, "\n")
	header = strings.TrimRight(strings.TrimPrefix(header, "\ufeff"), "\r")
	if header != goldHeader && header != goldHeader+goldComment {
		return doc, row, fault.New(fault.BadRequest, "%s 的表头不对，应为 %s", doc.Path(), strings.ReplaceAll(goldHeader, "\t", " "))
	}
	ids := map[string]bool{}
	for _, r := range GoldRows(doc) {
		ids[r.ID] = true
		if AskKey(r.Question) == AskKey(row.Question) {
			return doc, row, fault.New(fault.Conflict, "金标里已有这个问题（%s），请改那一条", r.ID)
		}
	}
	for n := 1; row.ID == "" || ids[row.ID]; n++ {
		row.ID = fmt.Sprintf("%s-%04d", prefix, n)
	}
	line := strings.Join([]string{row.ID, row.Question, row.Action, strings.Join(row.Codes, "|"), string(row.Facet), row.Sure}, "\t")
	if row.Comment != "" {
		header = goldHeader + goldComment
		line += "\t" + row.Comment
	}
	if rest != "" && !strings.HasSuffix(rest, "\n") {
		rest += "\n"
	}
	doc.Body = header + "\n" + rest + line + "\n"
	if len(doc.Body) > MaxDocument {
		return doc, row, fault.New(fault.TooLarge, "%s 已满，请换一个类别", doc.Path())
	}
	return doc, row, nil
}

func checkGold(row GoldRow, known func(code string) bool) error {
	_, facet := FacetNames[row.Facet]
	switch {
	case row.Question == "":
		return fault.New(fault.BadRequest, "问题不能为空")
	case utf8.RuneCountInString(row.Question) > MaxQuestion:
		return fault.New(fault.BadRequest, "问题最长 %d 个字", MaxQuestion)
	case utf8.RuneCountInString(row.Comment) > MaxComment:
		return fault.New(fault.BadRequest, "备注最长 %d 个字", MaxComment)
	case !slices.Contains(GoldActions, row.Action):
		return fault.New(fault.BadRequest, "期望动作 %q 不对，可以是 %s", row.Action, strings.Join(GoldActions, "、"))
	case !facet:
		return fault.New(fault.BadRequest, "要点 %q 不对，可以是 %v", row.Facet, Facets)
	case row.Sure != "1" && row.Sure != "2":
		return fault.New(fault.BadRequest, "sure 应为 1 或 2")
	case (row.Action == "answer" || row.Action == "clarify") && len(row.Codes) == 0:
		return fault.New(fault.BadRequest, "期望是事项时，至少要写一个事项编码")
	}
	for _, c := range row.Codes {
		if !known(c) {
			return fault.New(fault.BadRequest, "没有编码为 %q 的事项", c)
		}
	}
	return nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
