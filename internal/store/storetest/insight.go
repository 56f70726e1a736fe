package storetest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/bot/insight"
	"shenwei/intents"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/kb"
)

// shenzhen is eight hours ahead: Noon is 20:00 there.
var shenzhen = time.FixedZone("Shenzhen", 8*60*60)

// live is a release without knowledge that compares lines by their characters.
type live struct{ know *kb.Knowledge }

func (live) Release() int64             { return 3 }
func (l live) Knowledge() *kb.Knowledge { return l.know }
func (live) Vector(text string) intents.Vector {
	seen := map[uint64]bool{}
	for _, r := range text {
		h := fnv.New64a()
		_, _ = h.Write([]byte(string(r)))
		seen[h.Sum64()] = true
	}
	var v intents.Vector
	for id := range seen {
		v.IDs = append(v.IDs, id)
		v.Weights = append(v.Weights, 1/sqrt(len(seen)))
	}
	slices.Sort(v.IDs)
	return v
}

func sqrt(n int) float32 {
	x := float32(n)
	for range 20 {
		x = (x + float32(n)/x) / 2
	}
	return x
}

// said is one line with what the bot made of it.
type said struct {
	text   string
	action bot.Action
	item   string
	policy string
	tapped bool
	after  time.Duration // since Noon
}

// talk stores lines with their replies in one conversation and returns it with the seq of
// the last reply.
func (s *suite) talk(db *store.DB, ref string, lines ...said) (string, int64) {
	s.Helper()
	id, seq := "", int64(0)
	for i, l := range lines {
		m := bot.Message{Channel: bot.Web, Ref: fmt.Sprint(ref, i), Conversation: id, Trusted: true, Text: l.text, At: Noon.Add(l.after)}
		if l.tapped {
			m.Choice = l.item
		}
		r := s.receive(db, m)
		id = r.Conversation.ID
		o := bot.Outcome{Conversation: id, Version: r.Conversation.Version, Line: r.Seq, Channel: bot.Web, Ref: m.Ref, At: m.At.Add(time.Second),
			Reply: &bot.Reply{Action: l.action, Item: l.item, Text: "答", Release: 3}, Trace: &bot.Trace{Policy: l.policy, Act: "ask"}}
		seq = s.commit(db, o).Seq
	}
	return id, seq
}

func (s *suite) follower(db *store.DB, node string, now *time.Time, know *kb.Knowledge) *insight.Follower {
	return insight.NewFollower(insight.Config{
		Store: db.Insight(), Live: func() insight.Live { return live{know} }, Node: node, Location: shenzhen,
		Now: func() time.Time { return *now }, After: func(time.Duration) <-chan time.Time { c := make(chan time.Time, 1); c <- *now; return c },
	})
}

// catchUp follows until nothing is new.
func (s *suite) catchUp(f *insight.Follower) {
	s.Helper()
	for {
		n, err := f.Step(s.Context())
		s.must(err)
		if n == 0 {
			return
		}
	}
}

var month = insight.Days{From: "2026-11-01", To: "2026-11-30"}

func (s *suite) numbers(db *store.DB) insight.Numbers {
	s.Helper()
	n, err := db.Insight().Numbers(s.Context(), month)
	s.must(err)
	return n
}

func total(n insight.Numbers) (c insight.Counts) {
	for _, h := range n.Hours {
		c = c.Add(h.Counts, 1)
	}
	return c
}

