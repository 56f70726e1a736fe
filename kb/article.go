package kb

// Article 知识条目 is knowledge that belongs to no single item: a rule, a notice, a
// how-to. Its file is Markdown with the other fields as front matter.
type Article struct {
	ID       string `yaml:"id" json:"id"`
	Title    string `yaml:"title" json:"title"`
	Category string `yaml:"category" json:"category"`
	// Kind is "guide" (an answer), "report" (an answer that says where to report) or
	// "elsewhere" (not ours: where to go instead, answered as decline).
	Kind string `yaml:"kind" json:"kind"`
	// Summary is the conclusion in one or two sentences, shown first.
	Summary string `yaml:"summary" json:"summary"`
	// Caution is set where the matter touches danger: violence, selfharm or fraud.
	Caution string `yaml:"caution,omitempty" json:"caution,omitempty"`
	// Phones are numbers to offer as buttons, most urgent first.
	Phones []string `yaml:"phones,omitempty" json:"phones,omitempty"`
	// Related are codes of items that often come next.
	Related     []string `yaml:"related,omitempty" json:"related,omitempty"`
	Asks        []string `yaml:"asks" json:"asks"`
	CounterAsks []string `yaml:"counter_asks,omitempty" json:"counter_asks,omitempty"`
	Group       string   `yaml:"group,omitempty" json:"group,omitempty"`
	Sources     []string `yaml:"sources" json:"sources"`
	LegalBasis  []string `yaml:"legal_basis,omitempty" json:"legal_basis,omitempty"`
	// Owner, Effective and Expires are as an item's.
	Owner     string `yaml:"owner,omitempty" json:"owner,omitempty"`
	Effective string `yaml:"effective,omitempty" json:"effective,omitempty"`
	Expires   string `yaml:"expires,omitempty" json:"expires,omitempty"`
	Review    string `yaml:"review" json:"review"`
	// Body is Markdown.
	Body string `yaml:"-" json:"body"`
}

// The kinds of article.
const (
	KindGuide     = "guide"
	KindReport    = "report"
	KindElsewhere = "elsewhere"
)
