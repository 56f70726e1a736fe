package studio

import (
	"bytes"
	"encoding/csv"
	"testing"

	"github.com/xuri/excelize/v2"

	"shenwei/internal/fault"
)

// What spreadsheets have been seen to take for a formula, also behind white space.
var tricks = []string{
	"=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\u3000=1", "\u00a0+1", "\ufeff=1", "＝1+1", "＋1", "－1", "＠x",
}

func TestAnExportedTextIsNeverAFormula(t *testing.T) {
	rows := [][]any{{"问题", "次数"}}
	for _, text := range tricks {
		rows = append(rows, []any{text, int64(-1)})
	}
	all := sheets{{"missed", "没答好的问题", rows}}
	body, err := all.csv("missed")
	if err != nil {
		t.Fatal(err)
	}
	read, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))).ReadAll()
	if err != nil || len(read) != len(rows) {
		t.Fatalf("%d rows, %v", len(read), err)
	}
	for i, text := range tricks {
		if read[i+1][0][0] != '\'' || read[i+1][1] != "-1" {
			t.Errorf("%q is written as %q", text, read[i+1])
		}
	}
	if csvCell("护照=本子") != "护照=本子" || csvCell(0.5) != "0.5" {
		t.Error("a harmless cell was changed")
	}

	book, err := workbook(all)
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for i := range tricks {
		at, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := f.GetCellType("没答好的问题", at)
		if err != nil || kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
			t.Errorf("%q is stored as %v: %v", tricks[i], kind, err)
		}
		if formula, err := f.GetCellFormula("没答好的问题", at); err != nil || formula != "" {
			t.Errorf("%q is the formula %q: %v", tricks[i], formula, err)
		}
	}
}

func TestAnUnknownTableIsRefused(t *testing.T) {
	if _, err := (sheets{}).csv("secret"); !fault.Is(err, fault.BadRequest) {
		t.Error(err)
	}
}

func TestGoldFindsItsFile(t *testing.T) {
	for want, b := range map[string]goldBody{
		"crj": {Action: "answer", Codes: []string{"CRJ-001"}}, "jj": {Action: "clarify", Codes: []string{"JJ-001"}},
		"emergency": {Action: "emergency"}, "oos": {Action: "oos"}, "general": {Action: "report"},
	} {
		if got := kindOf(b); got != want {
			t.Errorf("%+v: %s, want %s", b, got, want)
		}
	}
	for _, bad := range []string{"", "../x", "A", "-a", "x.tsv", "ä"} {
		if kindForm.MatchString(bad) {
			t.Errorf("%q may name a file", bad)
		}
	}
}
