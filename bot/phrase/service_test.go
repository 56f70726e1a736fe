package phrase

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/bot/phrase/scripted"
	"shenwei/kb"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a service over a scripted server.
type bench struct {
	*Service
	server *scripted.Server
	clock  *clock
}

func newBench(t testing.TB, server scripted.Config, change func(*Config, *Server)) *bench {
	t.Helper()
	srv := scripted.New(t, server)
	own := Server{BaseURL: srv.URL, Model: scripted.Model, Key: "k"}
	k := knowledge(t)
	c := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	cfg := Config{Know: func() *kb.Knowledge { return k }, Now: c.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if change != nil {
		change(&cfg, &own)
	}
	client, err := NewClient(own)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Client = client
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{s, srv, c}
}

// reply is an answer about an item, in the shape that the engine composes.
func reply(t testing.TB, code string, f kb.Facet) *bot.Reply {
	t.Helper()
	it := knowledge(t).Item(code)
	if it == nil {
		t.Fatalf("no item %s", code)
	}
	card := cardOf(it, f)
	text := "【" + it.Name + "】" + it.Summary
	if card.FacetText != "" {
		text += "\n" + card.FacetName + "：" + strings.TrimSpace(card.FacetText)
	}
	return &bot.Reply{
		Action: bot.Answer, Item: code, Items: []bot.ItemHit{{Code: code, Facet: f}}, Text: text,
		Blocks:  []bot.Block{{Type: bot.BlockItem, Item: card}, {Type: bot.BlockRating}},
		Sources: []bot.Source{{Kind: kb.KindItem, ID: code, Revision: 3}},
	}
}

func turn(channel bot.Channel, at time.Time) bot.Turn {
	return bot.Turn{Message: bot.Message{Channel: channel, Conversation: "c1", Text: "怎么办", At: at}}
}

// echo says the locked text of a request again, with a word of politeness: an honest model.
func echo(r scripted.Request) string { return "您好，" + lockedOf(r) }

func lockedOf(r scripted.Request) string {
	_, rest, _ := strings.Cut(r.Said("user"), `"原文":"`)
	text, _, _ := strings.Cut(rest, `","`)
	text = strings.TrimSuffix(text, `"}`)
	return strings.NewReplacer(`\n`, "\n", `\"`, `"`, `\\`, `\`).Replace(text)
}

func TestAnHonestWordingIsUsedMarkedAndKept(t *testing.T) {
	b := newBench(t, scripted.Config{}, nil)
	b.server.Script(scripted.Answer{From: echo})
	r := reply(t, "CRJ-001", kb.Other)
	said := b.Word(context.Background(), turn(bot.Web, b.clock.Now()), r)
	if said != "new wording of scripted" || !r.AIGenerated {
		t.Fatalf("the wording was not used: %s", said)
	}
	want := "您好，" + knowledge(t).Item("CRJ-001").Summary
	if r.Blocks[0].Item.Summary != want || !strings.Contains(r.Text, want) || !strings.HasSuffix(r.Text, bot.AILabel) || len(r.Sources) != 1 {
		t.Errorf("the reply says %q", r.Text)
	}
	again := reply(t, "CRJ-001", kb.Other)
	if said := b.Word(context.Background(), turn(bot.WeChat, b.clock.Now()), again); said != "kept wording of scripted" || again.Blocks[0].Item.Summary != want {
		t.Errorf("the second time: %s", said)
	}
	if n := len(b.server.Requests()); n != 1 {
		t.Errorf("the model was asked %d times", n)
	}
}

func TestWhateverAModelDoesTheCitizenReadsPublishedWords(t *testing.T) {
	const code = "CRJ-002"
	published := reply(t, code, kb.Material)
	sentence := "您好，请带上您的材料。"
	for _, f := range scripted.Unsound {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, scripted.Config{Moved: "http://127.0.0.1:9/"}, nil)
			a := scripted.Break(f, strings.Repeat(sentence, 40))
			a.Gap, a.Size = 5*time.Millisecond, 2<<20
			b.server.Script(a)
			r := reply(t, code, kb.Material)
			begun := time.Now()
			said := b.Word(context.Background(), turn(bot.Web, b.clock.Now()), r)
			if r.AIGenerated || r.Text != published.Text || r.Blocks[0].Item.FacetText != published.Blocks[0].Item.FacetText {
				t.Errorf("%s: the citizen reads %q", said, r.Text)
			}
			if !strings.HasPrefix(said, "published words: ") {
				t.Errorf("the trace says %q", said)
			}
			if took := time.Since(begun); took > webWithin+time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestEveryDialectIsUnderstood(t *testing.T) {
	for _, d := range scripted.Dialects {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, scripted.Config{Dialect: d, Key: "k"}, func(_ *Config, s *Server) {
				s.MaxCompletionTokens = d.Name == scripted.Newer.Name
			})
			for _, fault := range []scripted.Fault{"", scripted.Ragged, scripted.NoDone} {
				b.server.Script(scripted.Answer{From: echo, Fault: fault})
				src := NewDictionary(knowledge(t)).NewSource("本人到窗口办理，收费120元，7个工作日内办好。")
				text, err := b.ask(context.Background(), src, "护照", "", func(string) {}, false)
				if err != nil || text != "您好，"+src.Text() {
					t.Errorf("%q: %q, %v", fault, text, err)
				}
			}
		})
	}
}

// A dead server costs the one who finds it little, and nobody after.
func TestADeadServerCostsLittleOnceAndNothingAfter(t *testing.T) {
	for name, server := range map[string]func(*bench){
		"nobody listens": func(b *bench) { b.server.Down() },
		"wrong key":      func(b *bench) { b.server.Script(scripted.Refuse(scripted.BadKey)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, scripted.Config{}, nil)
			server(b)
			begun := time.Now()
			b.Word(context.Background(), turn(bot.Web, b.clock.Now()), reply(t, "CRJ-001", kb.Other))
			if took := time.Since(begun); took > 300*time.Millisecond {
				t.Errorf("the first citizen waited %v", took)
			}
			asked := len(b.server.Requests())
			r := reply(t, "CRJ-001", kb.Other)
			begun = time.Now()
			const after = 200
			for range after {
				if said := b.Word(context.Background(), turn(bot.Web, b.clock.Now()), r); said != "published words: breaker open" {
					t.Fatal(said)
				}
			}
			if took := time.Since(begun) / after; took > time.Millisecond {
				t.Errorf("each after waited %v", took)
			}
			if n := len(b.server.Requests()); n != asked {
				t.Errorf("%d requests were made while the breaker was open", n-asked)
			}
		})
	}
}

func TestTheBreakerOpensAfterFiveFailuresAndClosesAfterOneProbe(t *testing.T) {
	b := newBench(t, scripted.Config{}, nil)
	b.server.Script(scripted.Refuse(scripted.Broken))
	word := func() string {
		return b.Word(context.Background(), turn(bot.Web, b.clock.Now()), reply(t, "CRJ-001", kb.Other))
	}
	for range breakAfter {
		if said := word(); !strings.Contains(said, "HTTP 500") {
			t.Fatal(said)
		}
	}
	if said := word(); !strings.Contains(said, "breaker open") {
		t.Fatal(said)
	}
	b.server.Script(scripted.Answer{From: echo})
	b.clock.add(openFor)
	if said := word(); !strings.Contains(said, "breaker open") {
		t.Fatalf("a citizen waits for the probe: %s", said)
	}
	b.work.Wait() // the probe
	if said := word(); !strings.HasPrefix(said, "kept") {
		t.Errorf("after the probe: %s", said)
	}
}

// leaver is a citizen who looks at nothing and may leave.
type leaver chan struct{}

func (l leaver) Worded(string, string) {}
func (l leaver) Gone() <-chan struct{} { return l }

func TestACitizenWhoLeavesStopsTheModel(t *testing.T) {
	b := newBench(t, scripted.Config{}, nil)
	b.server.Script(scripted.Break(scripted.Silent, ""))
	gone := make(chan struct{})
	tn := turn(bot.Web, b.clock.Now())
	tn.Message.Audience = leaver(gone)
	done := make(chan string, 1)
	go func() { done <- b.Word(context.Background(), tn, reply(t, "CRJ-001", kb.Other)) }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := b.server.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	close(gone)
	if said := <-done; said != "published words: the citizen has left" {
		t.Error(said)
	}
	select {
	case <-req.Gone:
	case <-ctx.Done():
		t.Error("the server is still working")
	}
	if b.breaker.look() != closed || b.breaker.row != 0 {
		t.Error("that a citizen left counts against the server")
	}
}

func TestSentencesAreShownVerifiedAndTakenBack(t *testing.T) {
	b := newBench(t, scripted.Config{}, nil)
	src := NewDictionary(knowledge(t)).NewSource("本人到出入境窗口办理。收费120元。7个工作日内办好。")
	for name, c := range map[string]struct {
		answer scripted.Answer
		shown  []string
		ok     bool
	}{
		"honest": {
			scripted.Say("请本人到⟦F1⟧办理。收费⟦F2⟧。⟦F3⟧内办好。"),
			[]string{"请本人到出入境窗口办理。", "请本人到出入境窗口办理。收费120元。", "请本人到出入境窗口办理。收费120元。7个工作日内办好。"}, true,
		},
		"a digit":      {scripted.Say("请本人到⟦F1⟧办理。收费5元。⟦F2⟧⟦F3⟧内办好。"), []string{"请本人到出入境窗口办理。"}, false},
		"turned":       {scripted.Say("请本人到⟦F1⟧办理。不收费⟦F2⟧。⟦F3⟧内办好。"), []string{"请本人到出入境窗口办理。"}, false},
		"lone thought": {scripted.Say("我想想，收费。</think>请本人到⟦F1⟧办理。收费⟦F2⟧。⟦F3⟧内办好。"), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			b.server.Script(c.answer)
			var shown []string
			text, err := b.ask(context.Background(), src, "护照", "", func(s string) { shown = append(shown, s) }, false)
			if (err == nil) != c.ok {
				t.Errorf("%q, %v", text, err)
			}
			if c.shown != nil && strings.Join(shown, "|") != strings.Join(c.shown, "|") {
				t.Errorf("shown: %q", shown)
			}
		})
	}
}

func TestWhatIsNoPlainAnswerIsNeverReworded(t *testing.T) {
	b := newBench(t, scripted.Config{}, nil)
	b.server.Script(scripted.Answer{From: echo})
	caution := reply(t, "CRJ-001", kb.Other)
	caution.Blocks = append([]bot.Block{{Type: bot.BlockCaution, Text: "110", Links: []bot.Link{{Kind: bot.LinkTel}}}}, caution.Blocks...)
	hotline := reply(t, "CRJ-001", kb.Other)
	hotline.Blocks = append(hotline.Blocks, bot.Block{Type: bot.BlockHotline})
	all := []*bot.Reply{caution, hotline}
	for _, a := range []bot.Action{bot.Emergency, bot.Handoff, bot.Decline, bot.Clarify, bot.SmallTalk, bot.Relayed} {
		r := reply(t, "CRJ-001", kb.Other)
		r.Action = a
		all = append(all, r)
	}
	for _, a := range knowledge(t).Articles {
		if a.Kind != kb.KindGuide || a.Caution != "" {
			all = append(all, &bot.Reply{Action: bot.Answer, Article: a.ID, Text: a.Summary, Blocks: []bot.Block{{Type: bot.BlockText, Title: a.Title, Text: a.Summary + "\n" + a.Body}}})
		}
	}
	for _, r := range all {
		before := r.Text
		if said := b.Word(context.Background(), turn(bot.Web, b.clock.Now()), r); said != "" || r.AIGenerated || r.Text != before {
			t.Errorf("%s %s was re-worded: %s", r.Action, r.Article, said)
		}
	}
	if n := len(b.server.Requests()); n != 0 {
		t.Errorf("the model was asked %d times", n)
	}
}

// rows are what a citizen wrote, as the record gives them.
type rows []string

func (r rows) Messages(context.Context, string, int64, int) (list []bot.Stored, err error) {
	for i, text := range r {
		list = append(list, bot.Stored{Seq: int64(i + 1), Kind: "citizen", Text: text})
	}
	return list, nil
}

// Her name leaves as a substitute, the same in every line, and comes back on her own screen alone.
func TestANameIsASubstituteEverywhereButOnHerOwnScreen(t *testing.T) {
	wrote := rows{"我叫王小明，手机13800138000", "怎么办"}
	cases := []struct {
		says    string
		channel bot.Channel
		used    bool
	}{
		{"[姓名甲]女士，您好，", bot.Web, true},
		{"[姓名甲]，您好，", bot.H5, true},
		{"[姓名乙]，您好，", bot.Web, false},
		{"[手机号甲]，您好，", bot.Web, false},
		{"您好，[姓名甲]先生，", bot.Web, true},
		{"[姓名甲]，[姓名甲]，您好，", bot.Web, false},
		{"[姓名甲]，您好，", bot.WeChat, false}, // no page of ours, where it could be put back
	}
	for _, c := range cases {
		b := newBench(t, scripted.Config{}, func(cfg *Config, _ *Server) { cfg.SendQuestion, cfg.Rows = true, wrote })
		b.server.Script(scripted.Answer{From: func(r scripted.Request) string { return c.says + scripted.Source(r) }})
		r := reply(t, "CRJ-001", kb.Other)
		asked := turn(c.channel, b.clock.Now())
		asked.Message.Text = "我是王小明，怎么办"
		said := b.Word(context.Background(), asked, r)
		if r.AIGenerated != c.used {
			t.Errorf("%s on %s: %s", c.says, c.channel, said)
		}
		request := b.server.Requests()[0].Said("user")
		if !strings.Contains(request, "[姓名甲]") || strings.Contains(request, "王小明") {
			t.Errorf("the model read %s", request)
		}
		if !c.used {
			continue
		}
		if !strings.Contains(r.Text, "[姓名甲]") || strings.Contains(r.Text, "王小明") {
			t.Errorf("the record has %q", r.Text)
		}
		shown := bot.OnOwnScreen(context.Background(), wrote, r)
		if !strings.Contains(shown.Text, "王小明") || !strings.Contains(shown.Blocks[0].Item.Summary, "王小明") {
			t.Errorf("her own screen shows %q", shown.Text)
		}
		if strings.Contains(r.Blocks[0].Item.Summary, "王小明") {
			t.Error("what is shown to her changed the reply itself")
		}
	}
}

func TestBudgetsSwitchesAndTheDay(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, scripted.Config{Dialect: scripted.DeepSeek}, func(c *Config, _ *Server) {
		c.Budget, c.SendQuestion, c.Dir, c.Rows = Budget{DailyTokens: 100_000, PerCitizen: 2}, true, dir, rows{}
	})
	b.server.Script(scripted.Answer{From: echo})
	word := func() string {
		return b.Word(context.Background(), turn(bot.Web, b.clock.Now()), reply(t, "CRJ-001", kb.Other))
	}
	for want, set := range map[string]func(bool){"published words: switched off": b.Switch, "published words: switched off ": b.Stop} {
		set(true)
		if said := word(); said != strings.TrimSpace(want) {
			t.Error(said)
		}
		set(false)
	}
	if said := word() + word(); said != "new wording of scriptednew wording of scripted" {
		t.Fatal(said)
	}
	if said := word(); !strings.Contains(said, "citizen's requests") {
		t.Error(said)
	}
	b.clock.add(24 * time.Hour)
	if said := word(); said != "new wording of scripted" {
		t.Error(said)
	}
	b.spent.cost(100_000, false)
	if said := word(); !strings.Contains(said, "day's tokens") {
		t.Error(said)
	}
	b.spent.close()
	if again := newSpent(b.cfg.Budget, b.clock.Now, time.UTC, dir+"/usage.json"); again.today() < 100_000 {
		t.Errorf("a restart forgot the day's tokens: %d", again.today())
	}
}

// What is kept survives a restart, and is verified again before it is used.
func TestKeptWordingsSurviveARestartAndAreVerifiedAgain(t *testing.T) {
	dir := t.TempDir()
	first := newBench(t, scripted.Config{}, func(c *Config, _ *Server) { c.Dir = dir })
	first.server.Script(scripted.Answer{From: echo})
	first.Word(context.Background(), turn(bot.Web, first.clock.Now()), reply(t, "CRJ-001", kb.Other))
	r := reply(t, "CRJ-006", kb.Other)
	p := partOf(knowledge(t), r)
	first.cache.put(first.key(p), strings.ReplaceAll(p.text, "60元", "6元")) // somebody wrote into the file
	if err := first.cache.close(); err != nil {
		t.Fatal(err)
	}
	second := newBench(t, scripted.Config{}, func(c *Config, _ *Server) { c.Dir = dir })
	second.server.Down()
	if said := second.Word(context.Background(), turn(bot.Web, second.clock.Now()), reply(t, "CRJ-001", kb.Other)); !strings.HasPrefix(said, "kept") {
		t.Error(said)
	}
	if said := second.Word(context.Background(), turn(bot.Web, second.clock.Now()), r); r.AIGenerated || strings.HasPrefix(said, "kept") {
		t.Errorf("%s: %s", said, r.Text)
	}
}

func TestTheCanaryNeverGetsOut(t *testing.T) {
	b := newBench(t, scripted.Config{}, nil)
	b.server.Script(scripted.Answer{From: func(r scripted.Request) string {
		i := strings.Index(r.Said("system"), "SW-")
		return echo(r) + strings.ToLower(strings.Join(strings.Split(r.Said("system")[i:i+15], ""), " "))
	}})
	r := reply(t, "CRJ-001", kb.Other)
	if said := b.Word(context.Background(), turn(bot.Web, b.clock.Now()), r); r.AIGenerated || !strings.Contains(said, "leak") {
		t.Errorf("%s: %s", said, r.Text)
	}
}

func TestAServerThatIsNotConfiguredRightIsRefusedWithTheKey(t *testing.T) {
	for base, key := range map[string]string{
		"": "llm.base_url", "dashscope.aliyuncs.com": "llm.base_url", "https://u:p@x.org/v1": "llm.base_url", "http://api.example.com/v1": "llm.base_url",
		"ftp://x.org": "llm.base_url",
	} {
		if err := (Server{BaseURL: base, Model: "m"}).Check(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", base, err)
		}
	}
	for _, s := range []Server{
		{BaseURL: "https://x.org"}, {BaseURL: "https://x.org", Model: "m", Temperature: 1},
		{BaseURL: "https://x.org", Model: "m", ExtraBody: map[string]any{"tools": 1}},
	} {
		if s.Check() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	if err := (Server{BaseURL: "http://10.0.0.5:8000/v1", Model: "m"}).Check(); err != nil {
		t.Error(err)
	}
}

func TestPublishedWordsThatAModelRepeatsNeedNoMark(t *testing.T) {
	b := newBench(t, scripted.Config{}, nil)
	b.server.Script(scripted.Answer{From: lockedOf})
	r := reply(t, "CRJ-001", kb.Other)
	if said := b.Word(context.Background(), turn(bot.Web, b.clock.Now()), r); r.AIGenerated || said != "published words: the model says the same" {
		t.Errorf("%s: %s", said, r.Text)
	}
}

// In WeChat a wording has what is left of five seconds; on the page it has its own time.
func TestAWordingHasTheTimeThatItsChannelHas(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		channel bot.Channel
		ago     time.Duration
		want    time.Duration
	}{
		{bot.Web, 0, 6 * time.Second}, {bot.API, 4 * time.Second, 6 * time.Second}, {bot.WeChat, 0, 2500 * time.Millisecond},
		{bot.WeChat, 2 * time.Second, 1700 * time.Millisecond}, {bot.WeCom, 3600 * time.Millisecond, 100 * time.Millisecond},
	} {
		if got := within(turn(c.channel, now.Add(-c.ago)), now); got != c.want {
			t.Errorf("%s, a line of %v ago: %v", c.channel, c.ago, got)
		}
	}
	b := newBench(t, scripted.Config{}, nil)
	if said := b.Word(context.Background(), turn(bot.WeChat, b.clock.Now().Add(-3500*time.Millisecond)), reply(t, "CRJ-001", kb.Other)); said != "published words: too little time" {
		t.Error(said)
	}
	if n := len(b.server.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}
