package kb

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	codeForm = regexp.MustCompile(`^(CRJ|RK|JJ|ZA|WJ|SP|JD|XZ)-\d{3}$`)
	idForm   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// IsArticleID tells whether an article may have this id.
func IsArticleID(id string) bool { return idForm.MatchString(id) }

// MaxAsks is how many asks one item or article may have.
const MaxAsks = 400

// check returns everything that is wrong between or inside the parsed documents.
func (k *Knowledge) check(docs []Document) []Problem {
	c := &checker{k: k, asks: map[string]string{}, bodies: map[string]string{}}
	for _, d := range docs {
		c.bodies[d.Path()] = d.Body
		c.kinds = append(c.kinds, d.Kind)
		c.paths = append(c.paths, d.Path())
	}
	for _, it := range k.Items {
		c.item(it)
	}
	c.apart()
	for _, a := range k.Articles {
		c.article(a)
	}
	c.counterAsks()
	c.lexicon()
	for _, l := range c.k.Lists {
		c.list(l)
	}
	for _, o := range k.Outlets {
		c.outlet(o)
	}
	return c.problems
}

type checker struct {
	k        *Knowledge
	path     string
	asks     map[string]string // normalised ask → path of its owner
	bodies   map[string]string // by path, to name the line
	paths    []string
	kinds    []Kind
	problems []Problem
}

func (c *checker) say(format string, args ...any) {
	c.problems = append(c.problems, Problem{Path: c.path, Reason: fmt.Sprintf(format, args...)})
}

// at says what is wrong with the line that holds the text.
func (c *checker) at(text, format string, args ...any) {
	c.problems = append(c.problems, Problem{c.path, lineWith(c.bodies[c.path], text), fmt.Sprintf(format, args...)})
}

// in moves to the first file of a kind that holds the text.
func (c *checker) in(kind Kind, text string) {
	for i, p := range c.paths {
		if c.kinds[i] == kind && strings.Contains(c.bodies[p], text) {
			c.path = p
			return
		}
	}
	c.path = string(kind)
}

func (c *checker) item(it *Item) {
	c.path = Document{Kind: KindItem, ID: it.Code}.Path()
	if !codeForm.MatchString(it.Code) {
		c.at("code:", "code %q: write a prefix of the catalogue, a hyphen and three digits", it.Code)
	}
	for field, value := range map[string]string{"name": it.Name, "police_type": it.PoliceType, "group": it.Group, "fee": it.Fee, "time_limit": it.TimeLimit} {
		if strings.TrimSpace(value) == "" {
			c.at(field+":", "%s is empty", field)
		}
	}
	if it.Audience != "个人" && it.Audience != "企业" && it.Audience != "两者" {
		c.at("audience:", "audience %q: write 个人, 企业 or 两者", it.Audience)
	}
	if it.Trips < 0 || it.Trips > 2 {
		c.at("trips:", "trips %d: write 0, 1 or 2", it.Trips)
	}
	if len(it.Sources) == 0 {
		c.say("no source")
	}
	c.links(it)
	if utf8.RuneCountInString(it.Choice) > 24 {
		c.at("choice:", "choice is longer than 24 characters")
	}
	for f := range it.Facets {
		if _, ok := FacetNames[f]; !ok {
			c.at(string(f)+":", "unknown facet %q; known are %v", f, Facets)
		}
	}
	if it.Complete() {
		c.date("review", it.Review)
	}
	c.span(it.Effective, it.Expires)
	c.confusable(it)
	c.check(it)
	c.english(it)
	c.askList(it.Asks)
}

func (c *checker) confusable(it *Item) {
	seen := map[string]bool{}
	for _, cf := range it.Confusable {
		switch {
		case cf.Code == it.Code:
			c.at("- code: "+cf.Code, "confusable names the item itself")
		case seen[cf.Code]:
			c.at("- code: "+cf.Code, "confusable names %s twice", cf.Code)
		case c.k.Item(cf.Code) == nil:
			c.at("- code: "+cf.Code, "confusable names %s, which does not exist", cf.Code)
		}
		seen[cf.Code] = true
	}
}

