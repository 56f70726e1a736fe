package kb

import (
	"slices"
	"strings"
	"testing"

	"shenwei/internal/fault"
)

func TestAGoldQuestionIsAddedToItsFile(t *testing.T) {
	known := func(c string) bool { return c == "CRJ-001" }
	doc := Document{Kind: KindGold, ID: "crj.tsv", Body: goldHeader + "\nkept-0001\t一\tanswer\tCRJ-001\tfee\t2"}
	doc, row, err := AddGold(doc, "studio", GoldRow{Question: "头一本\t护照\n要带什么", Action: "answer", Codes: []string{"CRJ-001"}, Facet: Material}, known)
	if err != nil || row.ID != "studio-0001" || doc.Body != goldHeader+"\nkept-0001\t一\tanswer\tCRJ-001\tfee\t2\nstudio-0001\t头一本 护照 要带什么\tanswer\tCRJ-001\tmaterial\t2\n" {
		t.Fatalf("%q %v %v", doc.Body, row, err)
	}
	doc, row, err = AddGold(doc, "studio", GoldRow{Question: "二", Action: "oos", Comment: "市民 11 月问的"}, known)
	if err != nil || row.ID != "studio-0002" {
		t.Fatal(row, err)
	}
	rows := GoldRows(doc)
	if len(rows) != 3 || rows[2].Comment != "市民 11 月问的" || rows[2].Codes == nil || rows[0].Comment != "" || !slices.Equal(rows[1].Codes, []string{"CRJ-001"}) {
		t.Fatalf("%+v", rows)
	}
	if _, _, err := AddGold(doc, "studio", GoldRow{Question: "头一本护照，要带什么？", Action: "oos"}, known); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
	fresh, _, err := AddGold(Document{Kind: KindGold, ID: "fraud.tsv"}, "studio", GoldRow{Question: "钱转给骗子了", Action: "emergency"}, known)
	if err != nil || !strings.HasPrefix(fresh.Body, goldHeader+"\nstudio-0001\t") {
		t.Errorf("%q %v", fresh.Body, err)
	}
}

func TestABadGoldQuestionIsRefused(t *testing.T) {
	for _, row := range []GoldRow{
		{Question: " \t", Action: "oos"}, {Question: "x", Action: "maybe"}, {Question: "x", Action: "answer"},
		{Question: "x", Action: "answer", Codes: []string{"CRJ-999"}}, {Question: "x", Action: "oos", Facet: "colour"},
		{Question: strings.Repeat("长", 501), Action: "oos"}, {Question: "x", Action: "oos", Comment: strings.Repeat("长", 201)},
		{Question: "x", Action: "oos", Sure: "3"},
	} {
		doc := Document{Kind: KindGold, ID: "x.tsv"}
		if got, _, err := AddGold(doc, "p", row, func(string) bool { return false }); !fault.Is(err, fault.BadRequest) || got != doc {
			t.Errorf("%+v: %v", row, err)
		}
	}
	if _, _, err := AddGold(Document{Kind: KindGold, ID: "x.tsv", Body: "a\tb\n"}, "p", GoldRow{Question: "x", Action: "oos"}, nil); !fault.Is(err, fault.BadRequest) {
		t.Error(err)
	}
}
