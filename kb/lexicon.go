package kb

// Lexicon 词典 is how citizens' words become the service's words. Several files are
// merged in the order of their names; every list may be empty.
type Lexicon struct {
	// Words are domain words that the segmenter must keep whole.
	Words []string `yaml:"words,omitempty" json:"words,omitempty"`
	// Concepts are groups of words that mean the same thing.
	Concepts []Concept `yaml:"concepts,omitempty" json:"concepts,omitempty"`
	// Rewrites turn misspelt, homophone, dialect, pinyin and colloquial forms into the
	// standard ones before anything else looks at the text.
	Rewrites []Rewrite `yaml:"rewrites,omitempty" json:"rewrites,omitempty"`
	// Stop are phrases that carry no meaning for retrieval.
	Stop []string `yaml:"stop,omitempty" json:"stop,omitempty"`
	// Places are names of provinces and cities other than our own: they say nothing of what is
	// asked.
	Places []string `yaml:"places,omitempty" json:"places,omitempty"`
	// Sensitive are matters that a person takes, or is offered for at once. The first whose word
	// stands in a line counts.
	Sensitive []Sensitive `yaml:"sensitive,omitempty" json:"sensitive,omitempty"`
}

// Sensitive is a matter that is too delicate for a machine alone.
type Sensitive struct {
	// Name is what agents read of it.
	Name string `yaml:"name" json:"name"`
	// Words are what citizens write, each at least two characters.
	Words []string `yaml:"words" json:"words"`
	// Group is the hotline group that takes it, "" for that of what the conversation is about.
	Group string `yaml:"group,omitempty" json:"group,omitempty"`
	// Says is what a citizen reads first, "" for nothing.
	Says string `yaml:"says,omitempty" json:"says,omitempty"`
	// Offer leaves the answer as it is and offers a person beside it; without it the line goes
	// to a person.
	Offer bool `yaml:"offer,omitempty" json:"offer,omitempty"`
}

// ConceptKind says which slot of an item's signature a concept fills.
type ConceptKind string

// The kinds of concept.
const (
	Object ConceptKind = "object"
	Action ConceptKind = "action"
	State  ConceptKind = "state"
	Person ConceptKind = "person"
	Topic  ConceptKind = "topic"
)

// Concept is a group of words with one meaning.
type Concept struct {
	// ID is a short English name, unique in the lexicon, e.g. "passport".
	ID   string      `yaml:"id" json:"id"`
	Kind ConceptKind `yaml:"kind" json:"kind"`
	// Name is the official term.
	Name string `yaml:"name" json:"name"`
	// Words are what citizens say for it; Name counts as one of them.
	Words []string `yaml:"words" json:"words"`
	// Parents are the IDs of wider concepts: whoever says this one also says those.
	Parents []string `yaml:"parents,omitempty" json:"parents,omitempty"`
}

// Rewrite replaces From by To. With When set, only in a text that contains one of When.
type Rewrite struct {
	From string   `yaml:"from" json:"from"`
	To   string   `yaml:"to" json:"to"`
	When []string `yaml:"when,omitempty" json:"when,omitempty"`
}
