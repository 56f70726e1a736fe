package intents

import "shenwei/kb/segment"

// Explained is how a line is read, for people who edit the lexicon.
type Explained struct {
	// Text is the line after normalising and mending, without what says nothing of what is asked
	// (other places' names, openings); all offsets are in its characters.
	Text string
	// Tokens are the line's words in order, without overlaps.
	Tokens   []segment.Token
	Concepts []ConceptHit
	// Rewrites are what was mended, in the order in which it stands in the line.
	Rewrites []segment.Mended
	// Pinyin is set for a line that was read from pinyin.
	Pinyin bool
}

// Explain reads a line as Read does and tells each step.
func (u *Understander) Explain(text string) Explained {
	normal := u.norm.Text(text)
	var x Explained
	x.Text, x.Pinyin = u.repair.Text(normal)
	if !x.Pinyin {
		x.Rewrites = u.repair.Mended(normal)
	}
	x.Text = u.elsewhere(x.Text)
	runes := []rune(x.Text)
	offset := byteToRune(runes)
	for _, t := range u.seg.Tokens(x.Text) {
		t.Start = offset(t.Start)
		t.End = offset(t.End)
		x.Tokens = append(x.Tokens, t)
	}
	x.Concepts = u.concepts.Find(runes)
	return x
}
