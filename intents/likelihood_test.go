package intents

import "testing"

func TestAnEntryThatSaysWhatTheLineSaysIsLikelierThanOneThatOnlySharesAWord(t *testing.T) {
	say := func(entry int32, names ...string) pending {
		p := pending{phrase: phrase{entry: entry}}
		for _, n := range names {
			p.raws = append(p.raws, raw{n, 1})
		}
		return p
	}
	all := []pending{
		say(0, "w:护照", "c:lost"), say(0, "w:护照", "c:lost", "w:派出所"),
		say(1, "w:护照", "c:expired"), say(1, "w:护照"),
		{phrase: phrase{entry: 1, counter: true}, raws: []raw{{"c:lost", 1}}},
	}
	l := newLikelihood()
	l.build(profiles(all))
	out := make([]likely, 2)
	l.compare([]raw{{"c:lost", 1}, {"w:护照", 1}, {"b:不看", 1}, {"w:没见过", 1}}, out)
	if out[0].both <= 0 || out[1].both >= 0 {
		t.Errorf("likely %v; the first says it, the second only as a counter-ask", out)
	}
	l.compare([]raw{{"w:没见过", 1}}, out)
	if out[0] != (likely{}) || out[1] != (likely{}) {
		t.Errorf("a line of which nothing is known says %v of the entries", out)
	}
	l.compare([]raw{{"w:派出所", 1}}, out)
	if out[0].words <= 0 || out[1].words >= 0 || out[0].concepts != 0 || out[0].grams != 0 || out[0].both != out[0].words {
		t.Errorf("a line of words alone says %+v", out[0])
	}
}
