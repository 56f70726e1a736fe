package kb

// List is items and articles that belong together for a reader: an event of life or a group
// of people.
type List struct {
	ID string `yaml:"id" json:"id"`
	// By is life or audience.
	By       string   `yaml:"by" json:"by"`
	Name     string   `yaml:"name" json:"name"`
	Items    []string `yaml:"items,omitempty" json:"items,omitempty"`
	Articles []string `yaml:"articles,omitempty" json:"articles,omitempty"`
}

// The ways to list.
const (
	ByLife     = "life"
	ByAudience = "audience"
)

// ParseLists reads a file of lists.
func ParseLists(doc Document) ([]List, []Problem) {
	var f struct {
		Lists []List `yaml:"lists"`
	}
	if ps := decode(doc, doc.Body, 0, &f); ps != nil {
		return nil, ps
	}
	return f.Lists, nil
}

func (c *checker) list(l List) {
	c.path = "lists"
	if l.ID == "" || l.Name == "" || l.By != ByLife && l.By != ByAudience {
		c.say("list %q %q: id and name are needed, and by is life or audience", l.ID, l.Name)
	}
	for _, code := range l.Items {
		if c.k.Item(code) == nil {
			c.say("list %q names the item %s, which does not exist", l.ID, code)
		}
	}
	for _, id := range l.Articles {
		if c.k.Article(id) == nil {
			c.say("list %q names the article %s, which does not exist", l.ID, id)
		}
	}
	if len(l.Items)+len(l.Articles) == 0 {
		c.say("list %q is empty", l.ID)
	}
}
