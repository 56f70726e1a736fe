package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"shenwei/internal/store/storetest/pgtest"
	"shenwei/internal/vault"
	"shenwei/web/wechat"
	"shenwei/web/wechat/simulator"
)

// balancer is what stands before several processes: it passes requests on in turn, to another
// where nobody listens any more, and cuts the caller's connection when one dies over a request.
func balancer(t *testing.T, addrs ...string) *httptest.Server {
	t.Helper()
	var turn atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		first := int(turn.Add(1))
		for i := range addrs {
			address := "http://" + addrs[(first+i)%len(addrs)] + r.URL.Path + "?" + r.URL.RawQuery
			res, err := http.Post(address, r.Header.Get("Content-Type"), bytes.NewReader(body)) //nolint:noctx // bounded by the caller's patience
			var dial *net.OpError
			if errors.As(err, &dial) && dial.Op == "dial" {
				continue
			}
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			defer func() { _ = res.Body.Close() }()
			w.WriteHeader(res.StatusCode)
			_, _ = io.Copy(w, res.Body) // the caller may have left
			return
		}
		panic(http.ErrAbortHandler)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)
	return s
}

// played is a simulator with its interfaces on the network, and the environment of a service that
// has it as its account.
func played(t *testing.T) (*simulator.Simulator, []string) {
	t.Helper()
	return playedTo(t, nil)
}

// playedTo also tells of each bubble that a phone shows.
func playedTo(t *testing.T, shown func(openid string, b simulator.Bubble)) (*simulator.Simulator, []string) {
	t.Helper()
	a := simulator.TestAccount()
	sim, err := simulator.New(simulator.Config{Account: a, Shown: shown})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(sim.Handler())
	t.Cleanup(api.Close)
	return sim, []string{
		"SHENWEI_WECHAT_APP_ID=" + a.AppID, "SHENWEI_WECHAT_SECRET=" + a.Secret, "SHENWEI_WECHAT_TOKEN=" + a.Token,
		"SHENWEI_WECHAT_ENCODING_AES_KEY=" + a.AESKey, "SHENWEI_WECHAT_API_BASE=" + api.URL, "SHENWEI_SITE_BASE_URL=https://example.org",
	}
}

// Two processes on one PostgreSQL stand behind one account. One is killed in the middle: every
// push has one line, one reply and one bubble, and a card is doubled only where the record says
// that nobody knows whether it arrived.
func TestAKilledProcessBehindAnAccountLosesAndDoublesNothing(t *testing.T) {
	t.Parallel() // it mostly waits
	long := os.Getenv("SHENWEI_LONG") == "1"
	pushes, citizens := 210, 70 // three each: within the quota, with room for what is sent again
	if long {
		pushes, citizens = 2100, 700
	}
	dsn := pgtest.Start(t).Database(t)
	sim, env := played(t)
	key, err := vault.NewKey("both")
	if err != nil {
		t.Fatal(err)
	}
	env = append(env, "SHENWEI_KEYS_DATA="+key)
	var nodes []*service
	for range 2 {
		p := newProgram(t)
		p.env = env
		nodes = append(nodes, p.serve(t, "--db", dsn))
	}
	sim.SetTarget(balancer(t, nodes[0].addr, nodes[1].addr).URL + "/wechat")
	var answered atomic.Int64
	var kill sync.Once
	work := make(chan simulator.Message)
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for m := range work {
				if r := sim.Push(context.Background(), m); r.Shown == nil || r.Shown.Kind != "text" {
					t.Errorf("after %d tries she sees %+v", r.Tries, r.Shown)
				}
				if int(answered.Add(1)) > pushes/3 {
					kill.Do(func() { go nodes[0].kill() })
				}
			}
		})
	}
	for i := range pushes {
		work <- sim.Text(fmt.Sprint("citizen-", i%citizens), "护照快到期了怎么换")
	}
	close(work)
	workers.Wait()
	holdAgainst(t, sim, dsn, pushes, citizens, long)
}

func holdAgainst(t *testing.T, sim *simulator.Simulator, dsn string, pushes, citizens int, long bool) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	count := func(query string) int {
		var n int
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if long { // what the killed process was sending counts as lost when its lease ends
		for deadline := time.Now().Add(4 * time.Minute); count(`SELECT COUNT(*) FROM outbox WHERE state IN ('waiting', 'sending')`) > 0 && time.Now().Before(deadline); {
			<-time.After(time.Second)
		}
	}
	for query, want := range map[string]int{
		`SELECT COUNT(*) FROM messages WHERE channel = 'wechat'`:                                                            pushes,
		`SELECT COUNT(DISTINCT ref) FROM messages WHERE channel = 'wechat' AND answer > 0`:                                  pushes,
		`SELECT COUNT(*) FROM messages WHERE kind = 'reply'`:                                                                pushes,
		`SELECT COUNT(*) FROM wechat_pushes WHERE state = 'passive' AND body IS NOT NULL`:                                   pushes,
		`SELECT COUNT(*) FROM outbox WHERE kind = '` + wechat.Kind + `'`:                                                    pushes,
		`SELECT COUNT(*) FROM outbox WHERE state IN ('failed', 'held')`:                                                     0,
		`SELECT COUNT(*) FROM wechat_contacts`:                                                                              citizens,
		`SELECT COUNT(*) FROM conversations c WHERE c.seq <> (SELECT COUNT(*) FROM messages m WHERE m.conversation = c.id)`: 0,
	} {
		if got := count(query); got != want {
			t.Errorf("%d, want %d: %s", got, want, query)
		}
	}
	texts, cards := 0, 0
	for _, who := range sim.Phones() {
		for _, b := range sim.Answers(who) {
			if b.Kind == "news" {
				cards++
			} else if strings.Contains(b.Text, "护照") {
				texts++
			}
		}
	}
	doubts := count(`SELECT COALESCE(SUM(doubts), 0) FROM outbox`)
	sent := count(`SELECT COUNT(*) FROM outbox WHERE state = 'sent'`)
	inFlight := count(`SELECT COUNT(*) FROM outbox WHERE state IN ('sending', 'unknown')`)
	t.Logf("%d pushes: %d texts, %d cards; %d sent, %d in flight or unknown, %d doubts", pushes, texts, cards, sent, inFlight, doubts)
	if texts != pushes || cards < sent || cards > sent+inFlight+doubts {
		t.Errorf("%d texts and %d cards for %d pushes", texts, cards, pushes)
	}
	if long && cards < pushes {
		t.Errorf("%d cards of %d arrived", cards, pushes)
	}
}