func (c *checker) article(a *Article) {
	c.path = Document{Kind: KindArticle, ID: a.ID}.Path()
	if !idForm.MatchString(a.ID) {
		c.at("id:", "id %q: use lower-case letters, digits and hyphens", a.ID)
	}
	for field, value := range map[string]string{"title": a.Title, "category": a.Category, "summary": a.Summary, "body": a.Body} {
		if strings.TrimSpace(value) == "" {
			c.at(field+":", "%s is empty", field)
		}
	}
	switch a.Kind {
	case KindGuide, KindReport, KindElsewhere:
	default:
		c.at("kind:", "kind %q: write guide, report or elsewhere", a.Kind)
	}
	switch a.Caution {
	case "", "violence", "selfharm", "fraud":
	default:
		c.at("caution:", "caution %q: write violence, selfharm or fraud", a.Caution)
	}
	if len(a.Sources) == 0 {
		c.say("no source")
	}
	for _, code := range a.Related {
		if c.k.Item(code) == nil {
			c.at(code, "related names %s, which does not exist", code)
		}
	}
	if strings.Contains(a.Body, "](http") || strings.Contains(a.Body, "<script") {
		c.say("the body links or runs something from outside")
	}
	c.date("review", a.Review)
	c.span(a.Effective, a.Expires)
	c.askList(a.Asks)
}

func (c *checker) date(field, value string) {
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		c.at(field+":", "%s %q: write a date as YYYY-MM-DD", field, value)
	}
}

func (c *checker) span(effective, expires string) {
	for field, value := range map[string]string{"effective": effective, "expires": expires} {
		if _, err := ParseMoment(value); err != nil {
			c.at(field+":", "%s %q: write Shenzhen time as YYYY-MM-DD or YYYY-MM-DD HH:MM", field, value)
		}
	}
	if s := spanOf(effective, expires); !s.Expires.IsZero() && !s.Effective.Before(s.Expires) {
		c.at("expires:", "expires %q is not after effective %q", expires, effective)
	}
}

func (c *checker) askList(asks []string) {
	if len(asks) > MaxAsks {
		c.say("%d asks; at most %d", len(asks), MaxAsks)
	}
	for _, ask := range asks {
		key := AskKey(ask)
		if key == "" {
			c.say("an empty ask")
			continue
		}
		if owner, ok := c.asks[key]; ok {
			c.at(ask, "the ask %q stands in %s already", ask, owner)
			continue
		}
		c.asks[key] = c.path
	}
}

func (c *checker) counterAsks() {
	contradict := func(path string, counters []string) {
		c.path = path
		for _, ask := range counters {
			if c.asks[AskKey(ask)] == path {
				c.at(ask, "%q is both an ask and a counter-ask", ask)
			}
		}
	}
	for _, it := range c.k.Items {
		contradict(Document{Kind: KindItem, ID: it.Code}.Path(), it.CounterAsks)
	}
	for _, a := range c.k.Articles {
		contradict(Document{Kind: KindArticle, ID: a.ID}.Path(), a.CounterAsks)
	}
}

// AskKey is an ask without spaces, punctuation and case, for telling whether two are the same.
func AskKey(ask string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(" \t\n　,.;:!?，。；：！？、“”\"'‘’（）()…~～-—", r):
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, ask)
}

// linkSchemes are the beginnings of an item's own addresses, by channel.
var linkSchemes = map[string][]string{"web": {"https://"}, "terminal": {"https://"}, "miniprogram": {"https://", "weixin://"}}

func (c *checker) links(it *Item) {
	for _, channel := range slices.Sorted(maps.Keys(it.Links)) {
		address := it.Links[channel]
		schemes, known := linkSchemes[channel]
		switch u, err := url.Parse(address); {
		case address == "":
		case !known:
			c.at(channel+":", "links: %q is not one of web, miniprogram, terminal", channel)
		case err != nil || u.Host == "" || len(address) > 2000 || !slices.ContainsFunc(schemes, func(s string) bool { return strings.HasPrefix(address, s) }):
			c.at(channel+":", "links: %q is no address for %s; begin with %s", address, channel, strings.Join(schemes, " or "))
		}
	}
}

