package index

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/segment"
)

var shared = sync.OnceValue(func() parts {
	dict, err := segment.Unpack(filepath.Join(os.TempDir(), "shenwei-test-index"))
	if err != nil {
		panic(err)
	}
	norm, err := segment.NewNormalizer()
	if err != nil {
		panic(err)
	}
	seg, err := segment.NewSegmenter(dict, []string{"护照", "往来港澳通行证", "居民身份证", "无犯罪记录证明", "驾驶证"})
	if err != nil {
		panic(err)
	}
	return parts{dict, norm, seg}
})

type parts struct {
	dict *segment.Dictionary
	norm *segment.Normalizer
	seg  *segment.Segmenter
}

func knowledge() *kb.Knowledge {
	return &kb.Knowledge{
		Items: []*kb.Item{
			{Code: "CRJ-002", Name: "普通护照换发", Aliases: []string{"换护照"}, Asks: []string{"护照快过期了怎么换"}, Materials: []string{"原护照", "居民身份证"}},
			{Code: "CRJ-007", Name: "往来港澳通行证换发", Asks: []string{"通行证到期"}, Summary: "网上办、寄到家"},
			{Code: "RK-050", Name: "居民身份证丢失补领", Asks: []string{"身份证丢了"}, Facets: map[kb.Facet]string{kb.Fee: "工本费四十元"}},
			{Code: "XZ-001", Name: "无犯罪记录证明开具"},
		},
		Articles: []*kb.Article{
			{ID: "etc-sms", Title: "收到ETC违章短信", Category: "反诈", Summary: "不点链接", Body: "真的违法在平台查。", Asks: []string{"短信说我违章"}},
		},
	}
}

func build(t testing.TB) *Index {
	t.Helper()
	x, err := Build(knowledge(), shared().seg, shared().norm, 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

func keys(t testing.TB, x *Index, n int, terms ...Term) []string {
	t.Helper()
	hits, err := x.Search(context.Background(), terms, n)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(hits))
	for i, h := range hits {
		out[i] = h.Key
		if h.Score <= 0 || i > 0 && h.Score > hits[i-1].Score {
			t.Errorf("scores must be positive and fall: %v", hits)
		}
	}
	return out
}

func TestAnalyzerTokensPointAtTheirText(t *testing.T) {
	const text = "往来港澳通行证换发,无犯罪记录证明"
	last := 0
	for i, tok := range (tokenizer{shared().seg}).Tokenize([]byte(text)) {
		if got := text[tok.Start:tok.End]; got != string(tok.Term) {
			t.Errorf("token %q points at %q", tok.Term, got)
		}
		if tok.Position != i+1 || tok.Start < last {
			t.Errorf("token %d has position %d and start %d after %d", i, tok.Position, tok.Start, last)
		}
		last = tok.Start
	}
}

func TestATokenizerWithoutASegmenterIsRefused(t *testing.T) {
	if _, err := newMapping(nil); err == nil {
		return // a nil segmenter is found out at the first document
	}
}

func TestSearchFindsItemsAndArticlesByWordAndBySynonym(t *testing.T) {
	x := build(t)
	for _, c := range []struct {
		name  string
		terms []Term
		want  string // must be among the hits; "" for none at all
	}{
		{"a word of the name", []Term{{"护照", 1}}, "item/CRJ-002"},
		{"a domain word that jieba would cut in several", []Term{{"往来港澳通行证", 0.4}}, "item/CRJ-007"},
		{"the official name of what was said otherwise", []Term{{"港澳证", 1}, {"往来港澳通行证", 0.4}}, "item/CRJ-007"},
		{"a part that a domain word swallows", []Term{{"犯罪", 1}}, "item/XZ-001"},
		{"a word of the body", []Term{{"工本费", 1}}, "item/RK-050"},
		{"a material", []Term{{"居民身份证", 1}}, "item/CRJ-002"},
		{"an article's title", []Term{{"短信", 1}}, "article/etc-sms"},
		{"an article's body", []Term{{"链接", 1}}, "article/etc-sms"},
		{"Latin words are found in small letters", []Term{{"etc", 1}}, "article/etc-sms"},
		{"an unknown word", []Term{{"飞船", 1}}, ""},
		{"a mistyped word beside a right one", []Term{{"护罩", 1}, {"过期", 1}}, "item/CRJ-002"},
	} {
		got := keys(t, x, 10, c.terms...)
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: %v found %v, want %q", c.name, c.terms, got, c.want)
		}
	}
}

