package chat

import (
	"math/rand/v2"
	"testing"
)

// A conversation's rows arrive as own announcements in any order, with rows of others between
// them; whatever the order, each is taken once, ascending, and none waits for ever.
func TestOrderTakesEveryRowOnceAndAscending(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var o order
		rows := int64(1 + r.IntN(12))
		var own []ownRow
		for seq := int64(1); seq <= rows; seq++ {
			if r.IntN(3) > 0 { // the others are foreign
				own = append(own, ownRow{seq: seq, frame: []byte{byte(seq)}})
			}
		}
		r.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
		last := int64(0)
		took := func(seq int64) {
			if seq != last+1 {
				t.Fatalf("seed %d: row %d after %d", seed, seq, last)
			}
			last = seq
		}
		drain := func(flying []int64) {
			for due := true; due; {
				for row, ok := o.next(); ok; row, ok = o.next() {
					took(row.seq)
				}
				var upTo int64
				upTo, due = o.gap(flying, false)
				for seq := o.seen + 1; due && seq <= min(upTo, rows); seq++ {
					o.take(seq)
					took(seq)
				}
			}
		}
		for i, row := range own {
			o.note(row)
			if i < len(own)-1 {
				drain([]int64{-1}) // an earlier line is under way: foreign rows wait
			}
		}
		o.want(rows)
		drain(nil)
		if last != rows || len(o.own) != 0 {
			t.Fatalf("seed %d: took up to %d of %d, %d left", seed, last, rows, len(o.own))
		}
	}
}

func TestALineUnderWayHoldsBackOnlyWhatMayBeItsReply(t *testing.T) {
	reply := ownRow{seq: 6, line: 3, frame: []byte("r")}
	for name, c := range map[string]struct {
		own       []ownRow
		target    int64
		flying    []int64
		beginning bool
		upTo      int64
		due       bool
	}{
		"nothing is known":               {nil, 0, nil, false, 0, false},
		"a hint":                         {nil, 4, nil, false, 1<<63 - 1, true},
		"a hint while a line is stored":  {nil, 4, nil, true, 0, false},
		"a hint while a line is waiting": {nil, 4, []int64{2}, false, 0, false},
		"a reply behind a gap":           {[]ownRow{reply}, 0, nil, false, 6, true},
		"with a later line under way":    {[]ownRow{reply}, 0, []int64{5}, false, 6, true},
		"while a line is being stored":   {[]ownRow{reply}, 0, []int64{5}, true, 0, false},
		"with an earlier one under way":  {[]ownRow{reply}, 0, []int64{2}, false, 0, false},
		"a line behind a gap":            {[]ownRow{{seq: 4}}, 0, nil, false, 1<<63 - 1, true},
	} {
		o := order{own: c.own, target: c.target}
		if upTo, due := o.gap(c.flying, c.beginning); due != c.due || (due && upTo != c.upTo) {
			t.Errorf("%s: %d %v", name, upTo, due)
		}
	}
}