// adding up all stored questions gives the stored sums: nothing is counted twice or lost.
func (s *suite) sumsHold(db *store.DB, conversations []string) {
	s.Helper()
	type hour struct {
		day     string
		hour    int
		channel bot.Channel
	}
	hours, subjects, clusters := map[hour]insight.Counts{}, map[string]insight.Counts{}, map[int64]insight.ReasonCounts{}
	for _, c := range conversations {
		all, err := db.Insight().Recent(s.Context(), c, 0, 10_000)
		s.must(err)
		for _, q := range all {
			day, h := insight.Bucket(q.At, shenzhen)
			hours[hour{day, h, q.Channel}] = hours[hour{day, h, q.Channel}].Add(q.Counts(), 1)
			subjects[q.Subject] = subjects[q.Subject].Add(q.Counts(), 1)
			if q.Cluster > 0 {
				clusters[q.Cluster] = clusters[q.Cluster].Add(q.ReasonCounts(), 1)
			}
		}
	}
	n := s.numbers(db)
	for _, h := range n.Hours {
		s.same(h.Counts, hours[hour{h.Day, h.Hour, h.Channel}])
		delete(hours, hour{h.Day, h.Hour, h.Channel})
	}
	for _, x := range n.Subjects {
		s.same(x.Counts, subjects[x.Subject])
		delete(subjects, x.Subject)
	}
	listed, _, err := db.Insight().Clusters(s.Context(), insight.Filter{Days: month, Limit: 10_000})
	s.must(err)
	for _, c := range listed {
		s.same(c.ReasonCounts, clusters[c.ID])
	}
	if len(hours)+len(subjects) > 0 {
		s.Fatalf("missing sums: %v %v", hours, subjects)
	}
}

