package index

import (
	"strings"

	"shenwei/kb"
	"shenwei/kb/segment"
)

// Fields are the normalised texts of one document.
type Fields struct{ Head, Body string }

func itemFields(it *kb.Item, norm *segment.Normalizer) Fields {
	head := append([]string{it.Name}, it.Aliases...)
	head = append(head, someAsks(it.Asks)...)
	body := append([]string{it.Summary}, it.Tags...)
	body = append(body, it.Materials...)
	for _, f := range kb.Facets {
		body = append(body, it.Facets[f])
	}
	return normalised(head, body, norm)
}

// maxAsks is how many asks of an entry the index holds: the ranker knows them all, the index
// is evidence beside it and need not cut every phrasing a second time.
const maxAsks = 14

func someAsks(asks []string) []string { return asks[:min(maxAsks, len(asks))] }

func articleFields(a *kb.Article, norm *segment.Normalizer) Fields {
	return normalised(append([]string{a.Title}, someAsks(a.Asks)...), []string{a.Category, a.Summary, a.Body}, norm)
}

func normalised(head, body []string, norm *segment.Normalizer) Fields {
	return Fields{Head: norm.Text(strings.Join(head, "\n")), Body: norm.Text(strings.Join(body, "\n"))}
}
