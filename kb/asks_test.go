package kb

import (
	"slices"
	"strings"
	"testing"

	"shenwei/data"
	"shenwei/internal/fault"
)

func TestAnAskIsAddedAndEverythingElseStays(t *testing.T) {
	const item = "code: CRJ-001\n# 第一行注释\nasks: # 问法\n  - 护照首次办理   # 常问\n  - >-\n    很长的\n    一句\n# 下面是反例\ncounter_asks:\n  - 换护照\nname: 护照\n"
	const article = "---\nid: a\nasks:\n    - 一\n    - \"二：三\"\nreview: 2027-01-01\n---\n正文\n\nasks:\n"
	for _, c := range []struct{ name, body, before, added string }{
		{"a block with comments", item, "# 下面是反例", "  - 头一本护照\n"},
		{"deeper indentation, in an article", article, "review:", "    - 头一本护照\n"},
		{"no list yet", "code: CRJ-001\nname: x\n", "", "asks:\n  - 头一本护照\n"},
		{"the last line without an end", "code: CRJ-001\nasks:\n  - 一", "", "\n  - 头一本护照\n"},
		{"an empty list in brackets", "code: CRJ-001\nasks: []\nname: x\n", "]", "头一本护照"},
		{"a list in brackets", "code: CRJ-001\nasks: [一, 二]\n", "]", ", 头一本护照"},
		{"lines as Windows ends them", "code: CRJ-001\r\nasks:\r\n  - 一\r\nname: x\r\n", "name", "  - 头一本护照\r\n"},
	} {
		doc := Document{KindItem, "CRJ-001", c.body}
		if strings.HasPrefix(c.body, "---") {
			doc = Document{KindArticle, "a", c.body}
		}
		got, added, err := AddAsks(doc, " 头一本护照 ", "头一本护照？")
		if err != nil || !slices.Equal(added, []string{"头一本护照"}) {
			t.Errorf("%s: %v %v", c.name, added, err)
			continue
		}
		want := strings.Replace(c.body, c.before, c.added+c.before, 1)
		if c.before == "" {
			want = c.body + c.added
		}
		if got.Body != want {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got.Body, want)
		}
	}
}

func TestAnAskThatIsThereChangesNothing(t *testing.T) {
	doc := Document{KindItem, "CRJ-001", "code: CRJ-001\nasks:\n  - 护照 首次办理\n"}
	if got, added, err := AddAsks(doc, "护照首次办理？"); err != nil || added != nil || got != doc {
		t.Errorf("%v %v %v", got, added, err)
	}
	for body, asks := range map[string][]string{
		"code: CRJ-001\n":                       {"？？"},
		"code: CRJ-001\nname: x\n":              {strings.Repeat("长", MaxAsk+1)},
		"code: [\n":                             {"护照"},
		"code: CRJ-001\nasks: &x\n  - 一\nn: *x": {"护照"},
	} {
		doc.Body = body
		if got, added, err := AddAsks(doc, asks...); !fault.Is(err, fault.BadRequest) || added != nil || got != doc {
			t.Errorf("%q: %v %v %v", body, got, added, err)
		}
	}
	if _, _, err := AddAsks(Document{KindLexicon, "x", ""}, "护照"); !fault.Is(err, fault.BadRequest) {
		t.Error(err)
	}
}

// Asks of every kind of writing survive, in every file that ships.
func TestAsksAreAddedToEveryShippedFile(t *testing.T) {
	docs, err := ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	odd := []string{"- 减号开头", "：冒号 # 井号", "\"引号\" 'x'", "yes", "123456", "@at & *star", "how can I renew?", "多\n行"}
	for _, d := range docs {
		if d.Kind != KindItem && d.Kind != KindArticle {
			continue
		}
		got, added, err := AddAsks(d, odd...)
		if err != nil || len(added) != len(odd) {
			t.Fatalf("%s: %d added, %v", d.Path(), len(added), err)
		}
		before, _, _ := strings.Cut(d.Body, "asks:")
		if kept := len(got.Body) - len(d.Body); kept <= 0 || !strings.HasPrefix(got.Body, before) {
			t.Fatalf("%s: more than a list changed", d.Path())
		}
	}
}

func FuzzAddAsks(f *testing.F) {
	f.Add("code: CRJ-001\nasks:\n  - 一\n", "二")
	f.Add("asks: [a]\n", "- x")
	f.Add("!", "\xff")
	f.Add("\r?", "0")
	f.Add("asks:\u2028  - a\n", "b")
	f.Add("asks:\n- \"a\n  b\"\nname: x", "#")
	f.Fuzz(func(t *testing.T, body, ask string) {
		doc := Document{KindItem, "CRJ-001", body}
		got, added, err := AddAsks(doc, ask)
		if err != nil || len(added) == 0 {
			if got != doc {
				t.Fatalf("refused and changed: %q", got.Body)
			}
			return
		}
		if it, ps := ParseItem(got); ps != nil || it.Asks[len(it.Asks)-1] != added[0] {
			t.Fatalf("%q → %q", body, got.Body)
		}
	})
}
