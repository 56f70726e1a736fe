package phrase

import (
	"context"
	"testing"

	"shenwei/bot"
	"shenwei/bot/phrase/scripted"
	"shenwei/kb"
)

// BenchmarkWithoutTheModel is all that the model's part adds to an answer while a switch holds it
// back, her own screen included. Without one configured there is only the second half.
func BenchmarkWithoutTheModel(b *testing.B) {
	s := newBench(b, scripted.Config{}, nil)
	s.Switch(true)
	r, t := reply(b, "CRJ-001", kb.Other), turn(bot.Web, s.clock.Now())
	b.ReportAllocs()
	for b.Loop() {
		s.Word(context.Background(), t, r)
		if bot.OnOwnScreen(context.Background(), nil, r) != r {
			b.Fatal("a published text was changed")
		}
	}
}