func TestANameCountsMoreThanABody(t *testing.T) {
	if got := keys(t, build(t), 5, Term{"居民身份证", 1}); got[0] != "item/RK-050" {
		t.Errorf("%v", got)
	}
}

func TestSearchIsBounded(t *testing.T) {
	x := build(t)
	if got := keys(t, x, 1, Term{"换发", 1}); len(got) != 1 {
		t.Errorf("asked for one, got %v", got)
	}
	for _, c := range []struct {
		terms []Term
		n     int
	}{{nil, 5}, {[]Term{{"护照", 1}}, 0}, {[]Term{{"护照", 1}}, -1}} {
		if got := keys(t, x, c.n, c.terms...); len(got) != 0 {
			t.Errorf("%v", got)
		}
	}
	many := make([]Term, 5000)
	for i := range many {
		many[i] = Term{fmt.Sprintf("词%d", i), 1}
	}
	many[MaxTerms-1].Text, many[MaxTerms].Text = "护照", "无犯罪记录证明"
	if got := keys(t, x, 5, many...); !slices.Contains(got, "item/CRJ-002") || slices.Contains(got, "item/XZ-001") {
		t.Errorf("only the first %d terms count: %v", MaxTerms, got)
	}
}

func TestTheSequenceIsKeptInsideTheIndex(t *testing.T) {
	x := build(t)
	if n, err := x.Sequence(); err != nil || n != 7 {
		t.Errorf("sequence %d, %v", n, err)
	}
	if n, err := x.Count(); err != nil || n != 5 {
		t.Errorf("%d documents, %v", n, err)
	}
}

func TestApplyPutsRemovesAndMovesTheSequenceOn(t *testing.T) {
	x := build(t)
	put := map[string]Fields{
		ItemKey("RK-001"):     {Head: "出生登记", Body: "新生儿"},
		ItemKey("CRJ-002"):    {Head: "普通护照换发新名", Body: ""},
		ArticleKey("new-one"): {Head: "居住证积分"},
	}
	if err := x.Apply(put, []string{ItemKey("XZ-001"), ItemKey("NO-999")}, 8); err != nil {
		t.Fatal(err)
	}
	if n, _ := x.Sequence(); n != 8 {
		t.Errorf("sequence %d", n)
	}
	if got := keys(t, x, 9, Term{"出生", 1}, Term{"新生儿", 1}); !slices.Contains(got, "item/RK-001") {
		t.Errorf("the new item is not found: %v", got)
	}
	if got := keys(t, x, 9, Term{"犯罪", 1}); len(got) != 0 {
		t.Errorf("the removed item is found: %v", got)
	}
	if got := keys(t, x, 9, Term{"过期", 1}); slices.Contains(got, "item/CRJ-002") {
		t.Errorf("the old text of a changed item is found: %v", got)
	}
	if n, _ := x.Count(); n != 6 {
		t.Errorf("%d documents", n)
	}
}

func TestAClosedIndexIsUnavailable(t *testing.T) {
	x := build(t)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	_, err := x.Search(context.Background(), []Term{{"护照", 1}}, 5)
	for name, err := range map[string]error{"search": err, "apply": x.Apply(nil, nil, 9), "count": second(x.Count()), "sequence": second(x.Sequence())} {
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestASearchThatIsCalledOffIsUnavailable(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := build(t).Search(ctx, []Term{{"护照", 1}}, 5); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}

func TestSearchingWhileDocumentsAreAppliedNeverFails(t *testing.T) {
	x := build(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				hits, err := x.Search(context.Background(), []Term{{"护照", 1}}, 5)
				if err != nil || len(hits) == 0 {
					t.Errorf("%v, %v", hits, err)
					return
				}
			}
		})
	}
	for i := range 20 {
		if err := x.Apply(map[string]Fields{ItemKey("RK-001"): {Head: fmt.Sprintf("出生登记%d", i)}}, nil, int64(8+i)); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}
