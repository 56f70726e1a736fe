package intents

import (
	"math"
	"slices"
	"testing"
)

func TestVectorsOfLinesThatAskTheSameAreNear(t *testing.T) {
	u := shared()
	for _, c := range []struct {
		a, b  string
		least float32
		most  float32
	}{
		{"护照到期了怎么换", "护照到期了怎么换", 0.999, 1.001},
		{"护照到期了怎么换", "护照快到期，怎样换新的", 0.5, 1},
		{"无人机飞行要备案吗", "玩无人机要不要去备案", 0.5, 1},
		{"护照到期了怎么换", "电动车上牌要什么材料", 0, 0.2},
		{"的了吗", "护照", 0, 0},
	} {
		a, b := u.Vector(c.a), u.Vector(c.b)
		if got := a.Cosine(b); got < c.least || got > c.most || got != b.Cosine(a) {
			t.Errorf("%s | %s: %.3f, want %v to %v", c.a, c.b, got, c.least, c.most)
		}
	}
	v := u.Vector("新能源车牌摇号")
	sum := 0.0
	for _, w := range v.Weights {
		sum += float64(w) * float64(w)
	}
	if math.Abs(sum-1) > 1e-5 || !slices.IsSorted(v.IDs) || v.Empty() {
		t.Errorf("length %v, %v", sum, v.IDs)
	}
	if !u.Vector("").Empty() || u.Vector("").Cosine(v) != 0 {
		t.Error("an empty line has a vector")
	}
}

func TestExplainTellsHowALineIsRead(t *testing.T) {
	x := shared().Explain("護罩到期了，去哪里换？")
	if x.Text != "护照到期了,去哪里换?" {
		t.Fatalf("text %q", x.Text)
	}
	runes := []rune(x.Text)
	var words []string
	for _, tok := range x.Tokens {
		words = append(words, tok.Text)
		if string(runes[tok.Start:tok.End]) != tok.Text {
			t.Errorf("%+v does not stand at its place", tok)
		}
	}
	if words[0] != "护照" || len(x.Rewrites) != 1 || x.Rewrites[0].From != "护罩" || !x.Rewrites[0].Sound {
		t.Errorf("%v %+v", words, x.Rewrites)
	}
	if !slices.ContainsFunc(x.Concepts, func(h ConceptHit) bool { return h.ID == "passport" && h.Start == 0 && h.End == 2 }) {
		t.Errorf("%+v", x.Concepts)
	}
	if p := shared().Explain("huzhao diule"); !p.Pinyin || p.Text != "护照丢了" || len(p.Rewrites) != 0 {
		t.Errorf("%+v", p)
	}
}
