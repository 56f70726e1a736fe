package phrase

import (
	"context"
	"strings"

	"shenwei/bot"
	"shenwei/kb"
)

// Warm makes the wordings of a release that are not kept yet, what is asked most first, until ctx
// ends, the part of the day's tokens for it is used up, or the server fails. It returns how many
// it made and how many it looked at. It asks one at a time: citizens come first.
func (s *Service) Warm(ctx context.Context, e Release) (made, seen int) {
	if s.cfg.SendQuestion {
		return 0, 0 // wordings are made for one citizen each
	}
	know := e.Knowledge()
	dict := NewDictionary(know)
	for _, p := range warmParts(know, e) {
		if ctx.Err() != nil || s.Off() || s.breaker.look() != closed || !s.spent.mayWarm() {
			return made, seen
		}
		seen++
		id := s.key(p)
		if s.kept(id, dict, p) != "" {
			continue
		}
		src := dict.NewSource(p.text, p.around...)
		within, cancel := context.WithTimeout(ctx, webWithin)
		text, err := s.ask(within, src, p.title, "", nil, true)
		cancel()
		if err != nil {
			s.counts.add("warm " + reason(err))
			continue
		}
		s.cache.put(id, text)
		s.counts.add("warmed")
		made++
	}
	return made, seen
}

// Release is what is live, as warming needs it; *bot.Engine is one.
type Release interface {
	Knowledge() *kb.Knowledge
	Revision(kind kb.Kind, id string) int64
}

// warmParts are the texts that answers are made of: those of popular items first, then what every
// item is asked for most, then the guides.
func warmParts(k *kb.Knowledge, e Release) []*part {
	var first, rest []*part
	for _, it := range k.Items {
		sources := []bot.Source{{Kind: kb.KindItem, ID: it.Code, Revision: max(1, e.Revision(kb.KindItem, it.Code))}}
		for _, f := range append([]kb.Facet{kb.Other}, kb.Facets...) {
			if f == kb.Other && it.Facets[f] != "" {
				continue
			}
			p := itemPart(cardOf(it, f), sources)
			if p == nil {
				continue
			}
			if it.Popular {
				first = append(first, p)
			} else {
				rest = append(rest, p)
			}
		}
	}
	for _, a := range k.Articles {
		r := &bot.Reply{Article: a.ID, Sources: []bot.Source{{Kind: kb.KindArticle, ID: a.ID, Revision: max(1, e.Revision(kb.KindArticle, a.ID))}}}
		if p := articlePart(k, &bot.Block{Title: a.Title, Text: a.Summary + "\n" + a.Body}, r); p != nil {
			rest = append(rest, p)
		}
	}
	return append(first, rest...)
}

// cardOf is the card of an item as an answer to what is asked has it.
func cardOf(it *kb.Item, f kb.Facet) *bot.ItemCard {
	c := &bot.ItemCard{Code: it.Code, Name: it.Name, Summary: it.Summary, Facet: f, Fee: it.Fee, TimeLimit: it.TimeLimit, Materials: it.Materials}
	if strings.TrimSpace(c.Summary) == "" {
		c.Summary = it.Name
	}
	if text := it.Facets[f]; text != "" {
		c.FacetName, c.FacetText = kb.FacetNames[f], text
	}
	return c
}
