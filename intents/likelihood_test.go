package intents

import "testing"

func TestAnEntryThatSaysWhatTheLineSaysIsLikelierThanOneThatOnlySharesAWord(t *testing.T) {
	said := vocabulary{}
	line := func(names ...string) (raws []raw) {
		for _, n := range names {
			raws = append(raws, raw{name: n, weight: 1})
		}
		return raws
	}
	say := func(entry int32, names ...string) pending {
		p := pending{phrase: phrase{entry: entry}, raws: line(names...)}
		said.learn(p.raws)
		return p
	}
	all := []pending{
		say(0, "w:护照", "c:lost"), say(0, "w:护照", "c:lost", "w:派出所"),
		say(1, "w:护照", "c:expired"), say(1, "w:护照"),
		say(1, "c:lost"),
	}
	all[4].counter = true
	l := &likelihood{}
	l.build(profiles(all, len(said)), len(said))
	out := make([]likely, 2)
	compare := func(names ...string) {
		raws := line(names...)
		said.find(raws)
		l.compare(raws, out)
	}
	compare("c:lost", "w:护照", "b:不看", "w:没见过")
	if out[0].both <= 0 || out[1].both >= 0 {
		t.Errorf("likely %v; the first says it, the second only as a counter-ask", out)
	}
	compare("w:没见过")
	if out[0] != (likely{}) || out[1] != (likely{}) {
		t.Errorf("a line of which nothing is known says %v of the entries", out)
	}
	compare("w:派出所")
	if out[0].words <= 0 || out[1].words >= 0 || out[0].concepts != 0 || out[0].grams != 0 || out[0].both != out[0].words {
		t.Errorf("a line of words alone says %+v", out[0])
	}
}
