// Package storetest is the suite that a store passes on every database. Start at Run; the
// cases of one subject stand in one file. pgtest starts a PostgreSQL for it.
package storetest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/internal/vault"
)

// Run runs the suite, without the groups named. fresh returns the address of an empty database of
// its own for each call.
func Run(t *testing.T, fresh func(t testing.TB) string, without ...string) {
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"open", openCases}, {"receive", receiveCases}, {"commit", commitCases}, {"read", readCases},
		{"desk", deskCases}, {"pictures", pictureCases}, {"service", serviceCases}, {"concurrency", concurrencyCases}, {"archive", archiveCases}, {"studio", studioCases}, {"insight", insightCases},
		{"jobs", jobCases}, {"links", linkCases}, {"outbox", outboxCases}, {"wechat", wechatCases}, {"backup", backupCases}, {"vectors", vectorCases}, {"leases", leaseCases},
		{"staff", staffCases}, {"sealed", sealedCases}, {"citizen", citizenCases}, {"audit", auditCases},
	}
	for _, g := range groups {
		if slices.Contains(without, g.name) {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) { c.run(&suite{T: t, dsn: fresh(t), fresh: fresh}) })
			}
		})
	}
}

type testCase struct {
	name string
	run  func(s *suite)
}

// suite is one case with an empty database.
type suite struct {
	*testing.T
	dsn   string
	fresh func(t testing.TB) string
	// past is how long after noon it is, in nanoseconds.
	past atomic.Int64
}

// set moves the clock of the stores that open has opened.
func (s *suite) set(now time.Time) { s.past.Store(int64(now.Sub(Noon))) }

func (s *suite) now() time.Time { return Noon.Add(time.Duration(s.past.Load())) }

// Noon is the time of everything in the suite unless a case says otherwise.
var Noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func (s *suite) open() *store.DB {
	s.Helper()
	db, err := store.Open(s.Context(), s.dsn, store.Options{Now: s.now, Keys: keys})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { s.close(db) })
	return db
}

// keys are the same for every store of the suite.
var keys = func() *vault.Ring {
	key, err := vault.NewKey("suite")
	if err != nil {
		panic(err)
	}
	ring, err := vault.Parse(key)
	if err != nil {
		panic(err)
	}
	return ring
}()

func (s *suite) close(db *store.DB) {
	s.Helper()
	if err := db.Close(); err != nil {
		s.Error(err)
	}
}

// raw opens the database beside the store.
func (s *suite) raw() *sql.DB {
	s.Helper()
	driver, dsn := "sqlite3", "file:"+url.PathEscape(s.dsn)+"?_busy_timeout=5000"
	if strings.HasPrefix(s.dsn, "postgres://") {
		driver, dsn = "pgx", s.dsn
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = db.Close() })
	return db
}

func (s *suite) exec(query string) {
	s.Helper()
	if _, err := s.raw().Exec(query); err != nil {
		s.Fatal(err)
	}
}

func (s *suite) wantCode(err error, code fault.Code) {
	s.Helper()
	if fault.CodeOf(err) != code {
		s.Fatalf("got %v, want a fault %q", err, code)
	}
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) receive(db *store.DB, m bot.Message) bot.Receipt {
	s.Helper()
	r, err := db.Receive(s.Context(), m)
	s.must(err)
	return r
}

// begin begins a conversation with one line.
func (s *suite) begin(db *store.DB, ref string) bot.Receipt {
	s.Helper()
	return s.receive(db, Line(ref))
}

// next adds a line to a conversation.
func (s *suite) next(db *store.DB, conversation, ref string) bot.Receipt {
	s.Helper()
	return s.receive(db, trusted(conversation, ref))
}

func (s *suite) commit(db *store.DB, o bot.Outcome) *bot.Reply {
	s.Helper()
	r, err := db.Commit(s.Context(), o)
	s.must(err)
	return r
}

func (s *suite) same(got, want any) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Fatalf("got\n%s\nwant\n%s", dump(got), dump(want))
	}
}

func dump(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(b)
}

// gapFree checks that a conversation's messages are numbered 1 to n.
func (s *suite) gapFree(ctx context.Context, db *store.DB, conversation string, n int) []bot.Stored {
	s.Helper()
	all, err := db.Messages(ctx, conversation, 0, 10_000)
	s.must(err)
	if len(all) != n {
		s.Fatalf("%d messages, want %d", len(all), n)
	}
	for i, m := range all {
		if m.Seq != int64(i+1) {
			s.Fatalf("message %d has seq %d", i+1, m.Seq)
		}
	}
	return all
}
