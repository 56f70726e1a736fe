package kb

import (
	"fmt"
	"slices"
	"strings"
)

// Hint is something that an editor should think of while she writes; nothing is refused for it.
type Hint struct {
	// Field is asks, counter_asks or a facet's name; Index the place in a list, -1 for none.
	Field string `json:"field"`
	Index int    `json:"index"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	// Other is the key of the other document, "" for none.
	Other string `json:"other"`
}

// The kinds of hint.
const (
	HintDuplicate     = "duplicate"     // the ask of another document
	HintContradiction = "contradiction" // both an ask and a counter-ask
	HintNear          = "near"          // hardly to be told from another document's ask
	HintFact          = "fact"          // a number that no facts file has
)

// nearAsk is the Dice overlap of character pairs from which two asks are too near. Below
// nearConfusable an ask may resemble one of a neighbour that citizens mix up with it.
const (
	nearAsk        = 0.8
	nearConfusable = 0.7
)

// asker is a document with asks.
type asker struct {
	key, title     string
	asks, counters []string
	confusable     []string
	numbers        func(c *contentChecker)
}

func askerOf(doc Document) (asker, bool) {
	switch doc.Kind {
	case KindItem:
		if it, _ := ParseItem(doc); it != nil {
			a := asker{key: doc.Key(), title: it.Name, asks: it.Asks, counters: it.CounterAsks}
			for _, cf := range it.Confusable {
				a.confusable = append(a.confusable, ItemKey(cf.Code))
			}
			a.numbers = func(c *contentChecker) { c.k = &Knowledge{Items: []*Item{it}, Facts: c.k.Facts} }
			return a, true
		}
	case KindArticle:
		if art, _ := ParseArticle(doc); art != nil {
			a := asker{key: doc.Key(), title: art.Title, asks: art.Asks, counters: art.CounterAsks}
			a.numbers = func(c *contentChecker) { c.k = &Knowledge{Articles: []*Article{art}, Facts: c.k.Facts} }
			return a, true
		}
	}
	return asker{}, false
}

// askIndex finds the documents whose asks are an ask, or resemble it.
type askIndex struct {
	overlap *overlap
	owner   []string            // by the overlap's number of an ask
	exact   map[string][]string // AskKey → keys
	titles  map[string]string
}

func newAskIndex(k *Knowledge) *askIndex {
	x := &askIndex{overlap: newOverlap(k), exact: map[string][]string{}, titles: map[string]string{}}
	add := func(key, title string, lists ...[]string) {
		x.titles[key] = title
		for _, asks := range lists {
			for _, a := range asks {
				x.owner = append(x.owner, key)
				x.exact[AskKey(a)] = append(x.exact[AskKey(a)], key)
			}
		}
	}
	for _, it := range k.Items { // in the order of newOverlap
		var english []string
		if it.English != nil {
			english = it.English.Asks
		}
		add(ItemKey(it.Code), it.Name, it.Asks, english)
	}
	for _, a := range k.Articles {
		add(ArticleKey(a.ID), a.Title, a.Asks)
	}
	return x
}

// hints are those for one document among the others of the live release.
func (l *liveState) hints(doc Document) []Hint {
	a, ok := askerOf(doc)
	if !ok {
		return nil
	}
	x := l.near()
	hints := x.ofAsks(a)
	c := &contentChecker{k: l.know}
	a.numbers(c)
	c.k.Facts = l.know.Facts
	c.numbers()
	for _, p := range c.problems {
		number, _, _ := strings.Cut(strings.TrimPrefix(p.Reason, `the number "`), `"`)
		hints = append(hints, Hint{"text", -1, HintFact, fmt.Sprintf("「%s」不在事实表里，请核对来源", number), ""})
	}
	return hints
}

func (x *askIndex) ofAsks(a asker) []Hint {
	var hints []Hint
	own := map[string]int{}
	for i, ask := range a.asks {
		key := AskKey(ask)
		if first, twice := own[key]; twice {
			hints = append(hints, Hint{"asks", i, HintDuplicate, fmt.Sprintf("与本条第 %d 个问法相同", first+1), a.key})
			continue
		}
		own[key] = i
		if h, found := x.ofAsk(a, ask); found {
			h.Index = i
			hints = append(hints, h)
		}
	}
	for i, ask := range a.counters {
		if n, both := own[AskKey(ask)]; both {
			hints = append(hints, Hint{"counter_asks", i, HintContradiction, fmt.Sprintf("既是问法（第 %d 个）又是反例", n+1), a.key})
		}
	}
	return hints
}

func (x *askIndex) ofAsk(a asker, ask string) (Hint, bool) {
	for _, key := range x.exact[AskKey(ask)] {
		if key != a.key {
			return Hint{"asks", 0, HintDuplicate, "「" + x.titles[key] + "」已经有这个问法", key}, true
		}
	}
	n, score := x.overlap.resembling(ask, func(n int32) bool { return x.owner[n] != a.key })
	if n < 0 {
		return Hint{}, false
	}
	key := x.owner[n]
	limit := nearAsk
	if slices.Contains(a.confusable, key) {
		limit = nearConfusable
	}
	if score < limit {
		return Hint{}, false
	}
	return Hint{"asks", 0, HintNear, fmt.Sprintf("与「%s」的问法「%s」太像，市民这样问时分不清", x.titles[key], x.overlap.asks[n]), key}, true
}
