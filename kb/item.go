package kb

// Facet is what is asked about an item 要点.
type Facet string

// The facets of an item, in the order in which a citizen needs them.
const (
	Condition   Facet = "condition"
	Material    Facet = "material"
	How         Facet = "how"
	Fee         Facet = "fee"
	Time        Facet = "time"
	Place       Facet = "place"
	Progress    Facet = "progress"
	Consequence Facet = "consequence"
	Other       Facet = "other"
)

// Facets lists all facets in the order in which a citizen needs them.
var Facets = []Facet{Condition, Material, How, Fee, Time, Place, Progress, Consequence, Other}

// FacetNames are the words shown on screen.
var FacetNames = map[Facet]string{
	Condition: "办理条件", Material: "材料", How: "办理流程", Fee: "费用", Time: "办理时限",
	Place: "办理地点", Progress: "进度查询", Consequence: "影响与后果", Other: "其他",
}

// Confusable points to an item that citizens mix up with this one.
type Confusable struct {
	// Code of the other item.
	Code string `yaml:"code" json:"code"`
	// Question is the one question that tells the two apart.
	Question string `yaml:"question,omitempty" json:"question,omitempty"`
}

// Item 业务事项 is one of the things that a citizen can do: structured facts, texts by
// facet, and the words in which people ask for it.
type Item struct {
	Code       string   `yaml:"code" json:"code"`
	PoliceType string   `yaml:"police_type" json:"police_type"`
	Name       string   `yaml:"name" json:"name"`
	Aliases    []string `yaml:"aliases" json:"aliases"`
	// Audience is 个人, 企业 or 两者.
	Audience string `yaml:"audience" json:"audience"`
	// Trips is how often the applicant must appear in person on the easiest online way, 0 to 2.
	Trips int `yaml:"trips" json:"trips"`
	// TripsNote says for whom Trips does not hold.
	TripsNote string   `yaml:"trips_note,omitempty" json:"trips_note,omitempty"`
	Terminal  bool     `yaml:"terminal" json:"terminal"`
	Popular   bool     `yaml:"popular" json:"popular"`
	Fee       string   `yaml:"fee" json:"fee"`
	TimeLimit string   `yaml:"time_limit" json:"time_limit"`
	Materials []string `yaml:"materials" json:"materials"`
	// Identity is the level of identification that the online way requires.
	Identity string `yaml:"identity,omitempty" json:"identity,omitempty"`
	// Links are this item's own addresses by channel (web, miniprogram, terminal); what is not
	// here follows the operator's templates.
	Links map[string]string `yaml:"links,omitempty" json:"links,omitempty"`
	// Group is the hotline group that takes handovers.
	Group string   `yaml:"group" json:"group"`
	Tags  []string `yaml:"tags" json:"tags"`
	// Summary is the conclusion in one line, shown first.
	Summary string `yaml:"summary,omitempty" json:"summary,omitempty"`
	// Choice is the short label that tells this item from its neighbours in a list.
	Choice string           `yaml:"choice,omitempty" json:"choice,omitempty"`
	Facets map[Facet]string `yaml:"facets,omitempty" json:"facets,omitempty"`
	// Handover says when a person takes over; empty where the bot may answer alone.
	Handover string `yaml:"handover,omitempty" json:"handover,omitempty"`
	// Check is how 能不能办 leads to this item; nil where no matter does.
	Check      *Check       `yaml:"check,omitempty" json:"check,omitempty"`
	Confusable []Confusable `yaml:"confusable,omitempty" json:"confusable,omitempty"`
	// Asks are phrasings that lead here; CounterAsks must not.
	Asks        []string `yaml:"asks,omitempty" json:"asks,omitempty"`
	CounterAsks []string `yaml:"counter_asks,omitempty" json:"counter_asks,omitempty"`
	// English is the item for readers of English; nil for none.
	English *English `yaml:"english,omitempty" json:"english,omitempty"`
	// Sources name where the facts come from, LegalBasis the rules that they rest on.
	Sources    []string `yaml:"sources" json:"sources"`
	LegalBasis []string `yaml:"legal_basis,omitempty" json:"legal_basis,omitempty"`
	// Owner is the unit that answers for the text.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// Effective and Expires bound the time in which this text is in force (see ParseMoment):
	// before, the revision that it changes stays; after, the item is not answered.
	Effective string `yaml:"effective,omitempty" json:"effective,omitempty"`
	Expires   string `yaml:"expires,omitempty" json:"expires,omitempty"`
	// Review is the date (YYYY-MM-DD) by which the owner looks at the text again.
	Review string `yaml:"review,omitempty" json:"review,omitempty"`
}

// Complete reports whether the item has its own texts, not only the catalogue's facts.
func (it *Item) Complete() bool { return it.Summary != "" && len(it.Facets) > 0 }

// TripsLabel is how the service calls the number of visits.
func (it *Item) TripsLabel() string {
	switch it.Trips {
	case 0:
		return "零跑腿"
	case 1:
		return "一次跑动"
	}
	return "需多次到场"
}
