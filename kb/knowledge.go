// Package kb is the knowledge of the service: items, articles, lexicon, outlets and gold
// questions as documents that people edit, and the rules by which they are put together.
// Start reading at Document (one file), then Knowledge (all of them, checked).
package kb

import (
	"maps"
	"slices"
	"sort"
)

// Knowledge is a checked set of documents, ready to build an engine from. It is immutable.
type Knowledge struct {
	Items    []*Item // by code
	Articles []*Article
	Lexicon  Lexicon
	Outlets  []Outlet
	Lists    []List
	// Weights are learned weights by file name, as intents reads them.
	Weights map[string]string
	// Facts are the numbers that texts may use, with their sources.
	Facts Facts

	items    map[string]*Item
	articles map[string]*Article
}

// Item returns the item with the code, or nil.
func (k *Knowledge) Item(code string) *Item { return k.items[code] }

// Article returns the article with the id, or nil.
func (k *Knowledge) Article(id string) *Article { return k.articles[id] }

// Parse reads and checks documents together. The error is Problems, complete, in the
// order of paths.
func Parse(docs []Document) (*Knowledge, error) {
	k := &Knowledge{items: map[string]*Item{}, articles: map[string]*Article{}, Weights: map[string]string{}}
	paths := map[string]string{} // key → path, to report what is defined twice
	var problems Problems
	sorted := append([]Document(nil), docs...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Path() < sorted[j].Path() })
	for _, doc := range sorted {
		if seen, ok := paths[doc.Key()]; ok {
			problems = append(problems, Problem{doc.Path(), 0, "the same document as " + seen})
			continue
		}
		paths[doc.Key()] = doc.Path()
		problems = append(problems, k.add(doc)...)
	}
	problems = append(problems, k.check(sorted)...)
	if len(problems) > 0 {
		sort.SliceStable(problems, func(i, j int) bool { return problems[i].before(problems[j]) })
		return nil, problems
	}
	return k, nil
}

func (k *Knowledge) add(doc Document) []Problem {
	switch doc.Kind {
	case KindItem:
		it, ps := ParseItem(doc)
		if ps != nil {
			return ps
		}
		if old := k.items[it.Code]; old != nil {
			return []Problem{{doc.Path(), lineWith(doc.Body, "code: "), "the code " + it.Code + " is taken by " + Document{Kind: KindItem, ID: old.Code}.Path()}}
		}
		if it.Code != doc.ID {
			return []Problem{{doc.Path(), lineWith(doc.Body, "code: "), "the code " + it.Code + " differs from the file's name"}}
		}
		k.items[it.Code] = it
		k.Items = append(k.Items, it)
	case KindArticle:
		a, ps := ParseArticle(doc)
		if ps != nil {
			return ps
		}
		if a.ID != doc.ID {
			return []Problem{{doc.Path(), lineWith(doc.Body, "id: "), "the id " + a.ID + " differs from the file's name"}}
		}
		k.articles[a.ID] = a
		k.Articles = append(k.Articles, a)
	case KindLexicon:
		l, ps := ParseLexicon(doc)
		if ps != nil {
			return ps
		}
		k.Lexicon.Words = append(k.Lexicon.Words, l.Words...)
		k.Lexicon.Concepts = append(k.Lexicon.Concepts, l.Concepts...)
		k.Lexicon.Rewrites = append(k.Lexicon.Rewrites, l.Rewrites...)
		k.Lexicon.Stop = append(k.Lexicon.Stop, l.Stop...)
		k.Lexicon.Places = append(k.Lexicon.Places, l.Places...)
		k.Lexicon.Sensitive = append(k.Lexicon.Sensitive, l.Sensitive...)
	case KindList:
		ls, ps := ParseLists(doc)
		if ps != nil {
			return ps
		}
		k.Lists = append(k.Lists, ls...)
	case KindFacts:
		f, ps := ParseFacts(doc)
		if ps != nil {
			return ps
		}
		k.Facts.Facts = append(k.Facts.Facts, f.Facts...)
		k.Facts.Clauses = append(k.Facts.Clauses, f.Clauses...)
	case KindWeights:
		k.Weights[doc.ID] = doc.Body
	case KindOutlet:
		os, ps := ParseOutlets(doc)
		if ps != nil {
			return ps
		}
		k.Outlets = append(k.Outlets, os...)
	}
	return nil
}

// with is the knowledge with one item or article in the place of its former version; nil for
// another kind, and with problems for one that cannot be read.
func (k *Knowledge) with(doc Document) (*Knowledge, []Problem) {
	if doc.Kind != KindItem && doc.Kind != KindArticle {
		return nil, nil
	}
	c := *k
	c.items, c.articles = maps.Clone(k.items), maps.Clone(k.articles)
	c.Items = slices.DeleteFunc(slices.Clone(k.Items), func(it *Item) bool { return doc.Kind == KindItem && it.Code == doc.ID })
	c.Articles = slices.DeleteFunc(slices.Clone(k.Articles), func(a *Article) bool { return doc.Kind == KindArticle && a.ID == doc.ID })
	if doc.Kind == KindItem {
		delete(c.items, doc.ID)
	} else {
		delete(c.articles, doc.ID)
	}
	if ps := c.add(doc); ps != nil {
		return nil, ps
	}
	return &c, nil
}
