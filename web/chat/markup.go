package chat

import "strings"

// part is a paragraph or a list of a facet's text.
type part struct {
	Text string
	List []string
}

// parts reads a facet's text: lines with a hyphen make a list, every other line a paragraph.
func parts(text string) []part {
	var out []part
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		point, isPoint := strings.CutPrefix(line, "- ")
		switch {
		case line == "":
		case !isPoint:
			out = append(out, part{Text: line})
		case len(out) > 0 && out[len(out)-1].List != nil:
			last := &out[len(out)-1]
			last.List = append(last.List, point)
		default:
			out = append(out, part{List: []string{point}})
		}
	}
	return out
}
