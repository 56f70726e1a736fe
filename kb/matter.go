package kb

import (
	"slices"
	"strings"
)

// Check 能不能办 places an item among those that one matter may mean: what must hold of the person
// for this item to be hers, and for its easiest way to be open to her.
type Check struct {
	// Matter is what people call the items together, e.g. 居民身份证.
	Matter string `yaml:"matter" json:"matter"`
	// When are the item's distinguishing conditions. A question that an item does not name makes
	// no difference to it.
	When []When `yaml:"when,omitempty" json:"when,omitempty"`
	// Online are the conditions under which the item's number of trips holds; who does not meet
	// one comes in person once.
	Online []When `yaml:"online,omitempty" json:"online,omitempty"`
	// English says in English what the matter, its questions and its answers are called, by their
	// Chinese text. Items of one matter say the same.
	English map[string]string `yaml:"english,omitempty" json:"english,omitempty"`
}

// When is one condition: a question to the person and the answers that meet it.
type When struct {
	Ask string   `yaml:"ask" json:"ask"`
	Is  []string `yaml:"is" json:"is"`
	// Otherwise are the answers that do not meet it; used by Online only, as other items hold the
	// other answers of When.
	Otherwise []string `yaml:"otherwise,omitempty" json:"otherwise,omitempty"`
}

// MatterOf is the matter that leads to the item, "" for none.
func (it *Item) MatterOf() string {
	if it.Check == nil {
		return ""
	}
	return it.Check.Matter
}

// Matter is the items among which a person's answers decide.
type Matter struct {
	Name  string
	Items []*Item // by code
}

// Matters lists the matters that have at least two items, in the order of their first item.
func (k *Knowledge) Matters() []Matter {
	var all []Matter
	at := map[string]int{}
	for _, it := range k.Items {
		name := it.MatterOf()
		if name == "" {
			continue
		}
		i, ok := at[name]
		if !ok {
			i = len(all)
			at[name] = i
			all = append(all, Matter{Name: name})
		}
		all[i].Items = append(all[i].Items, it)
	}
	return slices.DeleteFunc(all, func(m Matter) bool { return len(m.Items) < 2 })
}

// Said is what a person said of herself.
type Said struct{ Ask, Is string }

// Fork is where a person's answers lead: a question with its answers, or, when Ask is "", what is
// left. One item is left at the end unless the answers fit none.
type Fork struct {
	Ask     string
	Answers []string
	Items   []*Item
	// Visit tells that the person does not meet a condition of the item's easiest way.
	Visit bool
}

// Next is the fork after the answers so far. An answer that fits no item left is ignored. The same
// answers always lead to the same fork.
func (m Matter) Next(given []Said) Fork {
	left := m.Items
	asked := map[string]string{}
	for _, a := range given {
		if some := slices.DeleteFunc(slices.Clone(left), func(it *Item) bool { return !it.Check.fits(a) }); len(some) > 0 {
			left = some
			asked[a.Ask] = a.Is
		}
	}
	fork := Fork{Items: left}
	if len(left) > 1 {
		fork.Ask, fork.Answers = sharpest(left, asked)
		return fork
	}
	for _, w := range left[0].Check.Online {
		said, ok := asked[w.Ask]
		switch {
		case slices.Contains(w.Otherwise, said):
			fork.Visit = true
			return fork
		case !ok:
			fork.Ask, fork.Answers = w.Ask, slices.Concat(w.Is, w.Otherwise)
			return fork
		}
	}
	return fork
}

// fits tells whether an item is still meant after an answer.
func (c *Check) fits(a Said) bool {
	for _, w := range c.When {
		if w.Ask == a.Ask {
			return slices.Contains(w.Is, a.Is)
		}
	}
	return true
}

// sharpest is the question to ask next, with its answers: one that makes a difference to as many of
// the items as any does (who never had a passport is not asked how hers looks), among these the one
// that is expected to leave the fewest, among equals the one named first. It is "" when none tells
// the items apart.
func sharpest(left []*Item, asked map[string]string) (ask string, answers []string) {
	most, least := 0, float64(len(left))
	for _, q := range asksOf(left) {
		if _, ok := asked[q]; ok {
			continue
		}
		possible := answersTo(q, left)
		named, remain := weigh(q, possible, left)
		if remain < float64(len(left)) && (named > most || named == most && remain < least) {
			ask, answers, most, least = q, possible, named, remain
		}
	}
	return ask, answers
}

// weigh tells how many items name a question, and how many are left after it on average, an
// answer being as likely as the items that it leaves are many.
func weigh(ask string, answers []string, left []*Item) (named int, remain float64) {
	for _, it := range left {
		if slices.ContainsFunc(it.Check.When, func(w When) bool { return w.Ask == ask }) {
			named++
		}
	}
	sum, squares := 0, 0
	for _, a := range answers {
		n := 0
		for _, it := range left {
			if it.Check.fits(Said{ask, a}) {
				n++
			}
		}
		sum, squares = sum+n, squares+n*n
	}
	return named, float64(squares) / float64(sum)
}

func asksOf(items []*Item) []string {
	var all []string
	for _, it := range items {
		for _, w := range it.Check.When {
			if !slices.Contains(all, w.Ask) {
				all = append(all, w.Ask)
			}
		}
	}
	return all
}

func answersTo(ask string, items []*Item) []string {
	var all []string
	for _, it := range items {
		for _, w := range it.Check.When {
			if w.Ask != ask {
				continue
			}
			for _, a := range w.Is {
				if !slices.Contains(all, a) {
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// check holds what editors write for 能不能办 to what a person needs of it: questions with answers,
// and answers that lead to one item.
func (c *checker) check(it *Item) {
	if it.Check == nil {
		return
	}
	if strings.TrimSpace(it.Check.Matter) == "" || len(it.Check.When) == 0 {
		c.at("check:", "check: matter and when are needed")
	}
	for _, w := range it.Check.When {
		if w.Ask == "" || len(w.Is) == 0 || len(w.Otherwise) > 0 {
			c.at("check:", "check: when %q: write ask and is, and no otherwise", w.Ask)
		}
	}
	for _, w := range it.Check.Online {
		if w.Ask == "" || len(w.Is) == 0 || len(w.Otherwise) == 0 {
			c.at("check:", "check: online %q: write ask, is and otherwise", w.Ask)
		}
	}
	c.checkEnglish(it)
}

// apart finds items of one matter that no answer tells from each other.
func (c *checker) apart() {
	for _, m := range c.k.Matters() {
		c.agree(m)
		for i, a := range m.Items {
			for _, b := range m.Items[i+1:] {
				if !a.Check.differs(b.Check) {
					c.path = Document{Kind: KindItem, ID: b.Code}.Path()
					c.at("check:", "check: nothing tells it from %s in the matter %q", a.Code, m.Name)
				}
			}
		}
	}
}

// differs tells whether one question has answers that part the two.
func (c *Check) differs(other *Check) bool {
	for _, w := range c.When {
		for _, o := range other.When {
			if w.Ask == o.Ask && !slices.ContainsFunc(w.Is, func(a string) bool { return slices.Contains(o.Is, a) }) {
				return true
			}
		}
	}
	return false
}
