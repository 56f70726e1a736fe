package kb

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// English is an item for readers of English: what it leaves out is told in Chinese, and said to be.
type English struct {
	Name string `yaml:"name" json:"name"`
	// Text is the answer in short.
	Text string `yaml:"text" json:"text"`
	// Fee, TimeLimit and TripsNote are the item's; "" where the Chinese has an English form of its
	// own («60元/本») or where nobody has written one.
	Fee       string `yaml:"fee,omitempty" json:"fee,omitempty"`
	TimeLimit string `yaml:"time_limit,omitempty" json:"time_limit,omitempty"`
	TripsNote string `yaml:"trips_note,omitempty" json:"trips_note,omitempty"`
	// Materials are the item's papers one by one, in their order.
	Materials []string         `yaml:"materials,omitempty" json:"materials,omitempty"`
	Facets    map[Facet]string `yaml:"facets,omitempty" json:"facets,omitempty"`
	Asks      []string         `yaml:"asks,omitempty" json:"asks,omitempty"`
}

// texts are all that a reader of English may see, but the asks.
func (e *English) texts() []string {
	all := append([]string{e.Name, e.Text, e.Fee, e.TimeLimit, e.TripsNote}, e.Materials...)
	for _, f := range Facets {
		all = append(all, e.Facets[f])
	}
	return all
}

// trim takes the line ends from texts that are written as blocks, and leaves out empty ones.
func (e *English) trim() {
	if e == nil {
		return
	}
	for f, text := range e.Facets {
		if text = strings.TrimRight(text, "\n"); text == "" {
			delete(e.Facets, f)
		} else {
			e.Facets[f] = text
		}
	}
}

// english holds an item's English to its Chinese.
func (c *checker) english(it *Item) {
	e := it.English
	if e == nil {
		return
	}
	if strings.TrimSpace(e.Name) == "" || strings.TrimSpace(e.Text) == "" {
		c.at("english:", "english: name and text are needed")
	}
	if n := len(e.Materials); n > 0 && n != len(it.Materials) {
		c.at("english:", "english: %d papers for the %d of materials; write one for each, in their order", n, len(it.Materials))
	}
	for _, f := range slices.Sorted(maps.Keys(e.Facets)) {
		if _, ok := FacetNames[f]; !ok {
			c.at("english:", "english: unknown facet %q; known are %v", f, Facets)
		}
	}
}

// English is what the matter's name, a question or an answer is called in English, "" for nothing.
func (m Matter) English(text string) string {
	for _, it := range m.Items {
		if said := it.Check.English[text]; said != "" {
			return said
		}
	}
	return ""
}

// checkEnglish holds the English of 能不能办 to its Chinese: only of what is asked, and in English.
func (c *checker) checkEnglish(it *Item) {
	known := map[string]bool{it.Check.Matter: true}
	for _, w := range slices.Concat(it.Check.When, it.Check.Online) {
		known[w.Ask] = true
		for _, a := range slices.Concat(w.Is, w.Otherwise) {
			known[a] = true
		}
	}
	for _, text := range slices.Sorted(maps.Keys(it.Check.English)) {
		switch said := it.Check.English[text]; {
		case !known[text]:
			c.at("check:", "check: english: %q is no question and no answer of this item", text)
		case strings.TrimSpace(said) == "" || strings.ContainsFunc(said, han):
			c.at("check:", "check: english: %q needs English words", text)
		}
	}
}

// agree finds texts of one matter that two items put into English in different words.
func (c *checker) agree(m Matter) {
	said := map[string]string{}
	for _, it := range m.Items {
		c.path = Document{Kind: KindItem, ID: it.Code}.Path()
		for _, text := range slices.Sorted(maps.Keys(it.Check.English)) {
			if first, ok := said[text]; ok && first != it.Check.English[text] {
				c.at("check:", "check: english: %q is %q in another item of the matter %q", text, first, m.Name)
			}
			said[text] = it.Check.English[text]
		}
	}
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }
