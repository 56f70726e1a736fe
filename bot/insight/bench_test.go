package insight

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// BenchmarkClusters100000 puts 100,000 questions, the shipped asks each several times with
// words before, after or missing, into clusters in memory.
func BenchmarkClusters100000(b *testing.B) {
	texts := variations(100_000)
	reader()
	b.ResetTimer()
	for b.Loop() {
		c := NewClusters(reader().Vector, 1)
		for _, t := range texts {
			c.Put(t)
		}
		b.ReportMetric(float64(c.Len()), "clusters")
		b.ReportMetric(float64(len(c.samples)), "samples")
	}
}

func variations(n int) []string {
	var asks []string
	for _, it := range knowledge().Items {
		asks = append(asks, it.Asks...)
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same lines in every run
	before := []string{"", "", "请问", "我想问一下，", "你好 ", "麻烦问下"}
	after := []string{"", "", "？", "怎么办", "，谢谢", "呢", " 急", "啊"}
	texts := make([]string, n)
	for i := range texts {
		r := []rune(asks[random.IntN(len(asks))])
		if len(r) > 6 && random.IntN(2) == 0 {
			at := random.IntN(len(r))
			r = slices.Delete(r, at, at+1)
		}
		texts[i] = before[random.IntN(len(before))] + string(r) + after[random.IntN(len(after))]
	}
	return texts
}
