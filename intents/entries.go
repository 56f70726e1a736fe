package intents

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"shenwei/kb"
)

// entry is an item or article as the ranker sees it.
type entry struct {
	kind EntryKind
	code string
	key  string // kind/code
	// fixed are the features that do not depend on the line.
	fixed Features
	// about are the concepts that the entry is about.
	about []about
}

// about is a concept that at least aboutShare of an entry's phrases say.
type about struct {
	id       string
	concept  int32 // as ranker.number counts them
	kind     kb.ConceptKind
	share    float32
	decisive bool
	extra    Feature // what a line lacks that does not say it
}

// build weighs the phrases, one by one and by entry.
func (r *ranker) build(all []pending) {
	for _, p := range all {
		r.vocabulary.learn(p.raws)
	}
	n := len(r.vocabulary)
	var builders sync.WaitGroup
	builders.Go(func() { r.words.build(all, n) })
	builders.Go(func() {
		entries := profiles(all, n)
		sums := together(entries)
		r.whole.build(sums, n)
		r.wholeGrams.build(sums, n)
		r.likely.build(entries, n)
	})
	builders.Wait()
}

// phrased is an entry with the texts that it is known by: its names, what people say, and
// what sounds like it and is another's.
type phrased struct {
	entry
	texts    []string
	names    int // the first so many texts are its name and aliases
	counters []string
}

func entriesOf(k *kb.Knowledge) []phrased {
	all := make([]phrased, 0, len(k.Items)+len(k.Articles))
	for _, it := range k.Items {
		p := phrased{entry: entry{kind: kb.KindItem, code: it.Code}, texts: append([]string{it.Name}, it.Aliases...), counters: it.CounterAsks}
		p.names = len(p.texts)
		p.texts = append(p.texts, it.Asks...)
		if it.English != nil {
			p.texts = append(append(p.texts, it.English.Name), it.English.Asks...)
			p.texts = append(p.texts, strings.SplitAfter(it.English.Text, ". ")...)
		}
		if it.Popular {
			p.fixed[FPopular] = 1
		}
		all = append(all, p)
	}
	for _, a := range k.Articles {
		p := phrased{entry: entry{kind: kb.KindArticle, code: a.ID}, texts: append([]string{a.Title}, a.Asks...), names: 1, counters: a.CounterAsks}
		p.fixed[FArticle] = 1
		if a.Kind == kb.KindElsewhere {
			p.fixed[FElsewhere] = 1
		}
		all = append(all, p)
	}
	return all
}

// reading is one text of an entry as the ranker sees it.
type reading struct {
	text     string
	mended   string
	raws     []raw
	concepts []ConceptHit
}

// readAll reads the texts of all entries, counter-asks last, on every core.
func (u *Understander) readAll(entries []phrased) [][]reading {
	out := make([][]reading, len(entries))
	next := make(chan int)
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for i := range next {
				for _, text := range slices.Concat(entries[i].texts, entries[i].counters) {
					raws, concepts, mended := u.analyse(text)
					out[i] = append(out[i], reading{text, mended, raws, concepts})
				}
			}
		})
	}
	for i := range entries {
		next <- i
	}
	close(next)
	readers.Wait()
	return out
}

// add takes the readings of an entry into the ranker and returns them for the spaces.
func (r *ranker) add(p phrased, readings []reading) []pending {
	n := int32(len(r.entries)) //nolint:gosec // bounded by the knowledge
	var all []pending
	for i, read := range readings {
		counter := i >= len(p.texts)
		if !counter {
			weight := 1.0
			if i == 0 {
				weight = 3 // the name
			}
			for id := range r.withAbove(read.concepts) {
				r.sign(id, int(n), weight/float64(len(p.texts)+2))
			}
		}
		if i < p.names {
			r.names.Add(read.mended, len(r.named))
			r.named = append(r.named, n)
		}
		all = append(all, pending{phrase{entry: n, text: read.text, counter: counter}, read.raws})
	}
	p.key = string(p.kind) + "/" + p.code
	r.byCode[p.code] = len(r.entries)
	r.byKey[p.key] = len(r.entries)
	r.entries = append(r.entries, p.entry)
	return all
}

// profile is what the phrases of one entry say, counter-asks left out.
type profile struct {
	entry    int32
	phrases  int
	features []tally // in the order of their names
}

// tally is one feature of an entry: in how many phrases it stands, and its weights together.
type tally struct {
	raw
	count int
}

// profiles adds up the phrases of each entry. Features is the size of the vocabulary.
func profiles(all []pending, features int) []profile {
	var out []profile
	at := make([]int, features) // of a feature in the last profile, + 1
	for _, p := range all {
		if p.counter {
			continue
		}
		if len(out) == 0 || out[len(out)-1].entry != p.entry {
			out = append(out, profile{entry: p.entry})
			clear(at)
		}
		last := &out[len(out)-1]
		last.phrases++
		for _, r := range p.raws {
			if at[r.number] == 0 {
				last.features = append(last.features, tally{raw: raw{name: r.name, number: r.number}})
				at[r.number] = len(last.features)
			}
			t := &last.features[at[r.number]-1]
			t.weight += r.weight
			t.count++
		}
	}
	for _, p := range out {
		slices.SortFunc(p.features, func(a, b tally) int { return strings.Compare(a.name, b.name) })
	}
	return out
}

// together makes one phrase of all the phrases of each entry; a feature's weight grows with
// the logarithm of how often it stands there.
func together(all []profile) []pending {
	out := make([]pending, 0, len(all))
	for _, p := range all {
		one := pending{phrase: phrase{entry: p.entry}, raws: make([]raw, len(p.features))}
		for i, f := range p.features {
			one.raws[i] = f.raw
			one.raws[i].weight *= float32(math.Log1p(float64(f.count))) / float32(f.count)
		}
		out = append(out, one)
	}
	return out
}

// settle notes what each entry is about.
func (r *ranker) settle() {
	r.number = make(map[string]int32, len(r.signature))
	ids := slices.Sorted(maps.Keys(r.signature))
	for n, id := range ids {
		r.number[id] = int32(n) //nolint:gosec // bounded by the lexicon
	}
	for i := range r.entries {
		for _, id := range ids {
			if share := column(r.signature[id]).at(i); share >= aboutShare {
				kind := r.concepts.Kind(id)
				r.entries[i].about = append(r.entries[i].about, about{id, r.number[id], kind, float32(min(1, share)), decisiveStates[id], extraOf[kind]})
			}
		}
	}
}

// aboutShare is the share of phrases from which an entry is about a concept.
const aboutShare = 0.3

func (r *ranker) withAbove(hits []ConceptHit) map[string]bool {
	ids := map[string]bool{}
	for _, h := range hits {
		ids[h.ID] = true
		for _, a := range r.concepts.Above(h.ID) {
			ids[a] = true
		}
	}
	return ids
}

func (r *ranker) sign(concept string, entry int, share float64) {
	s := r.signature[concept]
	for len(s) <= entry {
		s = append(s, 0)
	}
	s[entry] += float32(share)
	r.signature[concept] = s
}

func (u *Understander) analyse(text string) ([]raw, []ConceptHit, string) {
	mended, _ := u.repair.Text(u.norm.Text(text))
	mended = u.elsewhere(mended)
	runes := []rune(mended)
	hits := u.concepts.Find(runes)
	return features(u.seg.Search(mended), hits, u.concepts, runes), hits, mended
}
