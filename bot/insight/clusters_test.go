package insight

import (
	"slices"
	"testing"
)

func TestQuestionsThatAskTheSameComeTogether(t *testing.T) {
	c := NewClusters(reader().Vector, 7)
	groups := [][]string{
		{"无人机飞行要不要备案", "玩无人机要备案吗", "无人机备案怎么弄", "无人机飞行备案去哪"},
		{"火星移民要签证吗", "移民火星 签证"},
		{"护照到期了怎么换", "护照到期换证", "护照到期了怎么更换新的"},
	}
	for g, group := range groups {
		for i, text := range group {
			p, ok := c.Put(text)
			if !ok || p.Cluster != int64(7+g) || p.New != (i == 0) {
				t.Errorf("%s: %+v %v, want cluster %d", text, p, ok, 7+g)
			}
		}
	}
	if p, ok := c.Put("的吗？"); ok {
		t.Errorf("a line that says nothing was put in %+v", p)
	}
}

// Where a question is put does not depend on when the process was started.
func TestClustersReadBackGoOnAsTheyWould(t *testing.T) {
	var lines []string
	for _, it := range knowledge().Items[:120] {
		lines = append(lines, it.Asks[:min(8, len(it.Asks))]...)
	}
	whole := NewClusters(reader().Vector, 1)
	var want, got []Placed
	for _, l := range lines {
		p, _ := whole.Put(l)
		want = append(want, p)
	}
	var samples []Sample
	part := NewClusters(reader().Vector, 1)
	for i, l := range lines {
		if i%300 == 299 {
			slices.SortStableFunc(samples, func(a, b Sample) int { return int(a.Cluster - b.Cluster) })
			part = NewClusters(reader().Vector, 1)
			for _, s := range samples {
				part.Load(s)
			}
		}
		p, ok := part.Put(l)
		got = append(got, p)
		if ok && p.Sample {
			samples = append(samples, Sample{p.Cluster, p.Place, l})
		}
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("line %d %q: %+v, in one run %+v", i, lines[i], got[i], want[i])
		}
	}
	if whole.Len() < 100 || whole.Len() == len(lines) {
		t.Errorf("%d clusters of %d lines", whole.Len(), len(lines))
	}
}

// The search by rare features finds what looking at every sample finds.
func TestNearestMissesNothing(t *testing.T) {
	c := NewClusters(reader().Vector, 1)
	var lines []string
	for _, a := range knowledge().Articles[:100] {
		lines = append(lines, a.Asks...)
	}
	for _, l := range lines[:len(lines)/2] {
		c.Put(l)
	}
	found := 0
	for _, l := range lines[len(lines)/2:] {
		v := reader().Vector(l)
		best, near := c.nearest(v)
		for n := range c.samples {
			if cos := c.samples[n].vec.Cosine(v); cos >= Alike && (cos > near || cos == near && int32(n) < best) {
				t.Fatalf("%s: sample %d at %.3f, found %d at %.3f", l, n, cos, best, near)
			}
		}
		if near >= Alike {
			found++
		}
	}
	if found == 0 {
		t.Error("nothing was near anything")
	}
}