func (c *checker) outlet(o Outlet) {
	c.in(KindOutlet, "id: "+o.ID)
	if o.ID == "" || o.Name == "" || o.District == "" {
		c.at("id: "+o.ID, "outlet %q %q: id, name and district are needed", o.ID, o.Name)
	}
	if (o.Lat != 0 || o.Lng != 0) && o.Sources["position"] == "" {
		c.at("id: "+o.ID, "outlet %q has a position without a source", o.ID)
	}
	if o.Hours != "" && o.Sources["hours"] == "" {
		c.at("id: "+o.ID, "outlet %q has hours without a source", o.ID)
	}
	if o.Lat < -90 || o.Lat > 90 || o.Lng < -180 || o.Lng > 180 {
		c.at("id: "+o.ID, "outlet %q: position out of range", o.ID)
	}
	if o.origin != nil {
		c.at("id: "+o.ID, "outlet %q: origin %q: write for example gcj02 22.5431,114.0579 (wgs84, gcj02 or bd09)", o.ID, o.Origin)
	} else if off := o.strays(); off > 5 {
		c.at("id: "+o.ID, "outlet %q: lat and lng are %d metres from its origin; leave them out, they are reckoned from it", o.ID, int(off))
	}
}

func (c *checker) lexicon() {
	known := map[string]Concept{}
	for _, con := range c.k.Lexicon.Concepts {
		c.in(KindLexicon, "id: "+con.ID)
		if _, ok := known[con.ID]; ok {
			c.at("id: "+con.ID, "concept %q is defined twice", con.ID)
		}
		if len(con.Words) == 0 && con.Name == "" {
			c.at("id: "+con.ID, "concept %q has no words", con.ID)
		}
		switch con.Kind {
		case Object, Action, State, Person, Topic:
		default:
			c.at("id: "+con.ID, "concept %q: kind %q is not one of object, action, state, person, topic", con.ID, con.Kind)
		}
		known[con.ID] = con
	}
	for _, con := range c.k.Lexicon.Concepts {
		c.in(KindLexicon, "id: "+con.ID)
		for _, p := range con.Parents {
			if _, ok := known[p]; !ok {
				c.at("id: "+con.ID, "concept %q has the unknown parent %q", con.ID, p)
			}
		}
		if c.cyclic(con.ID, known, map[string]bool{}) {
			c.at("id: "+con.ID, "concept %q is its own ancestor", con.ID)
		}
	}
	for _, s := range c.k.Lexicon.Sensitive {
		c.in(KindLexicon, "name: "+s.Name)
		if s.Name == "" || len(s.Words) == 0 {
			c.at("name: "+s.Name, "a sensitive matter needs a name and words")
		}
		for _, w := range s.Words {
			if utf8.RuneCountInString(w) < 2 {
				c.at("name: "+s.Name, "sensitive matter %q: the word %q is too short and would be found everywhere; write at least two characters", s.Name, w)
			}
		}
	}
	for _, r := range c.k.Lexicon.Rewrites {
		c.in(KindLexicon, "from: "+r.From)
		if r.From == "" || r.From == r.To {
			c.at("from: "+r.From, "rewrite %q → %q changes nothing", r.From, r.To)
		}
		if it := c.swallowed(r); it != nil {
			c.at("from: "+r.From, "rewrite %q → %q would turn the name of %s, %s, into another; give it a longer from or a when", r.From, r.To, it.Code, it.Name)
		}
	}
}

// swallowed is an item whose own name a rewrite would change, nil when there is none: nobody
// could ask for it by its name any more.
func (c *checker) swallowed(r Rewrite) *Item {
	for _, it := range c.k.Items {
		if r.From == "" || !strings.Contains(it.Name, r.From) || strings.Contains(r.To, r.From) {
			continue
		}
		if len(r.When) == 0 || slices.ContainsFunc(r.When, func(w string) bool { return strings.Contains(it.Name, w) }) {
			return it
		}
	}
	return nil
}

func (c *checker) cyclic(id string, known map[string]Concept, on map[string]bool) bool {
	if on[id] {
		return true
	}
	on[id] = true
	defer delete(on, id)
	for _, p := range known[id].Parents {
		if c.cyclic(p, known, on) {
			return true
		}
	}
	return false
}
