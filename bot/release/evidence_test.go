package release

import (
	"maps"
	"testing"

	"shenwei/kb/index"
)

func TestEvidenceIsTheSameWhateverTheOrderAndTheLastDigits(t *testing.T) {
	one := []index.Hit{{Key: "item/A", Score: 3}, {Key: "item/C", Score: 1.5000000000000002}, {Key: "item/B", Score: 1.5}, {Key: "item/D", Score: 0.01}}
	other := []index.Hit{{Key: "item/A", Score: 3}, {Key: "item/B", Score: 1.5000000000000004}, {Key: "item/C", Score: 1.5}, {Key: "item/D", Score: 0.01}}
	a, b := strongest(one, 2), strongest(other, 2)
	want := map[string]float64{"item/A": 1, "item/B": 0.5}
	if !maps.Equal(a, want) || !maps.Equal(b, want) {
		t.Errorf("%v and %v, want %v", a, b, want)
	}
	if all := strongest(one, 9); len(all) != 3 {
		t.Errorf("what is hardly evidence stays in: %v", all)
	}
}
