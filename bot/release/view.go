package release

import (
	"slices"

	"shenwei/bot"
	"shenwei/intents"
	"shenwei/kb"
)

// View is what pages and lists show of what is live: the engine's knowledge without what is
// taken down.
type View struct {
	*bot.Engine
	know      *kb.Knowledge
	overrides *bot.Overrides
}

func newView(e *bot.Engine, o *bot.Overrides) *View {
	v := &View{Engine: e, know: e.Knowledge(), overrides: o}
	if o.HidesAny() {
		v.know = v.know.Without(o.Hides)
	}
	return v
}

// Knowledge is the live knowledge without what is taken down.
func (v *View) Knowledge() *kb.Knowledge { return v.know }

// Overrides are what people set for the moment; never nil.
func (v *View) Overrides() *bot.Overrides { return v.overrides }

// Links are an item's buttons without those that are taken down.
func (v *View) Links(it *kb.Item) []bot.Link {
	return slices.DeleteFunc(v.Engine.Buttons(it, v.overrides, bot.Context{Channel: bot.Web}), func(l bot.Link) bool { return v.overrides.HidesLink(l.URL) })
}

// Nearest lists what a beginning of a question may mean, without what is taken down.
func (v *View) Nearest(text string, n int) []intents.Scored {
	found := v.Engine.Nearest(text, n)
	return slices.DeleteFunc(found, func(s intents.Scored) bool { return v.overrides.Hides(string(s.Kind) + "/" + s.Code) })
}
