package eval

import (
	"slices"
	"strings"

	"shenwei/kb"
)

// Right returns which entries answer a labelled row, and whether «none of ours» does. ok
// is false for rows that the ranker has no part in.
func Right(row Row, k *kb.Knowledge) (right func(kind kb.Kind, code string) bool, none, ok bool) {
	item := func(kind kb.Kind, code string) bool { return kind == kb.KindItem && slices.Contains(row.Codes, code) }
	switch row.Action {
	case "answer", "clarify":
		return item, false, true
	case "general":
		return func(kind kb.Kind, code string) bool { return kind == kb.KindArticle || item(kind, code) }, false, true
	case "report":
		return func(kind kb.Kind, code string) bool {
			a := k.Article(code)
			return kind == kb.KindArticle && a != nil && (a.Kind == kb.KindReport || saysWhereToReport(strings.Join(a.Phones, " ")+a.Summary))
		}, false, true
	case "oos":
		return func(kb.Kind, string) bool { return false }, true, true
	}
	return nil, false, false
}