var insightCases = []testCase{
	{"one node follows at a time, and another takes over when it is gone", func(s *suite) {
		db := s.open()
		in := db.Insight()
		lease := func(node string, after time.Duration) bool {
			s.set(Noon.Add(after))
			_, mine, err := in.Lease(s.Context(), node, time.Minute)
			s.must(err)
			return mine
		}
		if !lease("a", 0) || lease("b", 30*time.Second) || !lease("a", 50*time.Second) || lease("b", 100*time.Second) || !lease("b", 3*time.Minute) {
			s.Fatal("the lease is not kept")
		}
		s.wantCode(in.Save(s.Context(), insight.Batch{Holder: "a", To: insight.Cursor{Turns: 5}}), fault.Conflict)
		s.wantCode(in.Save(s.Context(), insight.Batch{Holder: "b", From: insight.Cursor{Turns: 1}}), fault.Conflict)
		s.must(in.Save(s.Context(), insight.Batch{Holder: "b", To: insight.Cursor{Turns: 5, Thumbs: 2}}))
		c, mine, err := in.Lease(s.Context(), "b", time.Minute)
		s.must(err)
		if !mine || c != (insight.Cursor{Turns: 5, Thumbs: 2}) {
			s.Fatalf("%+v", c)
		}
	}},
	{"turns are read in order, each with its line", func(s *suite) {
		db := s.open()
		id, _ := s.talk(db, "a", said{text: "办身份证", action: bot.Clarify, policy: "decide"},
			said{text: "丢失补领", action: bot.Answer, item: "RK-050", policy: "choice", tapped: true})
		s.begin(db, "waits")
		turns, err := db.Insight().Turns(s.Context(), 0, 10)
		s.must(err)
		if len(turns) != 2 || turns[0].N >= turns[1].N {
			s.Fatalf("%+v", turns)
		}
		want := insight.Turn{N: turns[1].N, Conversation: id, Line: 3, Answer: 4, At: Noon, Channel: bot.Web, Text: "丢失补领", Tapped: true,
			Action: bot.Answer, Item: "RK-050", Policy: "choice", Act: "ask", Release: 3}
		s.same(turns[1], want)
		for _, seq := range []int64{3, 4} {
			t, err := db.Insight().Turn(s.Context(), id, seq)
			s.must(err)
			s.same(t, want)
		}
		_, err = db.Insight().Turn(s.Context(), id, 9)
		s.wantCode(err, fault.NotFound)
		if more, err := db.Insight().Turns(s.Context(), turns[1].N, 10); err != nil || len(more) != 0 {
			s.Fatalf("%v %v", more, err)
		}
	}},
	{"a reply that commits late is not passed over", func(s *suite) {
		if !strings.HasPrefix(s.dsn, "postgres://") {
			s.Skip("SQLite commits one transaction at a time")
		}
		db := s.open()
		s.talk(db, "a", said{text: "一", action: bot.Answer, policy: "decide"})
		tx, err := s.raw().BeginTx(s.Context(), nil)
		s.must(err)
		for _, q := range []string{
			`INSERT INTO conversations (id, channel, version, seq, owner, state, created, updated) VALUES ('late', 'web', 1, 2, 'bot', '{}', 0, 0)`,
			`INSERT INTO messages (conversation, seq, kind, at, channel, ref, text, choice, answer) VALUES ('late', 1, 'citizen', 0, 'web', 'late', '晚', '', 2)`,
			`INSERT INTO messages (conversation, seq, kind, at, reply) VALUES ('late', 2, 'reply', 0, '{"action":"answer"}')`,
		} {
			_, err := tx.ExecContext(s.Context(), q)
			s.must(err)
		}
		s.talk(db, "b", said{text: "二", action: bot.Answer, policy: "decide"})
		var seen []string
		cursor := int64(0)
		read := func() {
			turns, err := db.Insight().Turns(s.Context(), cursor, 10)
			s.must(err)
			for _, t := range turns {
				seen, cursor = append(seen, t.Text), t.N
			}
		}
		for range 3 {
			read()
		}
		if slices.Contains(seen, "二") {
			s.Fatalf("read past a transaction under way: %v", seen)
		}
		s.must(tx.Commit())
		for range 3 {
			read()
		}
		s.same(seen, []string{"一", "晚", "二"})
	}},
	{"questions are counted where they end up, thumbs and midnight included", func(s *suite) {
		db := s.open()
		now := Noon
		f := s.follower(db, "a", &now, &kb.Knowledge{})
		one, reply := s.talk(db, "a", said{text: "护照换发", action: bot.Answer, item: "CRJ-002", policy: "decide", after: 4*time.Hour - time.Second})
		two, _ := s.talk(db, "b", said{text: "办证", action: bot.Clarify, policy: "decide", after: 4 * time.Hour})
		three, _ := s.talk(db, "c", said{text: "火星移民，我的电话13800138000", action: bot.Decline, policy: "decide", after: 4 * time.Hour})
		s.catchUp(f)
		s.same(total(s.numbers(db)), insight.Counts{Questions: 3, Solved: 1, AskedBack: 1, Silent: 1, Matters: 1})
		n := s.numbers(db)
		if n.Hours[0].Day != "2026-11-22" || n.Hours[0].Hour != 23 || n.Hours[1].Day != "2026-11-23" || n.Hours[1].Hour != 0 {
			s.Fatalf("%+v", n.Hours)
		}
		s.must(db.AddFeedback(s.Context(), one, reply, -1, "", Noon))
		s.catchUp(f)
		s.same(total(s.numbers(db)), insight.Counts{Questions: 3, AskedBack: 1, Silent: 1, Wrong: 1})
		s.sumsHold(db, []string{one, two, three})
		clusters, count, err := db.Insight().Clusters(s.Context(), insight.Filter{Days: month, Kind: insight.Missed})
		s.must(err)
		if count != 1 || len(clusters) != 1 || clusters[0].Samples[0] != "火星移民，我的电话[手机号]" || clusters[0].Missed != 1 {
			s.Fatalf("%s", dump(clusters))
		}
		var plain int
		s.must(s.raw().QueryRow(`SELECT (SELECT COUNT(*) FROM insight_questions WHERE text LIKE '%火星%') +
			(SELECT COUNT(*) FROM insight_samples WHERE text LIKE '%火星%')`).Scan(&plain))
		if plain != 0 {
			s.Fatal("citizens' words are not sealed")
		}
		s.must(db.AddFeedback(s.Context(), one, reply, 1, "", Noon)) // she thinks again
		s.catchUp(f)
		s.same(total(s.numbers(db)), insight.Counts{Questions: 3, Solved: 1, AskedBack: 1, Silent: 1, Matters: 1})
		s.sumsHold(db, []string{one, two, three})
		latest, err := db.Insight().Latest(s.Context(), 2)
		s.must(err)
		s.same(latest, []string{"火星移民，我的电话[手机号]", "办证"})
	}},
	{"a thumb for a reply that is not counted yet waits for it", func(s *suite) {
		db := s.open()
		now := Noon
		f := s.follower(db, "a", &now, &kb.Knowledge{})
		var lines []said
		for i := range 70 { // more than one step takes
			lines = append(lines, said{text: fmt.Sprint("问题", i), action: bot.Answer, item: "CRJ-002", policy: "decide", after: time.Duration(i) * time.Minute})
		}
		id, last := s.talk(db, "a", lines...)
		s.must(db.AddFeedback(s.Context(), id, last, -1, "", Noon))
		s.must(db.AddFeedback(s.Context(), id, 2, -1, "", Noon))
		s.catchUp(f)
		if c := total(s.numbers(db)); c.Questions != 70 || c.Wrong != 2 {
			s.Fatalf("%+v", c)
		}
		s.sumsHold(db, []string{id})
	}},
	{"followers that come and go count everything once", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		now := Noon
		random := rand.New(rand.NewPCG(1, 2))
		actions := []said{
			{action: bot.Answer, item: "CRJ-002", policy: "decide"}, {action: bot.Clarify, policy: "decide"}, {action: bot.Decline, policy: "decide"},
			{action: bot.Handoff, policy: "human"}, {action: bot.Answer, item: "RK-050", policy: "choice", tapped: true}, {action: bot.SmallTalk, policy: "smalltalk"},
			{action: bot.Decline, policy: "choice"}, {action: bot.Decline, policy: "safety"}, {action: bot.Emergency, policy: "emergency"},
		}
		var ids []string
		for n := range 40 {
			var lines []said
			for i := range 1 + random.IntN(8) {
				l := actions[random.IntN(len(actions))]
				l.text = []string{"护照怎么换", "护照怎么换新", "居住证续签", "火星移民"}[random.IntN(4)]
				l.after = time.Duration(n*17+i*2) * time.Minute
				lines = append(lines, l)
			}
			id, last := s.talk(dbs[n%2], fmt.Sprint("c", n), lines...)
			ids = append(ids, id)
			if random.IntN(3) == 0 {
				s.must(dbs[0].AddFeedback(s.Context(), id, last, 1-2*random.IntN(2), "", Noon))
			}
			if n%7 == 0 { // another process, which begins anew
				now = now.Add(time.Hour)
				s.set(now)
				ctx, cancel := context.WithCancel(s.Context())
				f := s.follower(dbs[n%2], fmt.Sprint("node", n), &now, &kb.Knowledge{})
				if _, err := f.Step(ctx); err != nil {
					s.Fatal(err)
				}
				cancel()
			}
		}
		now = now.Add(time.Hour)
		s.set(now)
		s.catchUp(s.follower(dbs[1], "last", &now, &kb.Knowledge{}))
		s.sumsHold(dbs[0], ids)
		if c := total(s.numbers(dbs[0])); c.Questions < 60 || c.Silent == 0 || c.HandedOver == 0 || c.Repeated == 0 || c.Wrong == 0 {
			s.Fatalf("%+v", c)
		}
	}},
	{"a cluster is resolved, audited, and solved when its answer is live", func(s *suite) {
		db := s.open()
		now := Noon
		in := db.Insight()
		for i, text := range []string{"火星移民办理", "火星移民怎么办理", "火星移民"} {
			s.talk(db, fmt.Sprint("c", i), said{text: text, action: bot.Decline, policy: "decide", after: time.Duration(i) * time.Minute})
		}
		s.talk(db, "d", said{text: "明天下雨吗", action: bot.Decline, policy: "decide"})
		know := &kb.Knowledge{}
		s.catchUp(s.follower(db, "a", &now, know))
		all, count, err := in.Clusters(s.Context(), insight.Filter{Days: month})
		s.must(err)
		if count != 2 || all[0].ReasonCounts.Questions != 3 || len(all[0].Samples) == 0 || all[0].State != insight.Open || !all[0].First.Equal(Noon) || !all[0].Last.Equal(Noon.Add(2*time.Minute)) {
			s.Fatalf("%s", dump(all))
		}
		page, count, err := in.Clusters(s.Context(), insight.Filter{Days: month, Limit: 1, Offset: 1})
		s.must(err)
		if count != 2 || len(page) != 1 || page[0].ID != all[1].ID {
			s.Fatalf("%d %s", count, dump(page))
		}
		if none, _, err := in.Clusters(s.Context(), insight.Filter{Days: insight.Days{From: "2026-10-01", To: "2026-10-31"}}); err != nil || len(none) != 0 {
			s.Fatalf("%v %v", none, err)
		}
		entry := audit.Entry{Actor: "li", Action: "cluster.resolve", Object: "cluster/1"}
		r := insight.Resolution{Cluster: all[0].ID, State: insight.Drafted, How: insight.HowAsk, Key: "item/CRJ-001", Asks: []string{"火星移民办理"}, By: "li", At: Noon}
		s.must(in.Resolve(s.Context(), r, entry))
		r.Cluster = 999
		s.wantCode(in.Resolve(s.Context(), r, entry), fault.NotFound)
		got, err := in.Cluster(s.Context(), all[0].ID)
		s.must(err)
		if got.State != insight.Drafted || got.How != insight.HowAsk || got.By != "li" || !slices.Equal(got.Asks, []string{"火星移民办理"}) {
			s.Fatalf("%s", dump(got))
		}
		var audits int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM audit WHERE action = 'cluster.resolve'`).Scan(&audits))
		if audits != 1 {
			s.Fatalf("%d entries of the audit log", audits)
		}
		waiting, err := in.Waiting(s.Context())
		s.must(err)
		s.same(waiting, []insight.Waiting{{Cluster: all[0].ID, Key: "item/CRJ-001", Asks: []string{"火星移民办理"}}})
		s.must(in.Solve(s.Context(), all[0].ID, Noon.Add(time.Hour)))
		s.wantCode(in.Solve(s.Context(), all[0].ID, Noon), fault.NotFound)
		if got, err = in.Cluster(s.Context(), all[0].ID); err != nil || got.State != insight.Solved || !got.Done.Equal(Noon.Add(time.Hour)) {
			s.Fatalf("%s %v", dump(got), err)
		}
		if n, err := in.Within(s.Context(), all[0].ID, month); err != nil || n != 3 {
			s.Fatal(n, err)
		}
		_, err = in.Cluster(s.Context(), 999)
		s.wantCode(err, fault.NotFound)
	}},
	{"what is kept of a conversation's questions goes with it, the sums stay", func(s *suite) {
		db := s.open()
		now := Noon
		id, reply := s.talk(db, "a", said{text: "护照换发", action: bot.Answer, item: "CRJ-002", policy: "decide"})
		s.must(db.AddFeedback(s.Context(), id, reply, 1, "", Noon))
		s.catchUp(s.follower(db, "a", &now, &kb.Knowledge{}))
		_, err := db.DeleteConversation(s.Context(), id, audit.Entry{Actor: "li", Action: "citizen.delete"})
		s.must(err)
		all, err := db.Insight().Recent(s.Context(), id, 0, 10)
		s.must(err)
		var thumbs int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM insight_thumbs`).Scan(&thumbs))
		if len(all) != 0 || thumbs != 0 || total(s.numbers(db)).Questions != 1 {
			s.Fatalf("%v %d %+v", all, thumbs, total(s.numbers(db)))
		}
	}},
}
