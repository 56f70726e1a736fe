package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"shenwei/bot"
	"shenwei/bot/insight"
	"shenwei/internal/audit"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/auth"
	"shenwei/web/live"
)

// office is the whole service in this process, with a real record and engine, as staff use
// it: whoever names a role as her session's secret has it.
type office struct {
	t        *testing.T
	app      *app
	server   *httptest.Server
	follower *insight.Follower
	now      time.Time
	lines    int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	a, err := (&cli{Dir: t.TempDir()}).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, app: a, now: time.Date(2026, 11, 22, 15, 50, 0, 0, time.UTC)} // ten to midnight
	clock := func() time.Time { return o.now }
	a.log, a.now = slog.New(slog.DiscardHandler), clock
	a.cfg.Limits.AddressMinute, a.cfg.Limits.VisitorBurst = 1<<30, 1<<30
	hub := live.NewHub(live.Config{Log: a.log})
	a.front = bot.NewFront(a.store, a.live, a.log, bot.WithClock(clock), bot.WithLabels(func(key string) string { return a.live.Current().Label(key) }))
	a.studio = kb.NewStudio(a.store, newGate(a.builder, a.store), a.log, a.now, a.look)
	insights, err := a.insights()
	if err != nil {
		t.Fatal(err)
	}
	hotline, err := a.newDesk()
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.server(hub, hotline, insights)
	if err != nil {
		t.Fatal(err)
	}
	o.server = httptest.NewServer(s.Handler())
	o.follower = insight.NewFollower(insight.Config{Store: a.store.Insight(), Node: "test", Location: insights.Location, Now: clock,
		Live:  func() insight.Live { return a.live.Current() },
		After: func(time.Duration) <-chan time.Time { c := make(chan time.Time, 1); c <- o.now; return c }})
	t.Cleanup(func() {
		o.server.Close()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	for _, role := range auth.Known() {
		o.hire(role)
	}
	return o
}

// hire makes an account with one role, signed in, whose secret is the role's name.
func (o *office) hire(role auth.Role) {
	o.t.Helper()
	now := time.Now() // the clock of sessions is the service's own
	name := string(role)
	account := auth.Account{ID: "id-" + name, Name: name, Display: name, Roles: []auth.Role{role}, Epoch: 1, Created: now, Updated: now}
	e := audit.Entry{Actor: "test", Action: "test"}
	err := o.app.store.CreateAccount(o.t.Context(), account, auth.Link{Hash: []byte(name), Staff: account.ID, Expires: now}, e)
	if err == nil {
		hash := sha256.Sum256([]byte(name))
		s := auth.Session{Hash: hash[:], ID: "s-" + name, Staff: account.ID, Stage: auth.StageFull, CSRF: "csrf", Created: now, Seen: now}
		_, err = o.app.store.BeginSession(o.t.Context(), s, nil, e, func(*auth.Account) error { return nil })
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// say is a citizen's line, a minute after the one before; it returns her conversation and
// the reply.
func (o *office) say(conversation, text string) *bot.Reply {
	o.t.Helper()
	o.lines++
	o.now = o.now.Add(10 * time.Second)
	m := bot.Message{Channel: bot.Web, Ref: fmt.Sprint("line", o.lines), Conversation: conversation, Trusted: true, Text: text, At: o.now}
	line, err := o.app.front.Begin(o.t.Context(), m)
	if err != nil {
		o.t.Fatal(err)
	}
	reply, err := line.Wait(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return reply
}

// count lets the follower catch up.
func (o *office) count() {
	o.t.Helper()
	for {
		n, err := o.follower.Step(o.t.Context())
		if err != nil {
			o.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// call asks the studio as somebody with a role.
func (o *office) call(role auth.Role, method, path string, body any, want int) []byte {
	o.t.Helper()
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			o.t.Fatal(err)
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.server.URL+"/api/v1/studio/"+path, sent)
	if err != nil {
		o.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: web.StaffCookie, Value: string(role)})
	req.Header.Set(web.CSRFHeader, "csrf")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		o.t.Fatalf("%s %s as %s: %d %s %v, want %d", method, path, role, res.StatusCode, out, err, want)
	}
	return out
}

func as[T any](t *testing.T, body []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	return v
}

type missedAnswer struct {
	Total    int
	Clusters []struct {
		ID        int64
		Size      int64
		Questions []string
		Reasons   insight.ReasonCounts
		Nearest   []struct{ Key, Title string }
		State     string
		Assigned  string
		After     *insight.Change
	}
}

type map3 = map[string]any

// publish makes what is drafted live without asking the gate, which has tests of its own.
func (o *office) publish() {
	o.t.Helper()
	ctx := o.t.Context()
	drafts, err := o.app.store.Drafts(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.app.store.Publish(ctx, kb.Order{Base: o.app.live.Current().Release(), Put: drafts, Note: "test", At: o.now, AsOf: o.now}); err != nil {
		o.t.Fatal(err)
	}
	if err := o.app.swapTo(ctx); err != nil {
		o.t.Fatal(err)
	}
}

// The morning of an editor: what nobody could answer becomes an ask, is tried beside the live
// answers, goes live, and the numbers tell what came of it.
func TestWhatNobodyCouldAnswerIsAnsweredAndCounted(t *testing.T) {
	o := newOffice(t)
	const strange = "住进去那会儿忘了揣小方片"
	first := o.say("", strange)
	if first.Action != bot.Decline {
		t.Fatalf("%s is %s %s now: take a stranger question", strange, first.Action, first.Item+first.Article)
	}
	o.say("", "住进去那会儿忘了揣小方片呢")
	o.say("", "住进去那会儿忘了揣小方片，电话13800138000")
	good := o.say("", "没带身份证怎么住酒店")
	thumbed := o.say("", "驾驶证到期换证要带什么")
	if err := o.app.store.AddFeedback(t.Context(), thumbed.Conversation, thumbed.Seq, -1, "", o.now); err != nil {
		t.Fatal(err)
	}
	asked := o.say("", "户口本丢了怎么补")
	o.say(asked.Conversation, "转人工")
	o.now = time.Date(2026, 11, 22, 16, 10, 0, 0, time.UTC) // after midnight in Shenzhen
	o.say("", "你好")
	o.say("", "没带身份证怎么住酒店")
	o.count()

	stats := as[insight.Report](t, o.call(auth.Auditor, "GET", "stats?by=day&from=2026-11-22&to=2026-11-23", nil, 200))
	if c := stats.Totals.Counts; c.Questions != 7 || c.Solved != 2 || c.Silent != 3 || c.Wrong != 1 || c.HandedOver != 1 || len(stats.Rows) != 2 || stats.Rows[1].Questions != 1 {
		t.Fatalf("%+v", stats.Totals)
	}
	if len(stats.NeverHit) == 0 || stats.Trips.Assumptions.Items == 0 || stats.Top[0].Key != "item/"+good.Item {
		t.Errorf("%+v %+v", stats.Top, stats.Trips)
	}

	list := as[missedAnswer](t, o.call(auth.Supervisor, "GET", "missed?from=2026-11-22&to=2026-11-23", nil, 200))
	if list.Total != 3 || list.Clusters[0].Size != 3 || list.Clusters[0].Reasons.Missed != 3 || strings.Contains(fmt.Sprint(list), "13800138000") {
		t.Fatalf("%+v", list)
	}
	c := list.Clusters[0]
	handed := as[missedAnswer](t, o.call(auth.Editor, "GET", "missed?kind=handed&state=open", nil, 200))
	if handed.Total != 1 || handed.Clusters[0].Questions[0] != "户口本丢了怎么补" || len(handed.Clusters[0].Nearest) == 0 {
		t.Errorf("%+v", handed)
	}

	resolve := fmt.Sprintf("missed/%d/resolve", c.ID)
	done := as[map3](t, o.call(auth.Editor, "POST", resolve, map3{"how": "ask", "key": "item/" + good.Item, "text": strange}, 200))
	if done["drafted"] != true || done["state"] != "drafted" {
		t.Fatalf("%v", done)
	}
	try := as[struct {
		Live, Draft struct {
			Reply *bot.Reply
			Trace *bot.Trace
		}
		Same bool
		Left []kb.Problem
	}](t, o.call(auth.Editor, "POST", "try", map3{"text": "那要多久", "conversation": []string{strange}, "draft": true}, 200))
	if try.Same || try.Live.Reply.Item != "" || try.Draft.Reply.Item != good.Item || try.Draft.Reply.Facet != kb.Time || len(try.Draft.Trace.Policies) == 0 || len(try.Left) != 0 {
		t.Errorf("live %s %s, draft %s %s, %v", try.Live.Reply.Action, try.Live.Reply.Item, try.Draft.Reply.Action, try.Draft.Reply.Item, try.Left)
	}
	if again := as[missedAnswer](t, o.call(auth.Editor, "GET", "missed?state=drafted", nil, 200)); again.Total != 1 || again.Clusters[0].Assigned != "item/"+good.Item {
		t.Errorf("%+v", again)
	}

	o.publish()
	o.now = o.now.Add(time.Hour)
	if r := o.say("", strange); r.Item != good.Item {
		t.Errorf("the ask is live and the answer is %s %s", r.Action, r.Item)
	}
	o.count()
	solved := as[missedAnswer](t, o.call(auth.Editor, "GET", "missed?state=solved", nil, 200))
	if solved.Total != 1 || solved.Clusters[0].After == nil || solved.Clusters[0].After.BeforePerWeek != 3 || solved.Clusters[0].After.AfterPerWeek != 0 {
		t.Errorf("%+v", solved)
	}
	o.downloads()
}

// downloads checks the exports: what a citizen wrote is never a formula.
func (o *office) downloads() {
	o.t.Helper()
	o.say("", "=HYPERLINK(鲲鹏飞升) 麒麟送子")
	o.count()
	body := o.call(auth.Auditor, "GET", "stats.csv?table=missed&from=2026-11-22&to=2026-11-23", nil, 200)
	if !bytes.HasPrefix(body, []byte("\ufeff")) {
		o.t.Error("no byte order mark")
	}
	rows, err := csv.NewReader(bytes.NewReader(body[3:])).ReadAll()
	if err != nil || len(rows) < 2 {
		o.t.Fatalf("%v %v", rows, err)
	}
	found := false
	for _, row := range rows {
		found = found || strings.HasPrefix(row[0], "'=HYPERLINK")
		if strings.HasPrefix(row[0], "=") {
			o.t.Errorf("a formula: %q", row)
		}
	}
	if !found {
		o.t.Errorf("the question is not there: %q", rows)
	}
	book, err := excelize.OpenReader(bytes.NewReader(o.call(auth.Editor, "GET", "stats.xlsx?by=item&from=2026-11-22&to=2026-11-23", nil, 200)))
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	if len(book.GetSheetList()) != 7 {
		o.t.Errorf("%v", book.GetSheetList())
	}
	cells, err := book.GetRows("没答好的问题")
	if err != nil {
		o.t.Fatal(err)
	}
	for y, row := range cells {
		at := fmt.Sprintf("A%d", y+1)
		if f, err := book.GetCellFormula("没答好的问题", at); err != nil || f != "" {
			o.t.Errorf("%s of %q is the formula %q: %v", at, row, f, err)
		}
	}
}

func TestGoldIsKeptFromConversations(t *testing.T) {
	o := newOffice(t)
	reply := o.say("", "我身份证440301199001010015丢了，在深圳怎么补")
	if reply.Item == "" {
		t.Fatalf("%s", reply.Action)
	}
	type gold struct {
		Key string
		Row struct {
			kb.GoldRow
			Kind  string
			Draft bool
		}
		FollowUp bool `json:"follow_up"`
	}
	g := as[gold](t, o.call(auth.Editor, "POST", "gold/from", map3{"conversation": reply.Conversation, "seq": 1, "comment": "前台问得很多"}, 200))
	if g.Row.Question != "我身份证[身份证号]丢了，在深圳怎么补" || g.Row.Codes[0] != reply.Item || g.Key != "gold/rk.tsv" || g.FollowUp {
		t.Fatalf("%+v", g)
	}
	o.call(auth.Editor, "POST", "gold/from", map3{"conversation": reply.Conversation, "seq": 2}, 409)
	o.call(auth.Editor, "POST", "gold/from", map3{"conversation": reply.Conversation, "seq": 9}, 404)
	fraud := as[gold](t, o.call(auth.Reviewer, "POST", "gold", map3{"question": "刚给骗子转了账", "action": "emergency", "kind": "fraud"}, 200))
	if fraud.Key != "gold/fraud.tsv" {
		t.Errorf("%+v", fraud)
	}
	list := as[struct {
		Total int
		Rows  []struct {
			kb.GoldRow
			Kind  string
			Draft bool
		}
		Kinds []string
	}](t, o.call(auth.Auditor, "GET", "gold?draft=true", nil, 200))
	if list.Total != 2 || !slices.Contains(list.Kinds, "fraud") || list.Rows[1].Comment != "前台问得很多" {
		t.Errorf("%+v", list)
	}
	for _, bad := range []map3{
		{"question": "x", "action": "answer", "codes": []string{"CRJ-999"}}, {"question": "", "action": "oos"}, {"question": "x", "action": "dance"},
		{"question": "x", "action": "oos", "kind": "../x"}, {"question": "x", "action": "oos", "colour": "red"},
	} {
		o.call(auth.Editor, "POST", "gold", bad, 400)
	}
	var looks int
	for _, e := range auditObjects(t, o.app) {
		if e == "conversation/"+reply.Conversation {
			looks++
		}
	}
	if looks == 0 {
		t.Error("nobody wrote down that a citizen's words were looked at")
	}
}

func TestALexiconIsTriedBeforeItIsSaved(t *testing.T) {
	o := newOffice(t)
	o.say("", "深圳通小绿本怎么换新的")
	o.say("", "护照到期了怎么换")
	o.count()
	type segment struct {
		Live, Draft struct {
			Text   string
			Tokens []struct {
				Text       string
				Start, End int
			}
			Concepts []struct{ ID, Word string }
			Rewrites []struct{ From, To string }
		}
		Changed []struct {
			Question string
			Was, Now struct{ Action, Item, Label string }
		}
		Of int
	}
	plain := as[segment](t, o.call(auth.Auditor, "POST", "segment", map3{"text": "護罩到期了"}, 200))
	if plain.Live.Text != "护照到期了" || plain.Live.Rewrites[0].From != "护罩" || plain.Live.Concepts[0].ID != "passport" || plain.Live.Tokens[0].End != 2 {
		t.Errorf("%+v", plain.Live)
	}
	lexicon := map3{"id": "studio-try", "body": "rewrites:\n  - from: 深圳通小绿本\n    to: 护照到期\n"}
	with := as[segment](t, o.call(auth.Editor, "POST", "segment", map3{"text": "深圳通小绿本换新", "lexicon": lexicon}, 200))
	if with.Draft.Text != "护照到期换新" || with.Live.Text == with.Draft.Text || with.Of != 2 || len(with.Changed) != 1 ||
		with.Changed[0].Question != "深圳通小绿本怎么换新的" || with.Changed[0].Now.Item != "CRJ-002" || with.Changed[0].Now.Label == "" {
		t.Errorf("%+v", with)
	}
	for _, bad := range []string{"rewrites: [", "colours: []\n", "concepts:\n  - id: passport\n    kind: object\n    name: 护照\n"} {
		o.call(auth.Editor, "POST", "segment", map3{"text": "x", "lexicon": map3{"id": "studio-try", "body": bad}}, 400)
	}
	o.call(auth.Editor, "POST", "segment", map3{"text": strings.Repeat("长", 501)}, 400)
}

func TestTheStudiosRoutesKnowTheirRoles(t *testing.T) {
	o := newOffice(t)
	for _, c := range []struct {
		method, path string
		may          []auth.Role
	}{
		{"POST", "try", []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator}},
		{"POST", "segment", []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator, auth.Auditor}},
		{"GET", "gold", []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator, auth.Auditor}},
		{"POST", "gold", []auth.Role{auth.Editor, auth.Reviewer, auth.Administrator}},
		{"POST", "gold/from", []auth.Role{auth.Editor, auth.Reviewer, auth.Administrator}},
		{"GET", "missed", []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator, auth.Auditor}},
		{"POST", "missed/1/resolve", []auth.Role{auth.Editor, auth.Reviewer, auth.Administrator}},
		{"GET", "stats", []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator, auth.Auditor}},
		{"GET", "stats.xlsx", []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator, auth.Auditor}},
		{"GET", "stats.csv", []auth.Role{auth.Editor, auth.Reviewer, auth.Supervisor, auth.Administrator, auth.Auditor}},
	} {
		for _, role := range append(auth.Known(), "nobody") {
			want := 403
			switch {
			case role == "nobody":
				want = 401
			case slices.Contains(c.may, role) && c.method == "POST":
				want = 400 // an empty body
			case slices.Contains(c.may, role):
				want = 200
			}
			o.call(role, c.method, c.path, nil, want)
		}
	}
	o.call(auth.Editor, "POST", "missed/7/resolve", map3{"how": "ignore"}, 404)
	for _, q := range []string{"by=colour", "from=x", "from=2026-02-01&to=2026-01-01"} {
		o.call(auth.Editor, "GET", "stats?"+q, nil, 400)
	}
	for _, q := range []string{"kind=x", "state=x", "limit=0", "offset=-1"} {
		o.call(auth.Editor, "GET", "missed?"+q, nil, 400)
	}
	o.call(auth.Editor, "GET", "stats.csv?table=secret", nil, 400)
}

// auditObjects lists what the audit log tells of.
func auditObjects(t *testing.T, a *app) []string {
	t.Helper()
	db := rawDB(t, a.cfg.DB)
	rows, err := db.QueryContext(context.Background(), `SELECT object FROM audit ORDER BY n`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func rawDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
