package kb

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// contentDocs is a small knowledge that its critic has nothing to say of, but that it lacks
// asks and gold: tests look for the one complaint that they cause.
func contentDocs(item, article, gold string) []Document {
	return []Document{
		{KindItem, "CRJ-002", item},
		{KindItem, "CRJ-003", otherItem},
		{KindArticle, "etc-sms", article},
		{KindFacts, "facts", "facts:\n  - {value: 120元, about: 护照, source: 收费标准}\nclauses: []\n"},
		{KindGold, "g.tsv", "id\tquestion\taction\tcodes\tfacet\tsure\n" + gold},
	}
}

func complaints(t *testing.T, docs []Document, now time.Time) string {
	t.Helper()
	k, err := Parse(docs)
	if err != nil {
		t.Fatal(err)
	}
	return CheckContent(k, docs, now).Error()
}

func TestTheCriticComplainsOfWhatAReaderWould(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	plainGold := "1\t我那本红皮的小本子过俩月就没用了\tanswer\tCRJ-002\thow\t2\n"
	for name, tc := range map[string]struct {
		item, article, gold string
		now                 time.Time
		says, not           string
	}{
		"an item without texts":               {goodItem, goodArticle, plainGold, now, "CRJ-003.yaml: not complete", ""},
		"too few asks":                        {goodItem, goodArticle, plainGold, now, "1 asks, at least 25", ""},
		"a neighbour that does not look back": {goodItem, goodArticle, plainGold, now, "confusable CRJ-003 does not name this item back", ""},
		"a neighbour without a question":      {strings.Replace(goodItem, "\n    question: 护照丢了吗？", "", 1), goodArticle, plainGold, now, "confusable CRJ-003 has no question", ""},
		"a number without a source":           {strings.Replace(goodItem, "一本120元", "加急250元", 1), goodArticle, plainGold, now, `"250元" stands in no facts file`, ""},
		"a number with a source":              {goodItem, goodArticle, plainGold, now, "", `"120元" stands in no facts file`},
		"a review date that is past":          {goodItem, goodArticle, plainGold, now.AddDate(1, 0, 0), "the review date 2027-01-01 is past", ""},
		"a report that says no place":         {goodItem, strings.Replace(goodArticle, "kind: guide", "kind: report", 1), plainGold, now, "does not say where to report", ""},
		"a gold question that is a copy":      {goodItem, goodArticle, "1\t护照快到期了要怎么换\tanswer\tCRJ-002\thow\t2\n", now, "overlaps by", ""},
		"a gold question of its own":          {goodItem, goodArticle, plainGold, now, "", "overlaps by"},
		"gold full of official names":         {goodItem, goodArticle, "1\t普通护照换发要啥\tanswer\tCRJ-002\thow\t2\n", now, "hold an official name", ""},
		"an item without gold":                {goodItem, goodArticle, plainGold, now, "CRJ-003.yaml: 0 gold questions", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := complaints(t, contentDocs(tc.item, tc.article, tc.gold), tc.now)
			if tc.says != "" && !strings.Contains(got, tc.says) {
				t.Errorf("it does not say %q:\n%s", tc.says, got)
			}
			if tc.not != "" && strings.Contains(got, tc.not) {
				t.Errorf("it says %q:\n%s", tc.not, got)
			}
		})
	}
}

func TestASentenceInManyItemsIsATemplateUnlessItIsAClause(t *testing.T) {
	var docs []Document
	for i := 1; i <= 30; i++ {
		code := fmt.Sprintf("CRJ-%03d", i)
		body := strings.NewReplacer("CRJ-002", code, "换护照", "别名"+code, "护照快到期了怎么换", "问法"+code, "普通护照换发", "事项"+code,
			"confusable:\n  - code: CRJ-003\n    question: 护照丢了吗？\n", "", "一本120元。", "请以办理页面公布的为准。").Replace(goodItem)
		docs = append(docs, Document{KindItem, code, body})
	}
	const template = `"请以办理页面公布的为准" stands in 30 items`
	if got := complaints(t, docs, time.Time{}); !strings.Contains(got, template) {
		t.Errorf("the template is not seen:\n%.300s", got)
	}
	docs = append(docs, Document{KindFacts, "facts", "facts: []\nclauses:\n  - 请以办理页面公布的为准。\n"})
	if got := complaints(t, docs, time.Time{}); strings.Contains(got, template) {
		t.Error("a listed clause is called a template")
	}
}

func TestAnImportWithAPastReviewDateIsRefused(t *testing.T) {
	l := NewLibrary(&emptyArchive{}, nil, func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) })
	_, err := l.Compare(context.Background(), contentDocs(goodItem, goodArticle, ""))
	if err == nil || !strings.Contains(err.Error(), "articles/etc-sms.md") || !strings.Contains(err.Error(), "2027-01-01 is past") {
		t.Errorf("%v", err)
	}
}

// emptyArchive has published nothing.
type emptyArchive struct{ Archive }

func (*emptyArchive) Current(context.Context) (*Release, error) { return nil, nil }

// A reader of English gets the same facts: another number, or a Chinese word that is no name, is seen.
func TestTheCriticHoldsEnglishToTheChinese(t *testing.T) {
	for name, tc := range map[string]struct{ english, says string }{
		"another fee":         {"  text: It costs CNY 130.\n", `english: the number "130" stands nowhere in the Chinese`},
		"the same fee":        {"  text: It costs CNY 120.\n", ""},
		"a Chinese word":      {"  text: Bring the 护照 with you.\n", "english: Chinese words outside quotes and brackets"},
		"an official name":    {"  text: Open \"深圳公安\" and choose passport (护照).\n", ""},
		"a fact in its facet": {"  text: New passport.\n  facets:\n    how: Wait 99 days.\n", `the number "99" stands nowhere`},
	} {
		item := goodItem + "english:\n  name: Passport\n" + tc.english
		got := complaints(t, contentDocs(item, goodArticle, "1\t我那本红皮的小本子过俩月就没用了\tanswer\tCRJ-002\thow\t2\n"), time.Time{})
		if tc.says != "" && !strings.Contains(got, tc.says) {
			t.Errorf("%s: it does not say %q:\n%s", name, tc.says, got)
		}
		if tc.says == "" && strings.Contains(got, "english:") {
			t.Errorf("%s: it complains:\n%s", name, got)
		}
	}
}
