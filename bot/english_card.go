package bot

import (
	"slices"
	"strings"

	"shenwei/kb"
)

// englishCard is an item's card for readers of English. What nobody has put into English stays
// Chinese, and the card says which part and whom to ask.
func (s Site) englishCard(k *kb.Knowledge, card *ItemCard) *ItemCard {
	it := k.Item(card.Code)
	if it == nil || it.English == nil {
		return card
	}
	en, c := it.English, *card
	var missing []string
	lacks := func(text, part string) {
		if hasHan(text) {
			missing = append(missing, part)
		}
	}
	c.Name, c.Summary = en.Name, en.Text
	c.PoliceType, c.Trips = inEnglish(c.PoliceType), inEnglish(c.Trips)
	c.Fee, c.TimeLimit = first(en.Fee, inEnglish(c.Fee)), first(en.TimeLimit, inEnglish(c.TimeLimit))
	lacks(c.Fee, "the fee")
	lacks(c.TimeLimit, "the time it takes")
	if c.TripsNote = en.TripsNote; c.TripsNote == "" && it.TripsNote != "" {
		missing = append(missing, "for whom the number of visits holds")
	}
	if len(en.Materials) > 0 {
		c.Materials = en.Materials
	}
	lacks(strings.Join(c.Materials, ""), "the documents needed")
	if c.FacetName, c.FacetText = "", en.Facets[c.Facet]; c.FacetText != "" {
		c.FacetName = facetInEnglish(c.Facet)
	}
	if en.Facets[kb.Condition] == "" && it.Facets[kb.Condition] != "" {
		missing = append(missing, "the conditions")
	}
	if en.Facets[kb.How] == "" && it.Facets[kb.How] != "" {
		missing = append(missing, "the steps")
	}
	if c.Handover != "" {
		c.Handover = "Some cases have to be looked at by a person."
	}
	if len(missing) > 0 {
		c.Foreign = "In Chinese only: " + andList(missing) + ". " + s.whoHelps(it)
	}
	c.Links = visited(c.Links, func(l *Link) { l.Label = inEnglish(l.Label) })
	c.Related = slices.DeleteFunc(visited(c.Related, func(o *Option) {
		if other := k.Item(o.Code); other != nil && other.English != nil {
			o.Label, o.Hint = other.English.Name, ""
		}
	}), func(o Option) bool { return hasHan(o.Label) })
	return &c
}

// whoHelps names whom a reader of English can ask about an item.
func (s Site) whoHelps(it *kb.Item) string {
	switch {
	case it.PoliceType == "出入境":
		return "For help call 12367 (24 hours, Chinese and English), or ask for a person here."
	case s.Hotline != "":
		return "For help call " + s.Hotline + ", or ask for a person here."
	}
	return "For help call 12345, or ask for a person here."
}

// englishGuide are the sections of a card's guide that have English, but for the one on the card.
func englishGuide(k *kb.Knowledge, card *ItemCard) []Section {
	if card == nil {
		return nil
	}
	it := k.Item(card.Code)
	if it == nil || it.English == nil {
		return nil
	}
	var sections []Section
	for _, f := range kb.Facets {
		if text := it.English.Facets[f]; text != "" && (f != card.Facet || card.FacetText == "") {
			sections = append(sections, Section{f, facetInEnglish(f), text})
		}
	}
	return sections
}

// InEnglish is an item as a page in English shows it, with the sections of its guide; nil where it has
// no English.
func (s Site) InEnglish(k *kb.Knowledge, it *kb.Item) (*ItemCard, []Section) {
	if it.English == nil {
		return nil, nil
	}
	card := &ItemCard{
		Code: it.Code, Name: it.Name, PoliceType: it.PoliceType, Trips: it.TripsLabel(), TripsNote: it.TripsNote, Fee: it.Fee, TimeLimit: it.TimeLimit,
		Materials: it.Materials, Handover: it.Handover, Review: it.Review, Sources: it.Sources,
	}
	for _, cf := range it.Confusable {
		if other := k.Item(cf.Code); other != nil {
			card.Related = append(card.Related, Option{Code: other.Code, Label: other.Name})
		}
	}
	card = s.englishCard(k, card)
	return card, englishGuide(k, card)
}

func facetInEnglish(f kb.Facet) string { return inEnglish(kb.FacetNames[f]) }

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// andList joins parts as a sentence names them.
func andList(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

func sayCard(say func(...string), c *ItemCard) {
	if c == nil {
		return
	}
	say("["+c.Name+"]", c.Summary)
	for _, l := range c.Links {
		say(l.Label + ": " + l.URL)
	}
	if c.FacetText != "" {
		say(c.FacetName + ": " + c.FacetText)
	}
	for _, fact := range [][2]string{{"Visits", c.Trips}, {"Fee", c.Fee}, {"Time", c.TimeLimit}} {
		if fact[1] != "" {
			say(fact[0] + ": " + fact[1])
		}
	}
	say(c.TripsNote)
	if papers := strings.Join(c.Materials, "; "); hasHan(papers) {
		say("Bring (official Chinese names): " + strings.Join(c.Materials, "、"))
	} else if papers != "" {
		say("Bring: " + papers)
	}
	say(c.Handover, c.Foreign)
}
