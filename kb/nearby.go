package kb

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"shenwei/internal/geo"
)

// Nearby is an outlet with its distance, -1 when either place is not known.
type Nearby struct {
	Outlet
	Metres int
	// Responsible says that the place asked for lies in this station's own area.
	Responsible bool
}

// Where is a place that people name.
type Where struct {
	Name, District string
	// Responsible are the ids of the stations whose area it is.
	Responsible []string
	// Spot is where it is, known only of an outlet.
	Spot *geo.Point
}

// Wanted says which outlets are looked for; the zero value is all of them.
type Wanted struct {
	// Item must be served there; an outlet that does not say what it serves may do.
	Item *Item
	// Kind is an outlet's kind, "" for any.
	Kind string
	// Where is a place, nil for the whole city. At is where the citizen is.
	Where *Where
	At    *geo.Point
	// Open keeps those that are surely open at the time; AllDay those that never close.
	Open   time.Time
	AllDay bool
}

// FindOutlets lists the outlets that are wanted: the station that is responsible first, then the
// nearest, then in the order of the knowledge.
func (k *Knowledge) FindOutlets(w Wanted) []Nearby {
	at := w.At
	if at == nil && w.Where != nil {
		at = w.Where.Spot
	}
	var out []Nearby
	for _, o := range k.Outlets {
		if !o.fits(w) {
			continue
		}
		n := Nearby{Outlet: o, Metres: -1, Responsible: w.Where != nil && slices.Contains(w.Where.Responsible, o.ID)}
		if spot := o.Spot(); at != nil && spot != nil {
			n.Metres = int(math.Round(geo.Metres(*at, *spot)))
		}
		out = append(out, n)
	}
	slices.SortStableFunc(out, func(x, y Nearby) int { return cmp.Compare(x.rank(), y.rank()) })
	return out
}

// rank is by what outlets are sorted.
func (n Nearby) rank() int {
	switch {
	case n.Responsible:
		return -1
	case n.Metres < 0:
		return math.MaxInt32
	}
	return n.Metres
}

func (o Outlet) fits(w Wanted) bool {
	open, known := o.Opening()
	switch {
	case w.Kind != "" && o.Kind != w.Kind, !o.serves(w.Item):
		return false
	case w.Where != nil && w.Where.Spot == nil && !slices.Contains(w.Where.Responsible, o.ID) && w.Where.District != "" && o.District != w.Where.District:
		return false
	case w.AllDay && !(known && open.AllDay()):
		return false
	case !w.Open.IsZero():
		now, _ := open.At(w.Open)
		return known && now
	}
	return true
}

// serves tells whether an item may be handled at an outlet. One that does not say what it
// serves stays in the list: its telephone answers that. A terminal handles nothing that is not
// on terminals, and a border port only what it says.
func (o Outlet) serves(it *Item) bool {
	switch {
	case it == nil:
		return true
	case o.Kind == Terminal && !it.Terminal:
		return false
	case len(o.Serves) == 0:
		return o.Kind != Port
	}
	return slices.Contains(o.Serves, it.Code) || slices.Contains(o.Serves, it.PoliceType)
}

// FindPlace returns the place that a text names: a community or street that a station covers, a
// neighbourhood, a district or an outlet itself. Of several the longest name counts, of equally
// long ones the first in the text.
func (k *Knowledge) FindPlace(text string) (Where, bool) {
	best, at := Where{}, 0
	for _, o := range k.Outlets {
		for _, name := range o.names() {
			i := strings.Index(text, name)
			if name == "" || i < 0 || len(name) < len(best.Name) || len(name) == len(best.Name) && best.Name != name && i >= at {
				continue
			}
			if name != best.Name {
				best, at = Where{Name: name, District: o.District}, i
			}
			if slices.Contains(o.Covers, name) && !slices.Contains(best.Responsible, o.ID) {
				best.Responsible, best.District = append(best.Responsible, o.ID), o.District
			}
			if name == o.Name {
				best.Spot = o.Spot()
			}
		}
	}
	return best, best.Name != ""
}

// names are what people may call the place where an outlet is.
func (o Outlet) names() []string {
	short := strings.TrimSuffix(strings.TrimSuffix(o.District, "新区"), "区")
	return slices.Concat(o.Covers, o.Places, []string{o.District, short, o.Name})
}

// strays is how many metres an outlet's position is from its origin.
func (o Outlet) strays() float64 {
	system, given, err := geo.Parse(o.Origin)
	spot := o.Spot()
	if err != nil || spot == nil {
		return 0
	}
	return geo.Metres(system.ToWGS(given), *spot)
}
