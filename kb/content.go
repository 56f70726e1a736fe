package kb

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Fact is one number that texts may use: a fee, a limit, a telephone, a year.
type Fact struct {
	// Value is the number with its unit as texts write it, e.g. "60元", "7个工作日", "12367".
	Value  string `yaml:"value" json:"value"`
	About  string `yaml:"about" json:"about"`
	Source string `yaml:"source" json:"source"`
}

// Facts is the file that holds what is known for sure, each with its source, and the
// sentences that may stand in many items.
type Facts struct {
	Facts   []Fact   `yaml:"facts" json:"facts"`
	Clauses []string `yaml:"clauses" json:"clauses"`
}

// ParseFacts reads a facts file.
func ParseFacts(doc Document) (*Facts, []Problem) {
	var f Facts
	dec := yaml.NewDecoder(strings.NewReader(doc.Body))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return nil, []Problem{{doc.Path(), lineOf(err.Error()), strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	var ps []Problem
	for _, fact := range f.Facts {
		if fact.Value == "" || fact.Source == "" {
			ps = append(ps, Problem{doc.Path(), 0, fmt.Sprintf("fact %q has no value or no source", fact.Value)})
		}
	}
	return &f, ps
}

// Share bounds: how often one sentence may stand among the items' facets, and how alike a
// gold question may be to an ask.
const (
	maxSentenceShare = 0.05
	maxGoldOverlap   = 0.6
	maxNamedGold     = 1.0 / 3
	maxPatternShare  = 0.01
	leastAsks        = 12
	leastPopularAsks = 25
	shortSentence    = 8 // characters; shorter ones say nothing of their own
)

// CheckContent holds the knowledge to what a reader expects of it, beyond being well formed:
// complete items, sentences of their own, links between neighbours both ways, numbers with a
// source, gold questions that are no copies. The clock says what is out of date.
func CheckContent(k *Knowledge, docs []Document, now time.Time) Problems {
	c := &contentChecker{k: k, now: now}
	c.items()
	c.sentences()
	c.articles()
	c.numbers()
	c.english()
	c.gold(docs)
	c.problems = append(c.problems, Orders(docs)...)
	return c.problems
}

type contentChecker struct {
	k        *Knowledge
	now      time.Time
	problems Problems
}

func (c *contentChecker) say(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{Path: path, Reason: fmt.Sprintf(format, args...)})
}

func itemPath(code string) string  { return Document{Kind: KindItem, ID: code}.Path() }
func articlePath(id string) string { return Document{Kind: KindArticle, ID: id}.Path() }

func (c *contentChecker) items() {
	for _, it := range c.k.Items {
		path := itemPath(it.Code)
		if !it.Complete() {
			c.say(path, "not complete: a summary and texts by facet are missing")
			continue
		}
		for _, f := range []Facet{Condition, Material, How, Fee, Time, Place} {
			if strings.TrimSpace(it.Facets[f]) == "" && (it.Audience != "企业" || f != Place) {
				c.say(path, "no text for %s", f)
			}
		}
		least := leastAsks
		if it.Popular {
			least = leastPopularAsks
		}
		if n := len(it.Asks); n < least {
			c.say(path, "%d asks, at least %d are wanted", n, least)
		}
		if it.Identity == "" || it.Choice == "" {
			c.say(path, "identity or choice is empty")
		}
		c.reviewed(path, it.Review)
		c.links(it, path)
	}
}

// links: neighbours name each other, each with the one question that tells them apart.
func (c *contentChecker) links(it *Item, path string) {
	for _, cf := range it.Confusable {
		if strings.TrimSpace(cf.Question) == "" {
			c.say(path, "confusable %s has no question", cf.Code)
		}
		other := c.k.Item(cf.Code)
		if other == nil {
			continue
		}
		back := false
		for _, o := range other.Confusable {
			back = back || o.Code == it.Code
		}
		if !back {
			c.say(path, "confusable %s does not name this item back", cf.Code)
		}
	}
}

func (c *contentChecker) articles() {
	for _, a := range c.k.Articles {
		path := articlePath(a.ID)
		if len(a.Asks) < leastAsks {
			c.say(path, "%d asks, at least %d are wanted", len(a.Asks), leastAsks)
		}
		if a.Kind == KindReport && !strings.Contains(a.Summary+a.Body, "110") && !strings.Contains(a.Summary+a.Body, "派出所") {
			c.say(path, "a report article that does not say where to report")
		}
		c.reviewed(path, a.Review)
	}
}

func (c *contentChecker) reviewed(path, date string) {
	if d, err := time.Parse(time.DateOnly, date); err == nil && d.Before(c.now) {
		c.say(path, "the review date %s is past: read it again", date)
	}
}

var sentenceEnd = regexp.MustCompile(`[。！？；\n]+`)

// sentences: none of the items' own words may be a template.
func (c *contentChecker) sentences() {
	in := map[string][]string{}
	for _, it := range c.k.Items {
		seen := map[string]bool{}
		for _, f := range Facets {
			for _, s := range sentenceEnd.Split(it.Facets[f], -1) {
				s = strings.Trim(s, " -·")
				if utf8.RuneCountInString(s) >= shortSentence && !seen[s] && !c.clause(s) {
					seen[s] = true
					in[s] = append(in[s], it.Code)
				}
			}
		}
	}
	for _, s := range sortedKeysOf(in) {
		if codes := in[s]; float64(len(codes)) > maxSentenceShare*float64(len(c.k.Items)) {
			c.say("items", "%q stands in %d items (%s …): say it in words of each item, or list it as a clause", s, len(codes), codes[0])
		}
	}
}

func (c *contentChecker) clause(s string) bool {
	for _, cl := range c.k.Facts.Clauses {
		if strings.Trim(cl, "。 ") == s {
			return true
		}
	}
	return false
}

func sortedKeysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// numberForm finds numbers with the unit that gives them meaning, and telephones.
var numberForm = regexp.MustCompile(`0755-\d{8}|\d[\d,.]*[ ]*(?:个工作日|工作日|小时|分钟|个月|周岁|日内|元|天|日|年|岁|次|分|项|台|副|张|本|份|人|米|公里|%)?`)

// numbers: every fee, limit and telephone in a text stands in the facts with its source. The
// numbers of an ordered list and of the catalogue's own fields need none.
func (c *contentChecker) numbers() {
	known := map[string]bool{}
	for _, f := range c.k.Facts.Facts {
		known[normalNumber(f.Value)] = true
	}
	for _, it := range c.k.Items {
		own := it.Fee + it.TimeLimit + strings.Join(it.Materials, "") + strings.Join(it.Tags, "") + it.Name
		texts := []string{it.Summary, it.TripsNote, it.Identity, it.Handover}
		for _, f := range Facets {
			texts = append(texts, it.Facets[f])
		}
		c.numbersIn(itemPath(it.Code), strings.Join(texts, "\n"), own, known)
	}
	for _, a := range c.k.Articles {
		c.numbersIn(articlePath(a.ID), a.Summary+"\n"+a.Body, strings.Join(a.LegalBasis, "")+strings.Join(a.Sources, ""), known)
	}
}

var listNumber = regexp.MustCompile(`(?m)^\s*\d+[.、]\s`)

func (c *contentChecker) numbersIn(path, text, own string, known map[string]bool) {
	text = listNumber.ReplaceAllString(text, "")
	seen := map[string]bool{}
	for _, n := range numberForm.FindAllString(own, -1) {
		seen[normalNumber(n)] = true
	}
	for _, n := range numberForm.FindAllString(text, -1) {
		n = normalNumber(n)
		if n == "" || seen[n] || known[n] {
			continue
		}
		seen[n] = true
		c.say(path, "the number %q stands in no facts file", n)
	}
}

func normalNumber(s string) string {
	return strings.Trim(strings.NewReplacer(" ", "", ",", "", "\n", "").Replace(s), ".")
}
