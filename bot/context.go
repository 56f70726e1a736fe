package bot

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/kb"
)

// Context is what a button hands over to the business site, so that its form is pre-filled: which
// item, what the citizen answered, and from which channel she comes. It never holds personal
// data.
type Context struct {
	Item       string            `json:"item"`
	Conditions map[string]string `json:"conditions"`
	Channel    Channel           `json:"channel"`
}

// ctxMark is where a template takes the code that stands for a context.
const ctxMark = "{ctx}"

func handsOver(tmpl string) bool { return strings.Contains(tmpl, ctxMark) }

// HandsOver tells whether buttons hand over a context.
func (s Site) HandsOver() bool { return handsOver(s.Links[LinkWeb]) }

// Handover is the address of the business site for an item, with a code that stands for a
// context; false where nothing is handed over and the plain link counts.
func (s Site) Handover(it *kb.Item, code string) (string, bool) {
	if !s.HandsOver() || it.Links[string(LinkWeb)] != "" {
		return "", false
	}
	return strings.ReplaceAll(s.fill(s.Links[LinkWeb], it.Code), ctxMark, url.QueryEscape(code)), true
}

// The bounds of what is handed over.
const (
	maxConditions = 8
	maxCondition  = 24 // characters
)

var conditionName = regexp.MustCompile(`^[a-z][a-z_]{0,23}$`)

// private are slots that tell more of a citizen than the kind of matter.
var private = []string{"age", "district"}

// Conditions are the answers among a conversation's slots that may be handed over: short ones,
// at most eight, without anything that looks like personal data. Never nil.
func Conditions(slots map[string]string) map[string]string {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(slots)) {
		value := slots[name]
		switch {
		case len(out) == maxConditions, !conditionName.MatchString(name), slices.Contains(private, name):
		case value == "" || !utf8.ValidString(value) || utf8.RuneCountInString(value) > maxCondition || strings.ContainsAny(value, "\n\r\x00"):
		case mask.Text(value) != value || digits.MatchString(value):
		default:
			out[name] = value
		}
	}
	return out
}

// digits is a number that is too long for an answer.
var digits = regexp.MustCompile(`\d{4,}`)

// conditionPrefix keeps answers apart from other parameters of an address.
const conditionPrefix = "c."

// ReadContext reads a context from the parameters of a button's address. What may not be handed
// over is left out: anybody can write an address.
func ReadContext(item string, q url.Values) Context {
	slots := map[string]string{}
	for name := range q {
		if rest, ok := strings.CutPrefix(name, conditionPrefix); ok {
			slots[rest] = q.Get(name)
		}
	}
	c := Context{Item: item, Conditions: Conditions(slots), Channel: Channel(q.Get("from"))}
	switch c.Channel {
	case Web, H5, Terminal, API, CLI, WeChat, WeCom:
	default:
		c.Channel = Web
	}
	return c
}

// goURL is our own address that hands over a context and leads on.
func (s Site) goURL(code string, c Context) string {
	q := url.Values{}
	for name, value := range c.Conditions {
		q.Set(conditionPrefix+name, value)
	}
	if c.Channel != "" && c.Channel != Web {
		q.Set("from", string(c.Channel))
	}
	to := s.BaseURL + "/go/" + url.PathEscape(code)
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

// buttons are an item's links as a citizen gets them.
func (s Site) buttons(it *kb.Item, o *Overrides, c Context) []Link {
	var out []Link
	for _, l := range s.links(it) {
		switch {
		case o.IsDead(l.URL) && l.Kind == LinkWeb:
			l = Link{LinkWeb, "查看办事指南", s.GuideURL(it.Code)}
		case o.IsDead(l.URL):
			continue
		case l.Kind == LinkWeb && s.HandsOver() && it.Links[string(LinkWeb)] == "":
			l.URL = s.goURL(it.Code, c)
		}
		out = append(out, l)
	}
	return out
}

// Reasons why a code opens nothing.
const (
	CodeUnknown = "unknown"
	CodeExpired = "expired"
	CodeUsed    = "used"
)

// CodeError is why a code opens no context. It carries a fault for the caller.
type CodeError struct{ Reason string }

// Error says the reason.
func (e *CodeError) Error() string { return "the code is " + e.Reason }

// Unwrap is the fault that a caller outside meets: conflict for a code that was used, not_found
// for any other.
func (e *CodeError) Unwrap() error {
	switch e.Reason {
	case CodeUsed:
		return fault.New(fault.Conflict, "这个代码已经用过；每个代码只能兑换一次")
	case CodeExpired:
		return fault.New(fault.NotFound, "这个代码已经过期；代码五分钟内有效")
	}
	return fault.New(fault.NotFound, "没有这个代码")
}

// LinkHealth is how the address behind a button has answered.
type LinkHealth struct {
	URL string `json:"url"`
	// Items are the codes of the items that lead there.
	Items []string `json:"items"`
	// State is alive, failing, dead, or unchecked for an address that we do not go to.
	State LinkState `json:"state"`
	// Failures counts the checks in a row that failed; Says is the last one's result, in words
	// for an editor.
	Failures int    `json:"failures"`
	Says     string `json:"says"`
	// Checked is when it was looked at last, Since when its state began.
	Checked time.Time `json:"checked"`
	Since   time.Time `json:"since"`
}

// LinkState is what is thought of an address.
type LinkState string

// The states of an address.
const (
	LinkAlive     LinkState = "alive"
	LinkFailing   LinkState = "failing"
	LinkDead      LinkState = "dead"
	LinkUnchecked LinkState = "unchecked"
)
