package kb

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// said finds the formats that the checks of documents say.
var said = regexp.MustCompile(`c\.(?:say\(|at\([^,\n]+, )"((?:[^"\\]|\\.)*)"`)

func TestEveryProblemHasChineseWords(t *testing.T) {
	found := 0
	for _, file := range []string{"check.go", "list.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(source), -1) {
			found++
			reason := strings.NewReplacer("%q", `"甲"`, "%s", "乙", "%d", "3", "%v", "[丙]").Replace(m[1])
			if words := (Problem{Reason: reason}).Chinese(); strings.Contains(words, "写法有误") || strings.Contains(words, "%s") {
				t.Errorf("%s: %q has no Chinese words: %s", file, m[1], words)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d formats were found", found)
	}
	for _, reason := range []string{"a tab; indent YAML with spaces", "nothing in it", "field colour not found in type kb.Item", "the same document as items/a.yaml", "the review date 2020-01-01 is past: read the text again and set a later one"} {
		words := Problem{Reason: reason}.Chinese()
		if strings.Contains(words, "写法有误") || !strings.ContainsFunc(words, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%q: %s", reason, words)
		}
	}
}

func TestALineKnowsItsField(t *testing.T) {
	item := Document{KindItem, "CRJ-002", goodItem}
	for text, want := range map[string]string{"一本120元": "facets", "question:": "confusable", "name:": "name", "护照丢了\n": "counter_asks"} {
		if got := item.FieldAt(lineWith(goodItem, text)); got != want {
			t.Errorf("%q stands in %q, want %q", text, got, want)
		}
	}
	if got := (Document{KindArticle, "etc-sms", goodArticle}).FieldAt(lineWith(goodArticle, "真的违法")); got != "body" {
		t.Errorf("%q", got)
	}
	if item.FieldAt(0) != "" || item.FieldAt(9999) != "review" {
		t.Errorf("%q %q", item.FieldAt(0), item.FieldAt(9999))
	}
}
