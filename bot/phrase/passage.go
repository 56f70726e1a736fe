package phrase

import (
	"strconv"
	"strings"

	"shenwei/bot"
	"shenwei/kb"
)

// passages of a reply are those texts of it that may be said in other words: what was asked of an
// item, or a guide. Dangers, refusals, handovers and where to report are said as published.

// part is one text of a reply.
type part struct {
	// of names the document, its revision and what of it is said.
	of    string
	title string
	text  string
	// around are published words of the same document.
	around []string
	// put sets the text in its block.
	put func(text string)
}

// partOf finds the text of a reply that is re-worded, nil where nothing may be.
func partOf(k *kb.Knowledge, r *bot.Reply) *part {
	if r.Action != bot.Answer || r.Handoff != nil || len(r.Items) > 1 {
		return nil
	}
	if r.Lang != "" && r.Lang != bot.Hans {
		return nil // converted and English texts are said as they are: the checks read simplified Chinese
	}
	for i := range r.Blocks {
		b := &r.Blocks[i]
		switch {
		case b.Type == bot.BlockEmergency, b.Type == bot.BlockHotline, b.Type == bot.BlockCaution && len(b.Links) > 0:
			return nil
		}
	}
	for i := range r.Blocks {
		b := &r.Blocks[i]
		switch {
		case b.Type == bot.BlockItem && b.Item != nil:
			return itemPart(b.Item, r.Sources)
		case b.Type == bot.BlockText && r.Article != "" && b.Title != "":
			return articlePart(k, b, r)
		}
	}
	return nil
}

func itemPart(card *bot.ItemCard, sources []bot.Source) *part {
	p := &part{title: card.Name, around: []string{card.Name, card.Summary, card.Fee, card.TimeLimit, strings.Join(card.Materials, "、")}}
	of := revision(sources, card.Code)
	if card.FacetText != "" {
		p.of, p.text = of+"/"+string(card.Facet), card.FacetText
		p.title += " " + card.FacetName
		p.around = append(p.around, card.FacetName)
		p.put = func(text string) { card.FacetText = text }
		return p
	}
	if card.Summary == card.Name {
		return nil
	}
	p.of, p.text = of+"/summary", card.Summary
	p.put = func(text string) { card.Summary = text }
	return p
}

func articlePart(k *kb.Knowledge, b *bot.Block, r *bot.Reply) *part {
	a := k.Article(r.Article)
	if a == nil || a.Kind != kb.KindGuide || a.Caution != "" {
		return nil
	}
	return &part{
		of: revision(r.Sources, a.ID) + "/body", title: a.Title, text: b.Text, around: []string{a.Title},
		put: func(text string) { b.Text = text },
	}
}

func revision(sources []bot.Source, id string) string {
	for _, s := range sources {
		if s.ID == id {
			return string(s.Kind) + "/" + id + "@" + strconv.FormatInt(s.Revision, 10)
		}
	}
	return id
}

// apply puts a wording into a reply, its text included, and marks it. It changes nothing and
// returns false where the published text is not found in the reply's.
func apply(r *bot.Reply, p *part, wording string) bool {
	text, ok := replace(r.Text, p.text, wording)
	if !ok {
		return false
	}
	p.put(wording)
	r.Text, r.AIGenerated = text+"\n"+bot.AILabel, true
	return true
}

// replace puts new words in the place of the published ones. A reply's text has its lines without
// the blanks that blocks may have around them.
func replace(text, published, wording string) (string, bool) {
	for _, old := range []string{published, trimmed(published), strings.TrimSpace(published), collapsed(published)} {
		if old != "" && strings.Contains(text, old) {
			return strings.Replace(text, old, wording, 1), true
		}
	}
	return text, false
}

// collapsed is a text with the blanks after its first line gone, as a summary before a body has it.
func collapsed(text string) string {
	first, rest, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(first) + "\n" + strings.TrimSpace(rest)
}
