package kb

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shenwei/internal/fault"
)

const goodItem = `code: CRJ-002
police_type: 出入境
name: 普通护照换发
aliases: [换护照]
audience: 个人
trips: 0
terminal: false
popular: true
fee: 120元/本
time_limit: 7个工作日
materials:
  - 原护照
group: 出入境
tags: []
summary: 快到期就换。
facets:
  fee: |
    一本120元。
confusable:
  - code: CRJ-003
    question: 护照丢了吗？
asks:
  - 护照快到期了怎么换
counter_asks:
  - 护照丢了
sources: [目录]
review: 2027-01-01
`

const otherItem = `code: CRJ-003
police_type: 出入境
name: 普通护照补发
aliases: []
audience: 个人
trips: 1
terminal: true
popular: false
fee: 120元/本
time_limit: 7个工作日
materials: []
group: 出入境
tags: []
asks:
  - 护照丢了怎么补
sources: [目录]
`

const goodArticle = `---
id: etc-sms
title: 收到违章短信
category: 反诈
kind: guide
summary: 不点链接。
caution: fraud
related: [CRJ-002]
asks:
  - 短信说我违章
sources: [常识]
review: 2027-01-01
---
真的违法在平台查。
`

const goodLexicon = `# 词
words: [护照]
concepts:
  - {id: document, kind: object, name: 证件, words: [证]}
  - {id: passport, kind: object, name: 护照, words: [护照本], parents: [document]}
rewrites:
  - {from: hz, to: 护照, when: [丢]}
stop: [请问]
`

const goodOutlets = `outlets:
  - id: ns
    name: 南山分局出入境大厅
    kind: 大厅
    district: 南山区
    sources: {name: 公告}
`

func good() map[string]Document {
	return map[string]Document{
		"item":    {KindItem, "CRJ-002", goodItem},
		"other":   {KindItem, "CRJ-003", otherItem},
		"article": {KindArticle, "etc-sms", goodArticle},
		"lexicon": {KindLexicon, "objects", goodLexicon},
		"outlets": {KindOutlet, "halls", goodOutlets},
		"gold":    {KindGold, "first.tsv", "id\tquestion\n"},
	}
}

func list(docs map[string]Document) []Document {
	var out []Document
	for _, k := range slices.Sorted(maps.Keys(docs)) {
		out = append(out, docs[k])
	}
	return out
}

func TestADocumentHasOnePlace(t *testing.T) {
	for _, c := range []struct {
		doc  Document
		want string
	}{
		{Document{Kind: KindItem, ID: "CRJ-011"}, "items/crj/CRJ-011.yaml"},
		{Document{Kind: KindItem, ID: "RK-001"}, "items/rk/RK-001.yaml"},
		{Document{Kind: KindArticle, ID: "etc-sms"}, "articles/etc-sms.md"},
		{Document{Kind: KindLexicon, ID: "objects"}, "lexicon/objects.yaml"},
		{Document{Kind: KindOutlet, ID: "halls"}, "outlets/halls.yaml"},
		{Document{Kind: KindGold, ID: "first.tsv"}, "gold/first.tsv"},
		{Document{Kind: KindGold, ID: "talks.jsonl"}, "gold/talks.jsonl"},
		{Document{Kind: KindWeights, ID: "ranker.yaml"}, "weights/ranker.yaml"},
	} {
		if got := c.doc.Path(); got != c.want {
			t.Errorf("%s stands at %s, want %s", c.doc.Key(), got, c.want)
		}
		if back, ok := documentAt(c.want); !ok || back.Key() != c.doc.Key() {
			t.Errorf("%s reads as %s, %v", c.want, back.Key(), ok)
		}
	}
}

