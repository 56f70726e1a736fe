package kb

import (
	"slices"
	"time"
)

// InForce are the revisions that hold at the release's instant: where a document's revision
// has not begun yet, the newest one before it that has. What has expired is still among them;
// Knowledge leaves it out.
func (r *Release) InForce() []Revision {
	held := make([]Revision, 0, len(r.Revisions))
	for _, rev := range r.Revisions {
		chain := append([]Revision{rev}, r.Earlier[rev.Key()]...)
		i := slices.IndexFunc(chain, func(c Revision) bool { return c.Span().begun(r.AsOf) })
		if i < 0 {
			i = len(chain) - 1 // nothing has begun: the oldest, left out as not in force
		}
		held = append(held, chain[i])
	}
	return held
}

// At is the same release at another instant.
func (r *Release) At(at time.Time) *Release {
	c := *r
	c.AsOf = at
	return &c
}

// Knowledge parses the release and leaves out what is not in force at its instant. It also
// returns the number of each document's revision that holds.
func (r *Release) Knowledge() (*Knowledge, map[string]int64, error) {
	held := r.InForce()
	docs := make([]Document, len(held))
	numbers := make(map[string]int64, len(held))
	for i, rev := range held {
		docs[i], numbers[rev.Key()] = rev.Document, rev.Number
	}
	k, err := Parse(docs)
	if err != nil {
		return nil, nil, err
	}
	return k.At(r.AsOf), numbers, nil
}

// At is the knowledge without the items and articles that are not in force at the instant.
// The zero time leaves everything in.
func (k *Knowledge) At(at time.Time) *Knowledge {
	if at.IsZero() {
		return k
	}
	return k.Without(func(key string) bool {
		kind, id := SplitKey(key)
		if kind == KindItem {
			return !k.items[id].Span().Holds(at)
		}
		return !k.articles[id].Span().Holds(at)
	})
}

// Without is the knowledge without the items and articles whose keys are gone, and without
// what other documents say of them. k itself stays as it is.
func (k *Knowledge) Without(gone func(key string) bool) *Knowledge {
	out := map[string]bool{}
	for _, it := range k.Items {
		if key := ItemKey(it.Code); gone(key) {
			out[key] = true
		}
	}
	for _, a := range k.Articles {
		if key := ArticleKey(a.ID); gone(key) {
			out[key] = true
		}
	}
	if len(out) == 0 {
		return k
	}
	less := *k
	c := &less
	c.Items, c.Articles, c.items, c.articles = nil, nil, map[string]*Item{}, map[string]*Article{}
	for _, it := range k.Items {
		if !out[ItemKey(it.Code)] {
			kept := *it
			kept.Confusable = slices.DeleteFunc(slices.Clone(it.Confusable), func(cf Confusable) bool { return out[ItemKey(cf.Code)] })
			c.Items = append(c.Items, &kept)
			c.items[it.Code] = &kept
		}
	}
	for _, a := range k.Articles {
		if !out[ArticleKey(a.ID)] {
			kept := *a
			kept.Related = slices.DeleteFunc(slices.Clone(a.Related), func(code string) bool { return out[ItemKey(code)] })
			c.Articles = append(c.Articles, &kept)
			c.articles[a.ID] = &kept
		}
	}
	c.Lists = listsWithout(k.Lists, out)
	return c
}

func listsWithout(lists []List, out map[string]bool) []List {
	var kept []List
	for _, l := range lists {
		l.Items = slices.DeleteFunc(slices.Clone(l.Items), func(code string) bool { return out[ItemKey(code)] })
		l.Articles = slices.DeleteFunc(slices.Clone(l.Articles), func(id string) bool { return out[ArticleKey(id)] })
		if len(l.Items)+len(l.Articles) > 0 {
			kept = append(kept, l)
		}
	}
	return kept
}
