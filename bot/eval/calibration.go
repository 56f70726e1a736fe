package eval

import (
	"sort"
	"strings"
	"unicode/utf8"

	"shenwei/bot"
)

// Bin is one step of a reliability table: replies whose confidence lies in [From, To), what
// they claimed on average and how many were right.
type Bin struct {
	From, To, Claimed, Right float64
	Count                    int
}

const bins = 10

// Reliability holds what answers claim against what they reach. A calibrated engine's bins
// lie on the diagonal.
func Reliability(all []Judgement) []Bin {
	out := make([]Bin, bins)
	for i := range out {
		out[i].From, out[i].To = float64(i)/bins, float64(i+1)/bins
	}
	for _, j := range all {
		if j.Reply.Action != bot.Answer {
			continue
		}
		b := &out[min(bins-1, int(j.Reply.Confidence*bins))]
		b.Count++
		b.Claimed += j.Reply.Confidence
		if j.Outcome == Hit {
			b.Right++
		}
	}
	for i := range out {
		if n := float64(out[i].Count); n > 0 {
			out[i].Claimed /= n
			out[i].Right /= n
		}
	}
	return out
}

// Group is the summary of the rows that share a property.
type Group struct {
	Name string
	Report
}

// GroupBy splits judgements by a property and summarises each part, by name. Rows for which
// the property is "" are left out.
func GroupBy(all []Judgement, property func(Row) string) []Group {
	parts := map[string][]Judgement{}
	for _, j := range all {
		if name := property(j.Row); name != "" {
			parts[name] = append(parts[name], j)
		}
	}
	groups := make([]Group, 0, len(parts))
	for name, part := range parts {
		groups = append(groups, Group{name, Summarise(part)})
	}
	sort.Slice(groups, func(i, k int) bool { return groups[i].Name < groups[k].Name })
	return groups
}

// Writing is the way of writing that a gold row's id begins with ("typo-CRJ-0012" → typo);
// "" for ids of another form.
func Writing(r Row) string {
	kind, rest, ok := strings.Cut(r.ID, "-")
	if !ok || !strings.Contains(rest, "-") {
		return ""
	}
	return kind
}

// Family is the prefix of the first acceptable item, which stands for a police type.
func Family(r Row) string {
	if len(r.Codes) == 0 {
		return ""
	}
	prefix, _, _ := strings.Cut(r.Codes[0], "-")
	return prefix
}

// Length is the class of a question's length.
func Length(r Row) string {
	switch n := utf8.RuneCountInString(r.Question); {
	case n <= 8:
		return "1–8 characters"
	case n <= 20:
		return "9–20 characters"
	case n <= 50:
		return "21–50 characters"
	}
	return "over 50 characters"
}