func TestReadDocumentsReadsKnowledgeAndPassesOverTheRest(t *testing.T) {
	fsys := fstest.MapFS{
		"README.md":               {Data: []byte("x")},
		"embed.go":                {Data: []byte("package data")},
		"articles/README.md":      {Data: []byte("x")},
		"items/crj/CRJ-003.yaml":  {Data: []byte(otherItem)},
		"items/crj/CRJ-002.yaml":  {Data: []byte(goodItem)},
		"articles/etc-sms.md":     {Data: []byte(goodArticle)},
		"lexicon/objects.yaml":    {Data: []byte(goodLexicon)},
		"outlets/halls.yaml":      {Data: []byte(goodOutlets)},
		"gold/first.tsv":          {Data: []byte("id")},
		"gold/notes.txt":          {Data: []byte("x")},
		"pictures/CRJ-002.yaml":   {Data: []byte("x")},
		"items/crj/CRJ-002.yaml~": {Data: []byte("x")},
	}
	docs, err := ReadDocuments(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, d := range docs {
		paths = append(paths, d.Path())
		if d.Body != string(fsys[d.Path()].Data) {
			t.Errorf("%s is not kept to the byte", d.Path())
		}
	}
	want := []string{"articles/etc-sms.md", "gold/first.tsv", "items/crj/CRJ-002.yaml", "items/crj/CRJ-003.yaml", "lexicon/objects.yaml", "outlets/halls.yaml"}
	if !slices.Equal(paths, want) {
		t.Errorf("read %v, want %v", paths, want)
	}
}

func TestReadDocumentsRefusesFilesThatCannotBeKnowledge(t *testing.T) {
	for _, c := range []struct {
		name, path string
		body       []byte
		code       fault.Code
		says       string
	}{
		{"invalid UTF-8", "articles/a.md", []byte("\xff\xfe"), fault.BadRequest, "UTF-8"},
		{"a file that is too large", "articles/a.md", make([]byte, MaxDocument+1), fault.TooLarge, "1048577"},
		{"an item in the wrong folder", "items/rk/CRJ-002.yaml", []byte("x"), fault.BadRequest, "items/crj/CRJ-002.yaml"},
		{"an article in a folder of its own", "articles/b/a.md", []byte("x"), fault.BadRequest, "articles/a.md"},
	} {
		_, err := ReadDocuments(fstest.MapFS{c.path: {Data: c.body}})
		if !fault.Is(err, c.code) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSoundKnowledgeIsRead(t *testing.T) {
	k, err := Parse(list(good()))
	if err != nil {
		t.Fatal(err)
	}
	it, a := k.Item("CRJ-002"), k.Article("etc-sms")
	switch {
	case it == nil || a == nil || len(k.Items) != 2 || len(k.Articles) != 1 || len(k.Outlets) != 1:
		t.Fatalf("%+v", k)
	case it.Facets[Fee] != "一本120元。":
		t.Errorf("facet %q", it.Facets[Fee])
	case a.Body != "真的违法在平台查。":
		t.Errorf("body %q", a.Body)
	case !it.Complete() || k.Item("CRJ-003").Complete():
		t.Error("complete means: texts of its own")
	case k.Item("CRJ-999") != nil || k.Article("none") != nil:
		t.Error("found what is not there")
	case len(k.Lexicon.Concepts) != 2 || len(k.Lexicon.Rewrites) != 1 || len(k.Lexicon.Words) != 1:
		t.Errorf("%+v", k.Lexicon)
	}
	for trips, label := range map[int]string{0: "零跑腿", 1: "一次跑动", 2: "需多次到场"} {
		if got := (&Item{Trips: trips}).TripsLabel(); got != label {
			t.Errorf("%d: %s", trips, got)
		}
	}
}

func TestFilesOfWindowsEditorsAreRead(t *testing.T) {
	docs := good()
	for name, d := range docs {
		d.Body = strings.ReplaceAll(d.Body, "\n", "\r\n")
		if name == "article" || name == "item" {
			d.Body = "\ufeff" + d.Body
		}
		docs[name] = d
	}
	if _, err := Parse(list(docs)); err != nil {
		t.Errorf("%v", err)
	}
}

// TestEveryRefusalNamesPathAndLine edits one document of sound knowledge at a time.
func TestEveryRefusalNamesPathAndLine(t *testing.T) {
	long := strings.Repeat("长", 25)
	for _, c := range []struct {
		name, doc, old, new string
		want                string // path:line: a part of the reason
	}{
		{"a tab in YAML", "item", "  - 原护照", "\t- 原护照", "items/crj/CRJ-002.yaml:12: a tab"},
		{"a tab behind a block", "item", "  - code: CRJ-003", "\t- code: CRJ-003", "items/crj/CRJ-002.yaml:"},
		{"an unknown key", "item", "trips: 0", "trips: 0\ntrip_count: 0", "items/crj/CRJ-002.yaml:7: field trip_count not found"},
		{"a value of the wrong kind", "item", "trips: 0", "trips: none", "items/crj/CRJ-002.yaml:6: cannot unmarshal"},
		{"broken YAML", "item", "aliases: [换护照]", "aliases: [换护照", "items/crj/CRJ-002.yaml:"},
		{"an empty file", "item", goodItem, "", "items/crj/CRJ-002.yaml:1: nothing in it"},
		{"two documents in one file", "item", "review: 2027-01-01\n", "review: 2027-01-01\n---\ncode: CRJ-004\n", "items/crj/CRJ-002.yaml: more than one"},
		{"a code that is not the file's name", "item", "code: CRJ-002", "code: CRJ-004", "items/crj/CRJ-002.yaml:1: the code CRJ-004 differs"},
		{"a code that another file has", "other", "code: CRJ-003", "code: CRJ-002", "items/crj/CRJ-003.yaml:1: the code CRJ-002 is taken by items/crj/CRJ-002.yaml"},
		{"an empty name", "item", "name: 普通护照换发", "name: ''", "items/crj/CRJ-002.yaml:3: name is empty"},
		{"an unknown audience", "item", "audience: 个人", "audience: 大家", "items/crj/CRJ-002.yaml:5: audience"},
		{"too many visits", "item", "trips: 0", "trips: 3", "items/crj/CRJ-002.yaml:6: trips 3"},
		{"no source", "item", "sources: [目录]", "sources: []", "items/crj/CRJ-002.yaml: no source"},
		{"a choice that is too long", "item", "tags: []", "tags: []\nchoice: " + long, "items/crj/CRJ-002.yaml:15: choice is longer"},
		{"an unknown facet", "item", "  fee: |", "  price: |", "items/crj/CRJ-002.yaml:17: unknown facet"},
		{"a wrong date", "item", "review: 2027-01-01", "review: 明年", "items/crj/CRJ-002.yaml:27: review"},
		{"a date that does not exist", "item", "review: 2027-01-01", "review: 2027-02-30", "items/crj/CRJ-002.yaml:27: review"},
		{"an unknown confusable", "item", "- code: CRJ-003", "- code: CRJ-009", "items/crj/CRJ-002.yaml:20: confusable names CRJ-009, which does not exist"},
		{"an item confused with itself", "item", "- code: CRJ-003", "- code: CRJ-002", "items/crj/CRJ-002.yaml:20: confusable names the item itself"},
		{"a confusable named twice", "item", "asks:", "  - code: CRJ-003\nasks:", "items/crj/CRJ-002.yaml:20: confusable names CRJ-003 twice"},
		{"an ask of another item", "other", "护照丢了怎么补", "护照快到期了，怎么换？", "items/crj/CRJ-003.yaml:15: the ask"},
		{"an ask given twice", "item", "counter_asks:", "  - 护照快到期了怎么换！\ncounter_asks:", "items/crj/CRJ-002.yaml:24: the ask"},
		{"an ask of an article that an item has", "article", "短信说我违章", "护照丢了怎么补", "items/crj/CRJ-003.yaml"},
		{"an empty ask", "item", "护照快到期了怎么换", "'？'", "items/crj/CRJ-002.yaml: an empty ask"},
		{"an ask that is a counter-ask", "item", "  - 护照丢了\n", "  - 护照快到期了怎么换？\n", "items/crj/CRJ-002.yaml:25: \"护照快到期了怎么换？\" is both"},
		{"a link that leads nowhere", "item", "group: 出入境", "links: {web: 'javascript:alert(1)'}\ngroup: 出入境", "items/crj/CRJ-002.yaml:13: links: \"javascript:alert(1)\" is no address for web"},
		{"a link of no channel", "item", "group: 出入境", "links: {fax: 'https://a.example'}\ngroup: 出入境", "items/crj/CRJ-002.yaml:13: links: \"fax\" is not one of"},
		{"no front matter", "article", "---\nid", "id", "articles/etc-sms.md:1: an article begins"},
		{"front matter that never ends", "article", "\n---\n真", "\n真", "articles/etc-sms.md:1: the front matter has no closing"},
		{"an unknown key in front matter", "article", "kind: guide", "kind: guide\nauthor: 我", "articles/etc-sms.md:6: field author"},
		{"an id that is not the file's name", "article", "id: etc-sms", "id: etc", "articles/etc-sms.md:2: the id etc differs"},
		{"an unknown kind of article", "article", "kind: guide", "kind: news", "articles/etc-sms.md:5: kind"},
		{"an unknown caution", "article", "caution: fraud", "caution: fire", "articles/etc-sms.md:7: caution"},
		{"an unknown related item", "article", "[CRJ-002]", "[CRJ-009]", "articles/etc-sms.md:8: related names CRJ-009"},
		{"an article without a body", "article", "真的违法在平台查。", "", "articles/etc-sms.md: body is empty"},
		{"a link to the outside", "article", "真的", "[看](https://example.org) 真的", "articles/etc-sms.md: the body links"},
		{"a script", "article", "真的", "<script>x</script>", "articles/etc-sms.md: the body links"},
		{"a wrong date in an article", "article", "review: 2027-01-01", "review: 2027/01/01", "articles/etc-sms.md:12: review"},
		{"an unknown parent", "lexicon", "parents: [document]", "parents: [paper]", "lexicon/objects.yaml:5: concept \"passport\" has the unknown parent \"paper\""},
		{"a circle of concepts", "lexicon", "words: [证]}", "words: [证], parents: [passport]}", "lexicon/objects.yaml:4: concept \"document\" is its own ancestor"},
		{"a concept defined twice", "lexicon", "id: passport", "id: document", "lexicon/objects.yaml:4: concept \"document\" is defined twice"},
		{"a concept of no kind", "lexicon", "{id: document, kind: object", "{id: document, kind: thing", "lexicon/objects.yaml:4: concept \"document\": kind"},
		{"a concept without words", "lexicon", "name: 证件, words: [证]", "name: ''", "lexicon/objects.yaml:4: concept \"document\" has no words"},
		{"a rewrite that changes nothing", "lexicon", "from: hz, to: 护照", "from: 护照, to: 护照", "lexicon/objects.yaml:7: rewrite"},
		{"a rewrite that swallows an item's name", "lexicon", "from: hz, to: 护照, when: [丢]", "from: 护照, to: 本子", "lexicon/objects.yaml:7: rewrite \"护照\" → \"本子\" would turn the name of CRJ-002"},
		{"an unknown key in the lexicon", "lexicon", "stop:", "stops:", "lexicon/objects.yaml:8: field stops"},
		{"a position without a source", "outlets", "district: 南山区", "district: 南山区\n    lat: 22.5\n    lng: 113.9", "outlets/halls.yaml:2: outlet \"ns\" has a position without a source"},
		{"hours without a source", "outlets", "district: 南山区", "district: 南山区\n    hours: 9至17点", "outlets/halls.yaml:2: outlet \"ns\" has hours without a source"},
		{"a position off the globe", "outlets", "sources: {name: 公告}", "lat: 220.5\n    sources: {position: 公告}", "outlets/halls.yaml:2: outlet \"ns\": position out of range"},
		{"an outlet without a district", "outlets", "district: 南山区", "district: ''", "outlets/halls.yaml:2: outlet \"ns\""},
	} {
		docs := good()
		d := docs[c.doc]
		if !strings.Contains(d.Body, c.old) {
			t.Fatalf("%s: the sample lacks %q", c.name, c.old)
		}
		d.Body = strings.Replace(d.Body, c.old, c.new, 1)
		docs[c.doc] = d
		_, err := Parse(list(docs))
		var ps Problems
		if !errors.As(err, &ps) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got  %v\n want %s", c.name, err, c.want)
		}
	}
}

func TestACodeThatTwoFilesHaveIsRefusedWhicheverComesFirst(t *testing.T) {
	docs := []Document{{KindItem, "CRJ-002", goodItem}, {KindItem, "CRJ-002", goodItem}, {KindItem, "CRJ-003", otherItem}}
	if _, err := Parse(docs); err == nil || !strings.Contains(err.Error(), "items/crj/CRJ-002.yaml: the same document as") {
		t.Errorf("%v", err)
	}
}

func TestProblemsAreCompleteAndInTheOrderOfPaths(t *testing.T) {
	docs := good()
	for _, name := range []string{"other", "article", "outlets", "item"} {
		d := docs[name]
		d.Body = strings.Replace(d.Body, "sources:", "source:", 1)
		docs[name] = d
	}
	_, err := Parse(list(docs))
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc([]Problem(ps), func(a, b Problem) int { return strings.Compare(a.Path, b.Path) }) {
		t.Errorf("%v", err)
	}
	for _, path := range []string{"articles/etc-sms.md", "items/crj/CRJ-002.yaml", "items/crj/CRJ-003.yaml", "outlets/halls.yaml"} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%s is missing in\n%v", path, err)
		}
	}
	for range 20 {
		if _, again := Parse(list(docs)); again.Error() != err.Error() {
			t.Fatalf("another order:\n%v\n%v", again, err)
		}
	}
}

