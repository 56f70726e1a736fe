package kb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var yamlLine = regexp.MustCompile(`line (\d+)`)

// decode reads one YAML document strictly: an unknown key is an error with its line.
func decode(doc Document, text string, offset int, out any) []Problem {
	if i := strings.Index(text, "\t"); i >= 0 && !strings.Contains(text[:i], "|") {
		line := strings.Count(text[:i], "\n") + 1
		return []Problem{{doc.Path(), line + offset, "a tab; indent YAML with spaces"}}
	}
	dec := yaml.NewDecoder(bytes.NewBufferString(text))
	dec.KnownFields(true)
	err := dec.Decode(out)
	switch {
	case err == nil && errors.Is(dec.Decode(new(any)), io.EOF):
		return nil
	case err == nil:
		return []Problem{{doc.Path(), 0, "more than one YAML document; a file holds one"}}
	case errors.Is(err, io.EOF):
		return []Problem{{doc.Path(), 1 + offset, "nothing in it"}}
	}
	var te *yaml.TypeError
	if errors.As(err, &te) {
		var ps []Problem
		for _, msg := range te.Errors {
			ps = append(ps, Problem{doc.Path(), lineOf(msg) + offset, strings.TrimPrefix(msg, fmt.Sprintf("line %d: ", lineOf(msg)))})
		}
		return ps
	}
	return []Problem{{doc.Path(), lineOf(err.Error()) + offset, strings.TrimPrefix(err.Error(), "yaml: ")}}
}

func lineOf(msg string) int {
	m := yamlLine.FindStringSubmatch(msg)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// ParseItem reads an item's file.
func ParseItem(doc Document) (*Item, []Problem) {
	var it Item
	if ps := decode(doc, doc.Body, 0, &it); ps != nil {
		return nil, ps
	}
	for f, text := range it.Facets {
		it.Facets[f] = strings.TrimRight(text, "\n")
	}
	it.English.trim()
	return &it, nil
}

// ParseArticle reads an article's file: front matter between two lines of ---, then Markdown.
func ParseArticle(doc Document) (*Article, []Problem) {
	text := strings.ReplaceAll(strings.TrimPrefix(doc.Body, "\ufeff"), "\r\n", "\n") // as Windows editors save it
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return nil, []Problem{{doc.Path(), 1, "an article begins with front matter between two lines of ---"}}
	}
	front, body, ok := strings.Cut(rest, "\n---\n")
	if !ok {
		return nil, []Problem{{doc.Path(), 1, "the front matter has no closing line of ---"}}
	}
	var a Article
	if ps := decode(doc, front, 1, &a); ps != nil {
		return nil, ps
	}
	a.Body = strings.TrimSpace(body)
	return &a, nil
}

// ParseLexicon reads one lexicon file.
func ParseLexicon(doc Document) (*Lexicon, []Problem) {
	var l Lexicon
	if ps := decode(doc, doc.Body, 0, &l); ps != nil {
		return nil, ps
	}
	return &l, nil
}

// ParseOutlets reads a file with a list of outlets.
func ParseOutlets(doc Document) ([]Outlet, []Problem) {
	var o struct {
		Outlets []Outlet `yaml:"outlets"`
	}
	if ps := decode(doc, doc.Body, 0, &o); ps != nil {
		return nil, ps
	}
	for i := range o.Outlets {
		o.Outlets[i].settle()
	}
	return o.Outlets, nil
}
