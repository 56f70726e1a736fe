package kb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// MaxAsk is the longest ask that is added from outside a file, in characters.
const MaxAsk = 120

// AddAsks returns an item's or article's file with asks at the end of its list of asks, and
// those that it did not have yet. Everything else stays to the byte: comments, order and
// the way in which a person wrote it.
func AddAsks(doc Document, asks ...string) (Document, []string, error) {
	had, err := asksIn(doc)
	if err != nil {
		return doc, nil, err
	}
	known := map[string]bool{}
	for _, a := range had {
		known[AskKey(a)] = true
	}
	var added []string
	for _, a := range asks {
		a = strings.Join(strings.Fields(strings.ToValidUTF8(a, "\uFFFD")), " ")
		switch key := AskKey(a); {
		case key == "":
			return doc, nil, fault.New(fault.BadRequest, "问法不能是空的")
		case utf8.RuneCountInString(a) > MaxAsk:
			return doc, nil, fault.New(fault.BadRequest, "问法最长 %d 个字，请改短一些", MaxAsk)
		case !known[key]:
			known[key] = true
			added = append(added, a)
		}
	}
	if len(added) == 0 {
		return doc, nil, nil
	}
	if len(had)+len(added) > MaxAsks {
		return doc, nil, fault.New(fault.BadRequest, "%s 已有 %d 条问法，最多 %d 条，请先删掉几条", doc.Key(), len(had), MaxAsks)
	}
	form, err := json.Marshal(map[string][]string{"asks": slices.Concat(had, added)})
	if err != nil {
		return doc, nil, fmt.Errorf("write the asks of %s: %w", doc.Key(), err)
	}
	out := doc
	if out.Body, err = SetFields(doc, form); err != nil {
		return doc, nil, err
	}
	return out, added, nil
}

func asksIn(doc Document) ([]string, error) {
	var asks []string
	var ps []Problem
	switch doc.Kind {
	case KindItem:
		var it *Item
		if it, ps = ParseItem(doc); it != nil {
			asks = it.Asks
		}
	case KindArticle:
		var a *Article
		if a, ps = ParseArticle(doc); a != nil {
			asks = a.Asks
		}
	default:
		return nil, fault.New(fault.BadRequest, "只有事项和知识条目有问法，%s 没有", doc.Key())
	}
	if ps != nil {
		return nil, fault.Wrap(fault.BadRequest, Problems(ps), "%s 有错误，请先改正：%s", doc.Key(), ps[0])
	}
	return asks, nil
}
