package intents

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strings"
)

// Vector is a line as weighted features, in the order of their ids, of length 1. Its
// features are those of the ranker (words, concepts with their ancestors, pairs of
// characters), weighed by how rare they are in the knowledge. Two vectors of one
// Understander can be compared; of two, only when their knowledge is the same.
type Vector struct {
	IDs     []uint64
	Weights []float32
}

// rareIDF is the weight of what stands nowhere in the knowledge: what nobody could answer is
// told apart by just these words.
var rareIDF = float32(math.Log(1 + 400))

// Vector reads a line for comparing it with other lines. The zero Vector is that of a line
// without any word of meaning.
func (u *Understander) Vector(text string) Vector {
	raws, _, _ := u.analyse(text)
	type feature struct {
		id     uint64
		weight float32
	}
	all := make([]feature, 0, len(raws))
	sum := 0.0
	meant := false
	for _, r := range raws {
		idf := u.ranker.rarity(r.name)
		if idf < leastIDF {
			continue // as in the spaces: it tells nothing apart
		}
		meant = meant || r.name[0] != 'b'
		w := r.weight * idf
		all = append(all, feature{hashOf(r.name), w})
		sum += float64(w) * float64(w)
	}
	if !meant {
		return Vector{}
	}
	slices.SortFunc(all, func(a, b feature) int {
		switch {
		case a.id < b.id:
			return -1
		case a.id > b.id:
			return 1
		}
		return 0
	})
	norm := float32(math.Sqrt(sum))
	v := Vector{IDs: make([]uint64, len(all)), Weights: make([]float32, len(all))}
	for i, f := range all {
		v.IDs[i], v.Weights[i] = f.id, f.weight/norm
	}
	return v
}

// rarity is the weight of a feature by how few entries say it.
func (r *ranker) rarity(name string) float32 {
	s := r.words
	if strings.HasPrefix(name, "b:") {
		s = r.wholeGrams
	}
	return cmp.Or(s.rarity(r.vocabulary.of(name)), rareIDF)
}

func hashOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum64()
}

// Empty tells whether the line held nothing to compare by.
func (v Vector) Empty() bool { return len(v.IDs) == 0 }

// Cosine is how alike two lines are, 0 to 1.
func (v Vector) Cosine(w Vector) float32 {
	var dot float32
	for i, j := 0, 0; i < len(v.IDs) && j < len(w.IDs); {
		switch {
		case v.IDs[i] < w.IDs[j]:
			i++
		case v.IDs[i] > w.IDs[j]:
			j++
		default:
			dot += v.Weights[i] * w.Weights[j]
			i++
			j++
		}
	}
	return dot
}