func TestTooManyAsksAreRefused(t *testing.T) {
	var asks strings.Builder
	for i := range MaxAsks + 1 {
		fmt.Fprintf(&asks, "  - 问法%d\n", i)
	}
	docs := good()
	d := docs["other"]
	d.Body = strings.Replace(d.Body, "  - 护照丢了怎么补\n", asks.String(), 1)
	docs["other"] = d
	if _, err := Parse(list(docs)); err == nil || !strings.Contains(err.Error(), "401 asks; at most 400") {
		t.Errorf("%v", err)
	}
}

func TestAskKeyIgnoresSignsSpacesAndCase(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"护照 丢了？", "护照丢了", true}, {"Lost passport!", "lost Passport", true}, {"（去）香港", "去香港", true}, {"护照", "护罩", false}, {"？！", "", true},
	} {
		if got := AskKey(c.a) == AskKey(c.b); got != c.same {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func FuzzParseNeverPanics(f *testing.F) {
	for _, d := range list(good()) {
		f.Add(string(d.Kind), d.Body)
	}
	f.Add("article", "---\n\n---\n")
	f.Add("item", "a: &a [*a]")
	f.Fuzz(func(t *testing.T, kind, body string) {
		docs := []Document{{Kind(kind), "CRJ-002", body}}
		if k, err := Parse(docs); err == nil && k == nil {
			t.Fatal("neither knowledge nor an error")
		}
	})
}

func TestTheCensusCountsAndNamesEveryDifference(t *testing.T) {
	k := &Knowledge{}
	n := 0
	for _, typ := range slices.Sorted(maps.Keys(catalogueCounts.types)) {
		for range catalogueCounts.types[typ] {
			it := &Item{Code: fmt.Sprintf("X-%03d", n), PoliceType: typ, Terminal: n < 31}
			switch {
			case n < 112:
				it.Trips = 0
			case n < 260:
				it.Trips = 1
			default:
				it.Trips = 2
			}
			k.Items = append(k.Items, it)
			n++
		}
	}
	says, err := Census(k)
	if err != nil || !strings.Contains(says, "262 items (0 complete), visits 0/1/2: 112/148/2, on terminals: 31") {
		t.Errorf("%q, %v", says, err)
	}
	k.Items[0].PoliceType, k.Items[1].Trips, k.Items[2].Terminal = "水警", 2, false
	_, err = Census(k)
	if !fault.Is(err, fault.Conflict) {
		t.Fatal(err)
	}
	for _, part := range []string{"水警 has 1 items, the catalogue 0", "111 items need 0 visits", "3 items need 2 visits", "30 items are on terminals"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
}
